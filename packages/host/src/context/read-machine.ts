// SPDX-License-Identifier: GPL-2.0-only
import { bit, compareKernelVersions, parseKernelVersion } from '@spte/core';
import type { VendorName } from '../vendor-facts.ts';
import type { ContextMode } from './context-fact.ts';

/** What a line says, and the words that say it. */
export interface ReadFacts {
  readonly kernel?: ReadFact<string>;
  /** The oldest upstream release that prints a line so. */
  readonly since?: ReadFact<string>;
  /** The newest. */
  readonly until?: ReadFact<string>;
  readonly vendor?: ReadFact<VendorName>;
  readonly mode?: ReadFact<ContextMode>;
  /** Address bits of the machine, by a mask of reserved bits that the kernel printed. */
  readonly maxphyaddr?: ReadFact<number>;
}

/** Something that an input says about the machine that wrote it. */
export interface ReadFact<Value> {
  readonly value: Value;
  /** Where: the number of the line, and its words. */
  readonly from: string;
}

/** Words of a line, and what they say. */
interface Sign {
  /** All of them stand in the line, in this order. */
  readonly words: readonly [string, ...string[]];
  /** Whether what stands right after the last of them fits too. */
  readonly after?: RegExp;
  readonly vendor?: VendorName;
  readonly mode?: ContextMode;
  readonly since?: string;
  readonly until?: string;
}

/** Where lines of the kernel tell a vendor, a mode, or releases by their form. */
const SIGNS: readonly Sign[] = [
  { words: ['[kvm_amd]'], vendor: 'svm' },
  { words: ['[kvm_intel]'], vendor: 'vmx' },
  { words: ['Modules linked in:', ' kvm_amd'], vendor: 'svm' },
  { words: ['Modules linked in:', ' kvm_intel'], vendor: 'vmx' },
  { words: ['npf_interception'], vendor: 'svm', mode: 'npt' },
  { words: ['svm_invoke_exit_handler'], vendor: 'svm' },
  { words: ['handle_ept_violation'], vendor: 'vmx', mode: 'ept' },
  { words: ['handle_ept_misconfig'], vendor: 'vmx', mode: 'ept' },
  { words: ['kvm_exit: ', 'reason npf '], vendor: 'svm', mode: 'npt' },
  { words: ['kvm_exit: ', 'reason PF excp '], vendor: 'svm', mode: 'shadow' },
  { words: ['kvm_exit: ', 'reason EPT_'], vendor: 'vmx', mode: 'ept' },
  // Names of SVM as trace-cmd prints them.
  { words: ['kvm_exit: ', 'reason EXIT_NPF '], vendor: 'svm', mode: 'npt' },
  { words: ['kvm_exit: ', 'reason EXIT_EXCP_PF '], vendor: 'svm', mode: 'shadow' },
  { words: ['kvm_exit: ', 'reason EXIT_'], vendor: 'svm' },
  // Names of VMX are in capitals, those of SVM in small letters.
  { words: ['kvm_exit: ', 'reason '], after: /^(?!EXIT_|UNKNOWN)[A-Z][A-Z_]{2,40} /, vendor: 'vmx' },
  { words: ['kvm_exit: ', 'reason '], after: /^[a-z]{2,20} /, vendor: 'svm' },
  // trace-cmd leaves out the vCPU, whatever the kernel.
  { words: ['kvm_exit: vcpu ', ' info '], until: '5.9' },
  { words: ['kvm_exit: ', ' info1 0x'], since: '5.10' },
  { words: ['kvm_exit: ', ' error_code ', ' requests 0x'], since: '6.14' },
  { words: ['kvm_page_fault: address '], until: '6.0' },
  { words: ['kvm_page_fault: vcpu '], since: '6.1' },
  // EXITINFO1 of a nested page fault; a linear address that is valid.
  { words: ['kvm_page_fault: ', ' error_code 0x'], after: /^[1-3][\da-f]{8}\b/, vendor: 'svm', mode: 'npt' },
  {
    words: ['kvm_page_fault: ', ' error_code 0x'],
    after: /^[\da-f]{0,5}[89a-f][\da-f]\b/,
    vendor: 'vmx',
    mode: 'ept',
  },
  { words: ['kvm_tdp_mmu_spte_changed: '], since: '5.11' },
  {
    words: ['kvm_mmu_get_page: sp gen ', '-byte q'],
    after: /^\d (?:direct )?[r-][w-][u-][x-] /,
    since: '7.2',
  },
  { words: ['kvm_mmu_get_page: sp gen ', '-byte q'], after: /^\d (?:direct )?[w-][u-][x-] /, until: '7.1' },
  { words: ['kvm_mmu_spte_requested: ', ' level ', ' access '], since: '7.2' },
];

/** What stands after the last of the words; null where they do not all stand in the line, in order. */
function restAfter(line: string, words: readonly string[]): string | null {
  let at = 0;
  for (const word of words) {
    const found = line.indexOf(word, at);
    if (found < 0) return null;
    at = found + word.length;
  }
  return line.slice(at, at + MAX_REST);
}

/** As much as any form looks at. */
const MAX_REST = 64;

/** A word that the kernel puts beside its release; the release follows among the next words. */
const RELEASE_SIGNS: readonly string[] = ['Linux version ', 'Not tainted ', 'Tainted: '];

/** Words that may stand between: the letters of what taints a kernel. */
const MAX_WORDS = 24;

/** As in `5.14.0-162.6.1.el9_1.x86_64`. */
const RELEASE = /^\d{1,2}\.\d{1,3}[\w.+~-]{0,100}$/;

function releaseIn(line: string): { release: string; words: string } | null {
  for (const sign of RELEASE_SIGNS) {
    const at = line.indexOf(sign);
    if (at < 0) continue;
    const words = line
      .slice(at + sign.length, at + 256)
      .split(' ')
      .slice(0, MAX_WORDS);
    const release = words.find((word) => RELEASE.test(word));
    if (release !== undefined) return { release, words: `${sign}${release}` };
  }
  return null;
}

/** Where the kernel prints the bits that are reserved at the level of an entry. */
const PRINTED_MASK = 'rsvd bits = 0x';

/** The lowest of the address bits that a printed mask reserves, all of them up to 51; null where it reserves none. */
function widthIn(line: string): { width: number; words: string } | null {
  const at = line.indexOf(PRINTED_MASK);
  const [digits] = at < 0 ? [''] : (/^[\da-f]{1,16}\b/.exec(line.slice(at + PRINTED_MASK.length)) ?? ['']);
  const mask = digits === '' ? 0n : BigInt(`0x${digits}`);
  let width = 52;
  while (width > 32 && (mask & bit(width - 1)) !== 0n) width--;
  return mask === 0n || width === 52 ? null : { width, words: `${PRINTED_MASK}${digits}` };
}

/** A vendor and a mode; null for what is not known. */
export interface MachineHint {
  readonly vendor: VendorName | null;
  readonly mode: ContextMode | null;
}

/** Reads lines for what they say about the machine. */
export interface MachineReader {
  /** Takes the next line; `number` is how it is cited. */
  readonly line: (text: string, number: number) => void;
  /** Takes what somebody else has read of a vendor or a mode; the first that comes counts. */
  readonly hint: (hint: MachineHint, from: string) => void;
  /** Takes a kernel's own words about itself that are no line: the `uname` of a trace.dat. */
  readonly uname: (text: string, from: string) => void;
  /** What was read: of the kernel the last that was named, of all else the first. */
  readonly facts: () => ReadFacts;
}

/**
 * Makes a reader of what the lines of a trace or a log say about the machine that wrote them: its kernel (`Linux version`,
 * the release in a splat), its vendor (modules, functions, exit reasons) and mode, and by the form of its lines which
 * releases it may be.
 *
 * Takes time in proportion to the length of a line.
 *
 * @example
 * ```ts
 * import { machineReader } from '@spte/host';
 *
 * const reader = machineReader();
 * reader.line('CPU: 3 PID: 1 Comm: qemu Not tainted 5.14.0-162.6.1.el9_1.x86_64 #1', 7);
 * reader.line('kvm_exit: vcpu 0 reason npf rip 0x2000', 8);
 * const { kernel, vendor, mode } = reader.facts();
 * kernel?.value; // 5.14.0-162.6.1.el9_1.x86_64
 * kernel?.from; // line 7: "Not tainted 5.14.0-162.6.1.el9_1.x86_64"
 * [vendor?.value, mode?.value]; // [ 'svm', 'npt' ]
 * ```
 */
export function machineReader(): MachineReader {
  const facts: { -readonly [Name in keyof ReadFacts]: ReadFacts[Name] } = {};
  return {
    line(text, number) {
      const named = releaseIn(text);
      if (named !== null) facts.kernel = { value: named.release, from: `line ${number}: "${named.words}"` };
      const printed = widthIn(text);
      if (printed !== null) {
        facts.maxphyaddr ??= { value: printed.width, from: `line ${number}: "${printed.words}"` };
      }
      for (const { words, after, vendor, mode, since, until } of SIGNS) {
        const rest = restAfter(text, words);
        if (rest === null || after?.test(rest) === false) continue;
        const from = `line ${number}: "${[...words, after?.exec(rest)?.[0] ?? ''].join('').trim()}"`;
        if (vendor !== undefined) facts.vendor ??= { value: vendor, from };
        if (mode !== undefined) facts.mode ??= { value: mode, from };
        if (since !== undefined) facts.since = newest(facts.since, { value: since, from });
        if (until !== undefined) facts.until = oldest(facts.until, { value: until, from });
      }
    },
    hint({ vendor, mode }, from) {
      if (vendor !== null) facts.vendor ??= { value: vendor, from };
      if (mode !== null) facts.mode ??= { value: mode, from };
    },
    uname(text, from) {
      const release = text.split(/\s+/).find((word) => RELEASE.test(word));
      if (release !== undefined) facts.kernel = { value: release, from };
    },
    facts: () => ({ ...facts }),
  };
}

type Release = ReadFact<string>;

const isOlder = (a: Release, b: Release): boolean =>
  compareKernelVersions(parseKernelVersion(a.value), parseKernelVersion(b.value)) < 0;

const newest = (before: Release | undefined, now: Release): Release =>
  before === undefined || isOlder(before, now) ? now : before;

const oldest = (before: Release | undefined, now: Release): Release =>
  before === undefined || isOlder(now, before) ? now : before;
