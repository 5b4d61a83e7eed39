// SPDX-License-Identifier: GPL-2.0-only
import { type Source, type Sourced, sourceLines, type TextFile } from './source.ts';

/** What the kernel said while it started, as far as it bears on masks. */
export interface KernelLog {
  /** Address bits that MKTME key ids take. */
  readonly keyIdBits: Sourced<number> | null;
  /** The kernel encrypts its memory with SME. */
  readonly smeActive: Sourced<true> | null;
  /** The command line, used when `/proc/cmdline` is missing. */
  readonly cmdline: TextFile | null;
  /** A line before all of those above: where it is there, what is missing was not said. */
  readonly beginning: Source | null;
}

/** `x86/mktme: 63 KeyIDs available`, up to 6.8. */
const KEY_IDS = /x86\/mktme: (\d{1,6}) KeyIDs available/;

/** `x86/mktme: BIOS enabled: x86_phys_bits reduced by 6`, since 6.9. */
const REDUCED = /x86\/mktme: BIOS enabled: x86_phys_bits reduced by (\d{1,2})/;

/** No key ids: `x86/mktme: disabled by BIOS` up to 6.8. */
const NO_KEY_IDS = /x86\/(?:tme: not enabled|mktme: disabled) by BIOS/;

/** `AMD Secure Memory Encryption (SME) active` up to 5.9. */
const SME_ACTIVE = /Memory Encryption Features active:(?: AMD)? SME|Secure Memory Encryption \(SME\) active/;
const COMMAND_LINE = 'Command line: ';

/** Whether a line of the log is one of those that are looked for here. */
export function bearsOnMasks(line: string): boolean {
  return (
    line.includes(COMMAND_LINE) || [KEY_IDS, REDUCED, NO_KEY_IDS, SME_ACTIVE].some((of) => of.test(line))
  );
}

/** Looks for those lines in a kernel log, with timestamps or without. */
export function parseKernelLog(file: TextFile): KernelLog {
  let log: KernelLog = { keyIdBits: null, smeActive: null, cmdline: null, beginning: null };
  for (const source of sourceLines(file)) {
    const { text } = source;
    const [, keyIds] = KEY_IDS.exec(text) ?? [];
    if (keyIds !== undefined) {
      // All key ids but 0 are counted: 63 of them take 6 bits.
      log = { ...log, keyIdBits: { value: 32 - Math.clz32(Number(keyIds)), source } };
    }
    const [, reduced] = REDUCED.exec(text) ?? [];
    if (reduced !== undefined) log = { ...log, keyIdBits: { value: Number(reduced), source } };
    if (NO_KEY_IDS.test(text)) log = { ...log, keyIdBits: { value: 0, source } };
    if (SME_ACTIVE.test(text)) log = { ...log, smeActive: { value: true, source } };
    const at = text.indexOf(COMMAND_LINE);
    if (at >= 0 && log.cmdline === null) {
      log = {
        ...log,
        cmdline: { name: file.name, text: text.slice(at + COMMAND_LINE.length) },
        beginning: source,
      };
    }
  }
  return log;
}
