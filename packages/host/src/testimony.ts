// SPDX-License-Identifier: GPL-2.0-only
import { type CpuidLeaf, parseCpuid } from './cpuid.ts';
import { type Cpuinfo, parseCpuinfo, words } from './cpuinfo.ts';
import type { HostTexts } from './host-texts.ts';
import { type KernelConfig, parseKernelConfig } from './kernel-config.ts';
import { type KernelLog, parseKernelLog } from './kernel-log.ts';
import { type Parameters, parseCmdline, parseParams } from './params.ts';
import { type Sourced, sourceLines, type TextFile } from './source.ts';

/** Words of a line of `/proc/cpuinfo`; null where it is missing. */
export type Words = Sourced<ReadonlySet<string>> | null;

/** The texts of a machine, taken apart: what every fact is looked up in. */
export interface Testimony {
  readonly cpuinfo: Cpuinfo;
  readonly flags: Words;
  /** Since 5.6; what EPT can do is told here only. */
  readonly vmxFlags: Words;
  readonly bugs: Words;
  readonly params: Parameters;
  readonly cmdline: Parameters;
  readonly log: KernelLog;
  /** Leaves of CPUID, by their number. */
  readonly cpuid: ReadonlyMap<number, Sourced<CpuidLeaf>>;
  readonly config: KernelConfig;
}

const NOTHING: TextFile = { name: '', text: '' };

/** Takes the texts apart; a missing one says nothing. */
export function takeTestimony(texts: HostTexts): Testimony {
  const cpuinfo = parseCpuinfo(texts.cpuinfo ?? NOTHING);
  const log = parseKernelLog(texts.dmesg ?? NOTHING);
  return {
    cpuinfo,
    flags: words(cpuinfo, 'flags'),
    vmxFlags: words(cpuinfo, 'vmx flags'),
    bugs: words(cpuinfo, 'bugs'),
    params: parseParams(texts.params ?? NOTHING),
    cmdline: parseCmdline(texts.cmdline ?? secondLine(texts.uname) ?? log.cmdline ?? NOTHING),
    log,
    cpuid: parseCpuid(texts.cpuid ?? NOTHING),
    config: parseKernelConfig(texts.kernelConfig ?? NOTHING),
  };
}

/** Captured folders keep the command line below `uname -a`. Blank lines keep the line numbers. */
function secondLine(uname: TextFile | undefined): TextFile | undefined {
  const second = uname === undefined ? undefined : sourceLines(uname)[1];
  return second && { name: second.file, text: `${'\n'.repeat(second.line - 1)}${second.text}` };
}
