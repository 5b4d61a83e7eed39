// SPDX-License-Identifier: GPL-2.0-only
import { type CpuidLeaf, parseCpuid } from './cpuid.ts';
import { type Cpuinfo, parseCpuinfo, words } from './cpuinfo.ts';
import type { HostTexts } from './host-texts.ts';
import { type KernelConfig, parseKernelConfig } from './kernel-config.ts';
import { type KernelLog, parseKernelLog } from './kernel-log.ts';
import { type Parameters, parseCmdline, parseParams } from './params.ts';
import { type Sourced, sourceLine, type TextFile } from './source.ts';

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
  /** What was there and could not be read, or not for what it was given as. */
  readonly notes: readonly string[];
}

const NOTHING: TextFile = { name: '', text: '' };

/** Takes the texts apart; a missing one says nothing. */
export function takeTestimony(texts: HostTexts): Testimony {
  const { fields: cpuinfo, vulnerabilities, isLscpu } = parseCpuinfo(texts.cpuinfo ?? NOTHING);
  const params = parseParams(texts.params ?? NOTHING);
  const log = parseKernelLog(texts.dmesg ?? NOTHING);
  return {
    cpuinfo,
    flags: words(cpuinfo, 'flags'),
    vmxFlags: words(cpuinfo, 'vmx flags'),
    bugs: words(cpuinfo, 'bugs'),
    params: new Map([...vulnerabilities, ...params]),
    cmdline: parseCmdline(texts.cmdline ?? secondLine(texts.uname) ?? log.cmdline ?? NOTHING),
    log,
    cpuid: parseCpuid(texts.cpuid ?? NOTHING),
    config: parseKernelConfig(texts.kernelConfig ?? NOTHING),
    notes: [...cpuNotes(texts.cpuinfo, cpuinfo, isLscpu), ...paramNotes(texts.params, params)],
  };
}

function cpuNotes(file: TextFile | undefined, fields: Cpuinfo, isLscpu: boolean): string[] {
  if (file === undefined) return [];
  if (isLscpu)
    return [`${file.name}: lscpu wrote it, which leaves out bugs and VMX flags that /proc/cpuinfo has`];
  return fields.size > 0 ? [] : [`${file.name}: no line of it is one of /proc/cpuinfo, or of lscpu`];
}

function paramNotes(file: TextFile | undefined, params: Parameters): string[] {
  if (file === undefined || params.size > 0) return [];
  return [
    `${file.name}: no line of it gives a module parameter with its name, as /sys/module/kvm/parameters/nx_huge_pages:Y does`,
  ];
}

/** Captured folders keep the command line below `uname -a`. Blank lines keep the line numbers. */
function secondLine(uname: TextFile | undefined): TextFile | undefined {
  const second = uname === undefined ? undefined : sourceLine(uname, 1);
  return second && { name: second.file, text: `${'\n'.repeat(second.line - 1)}${second.text}` };
}
