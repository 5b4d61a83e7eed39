// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, bits, hex, LEVEL_BITS } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import type { FindingParams } from '../judge/finding.ts';
import { type Answer, type Texts, textOf } from './catalogue.ts';
import { guessText } from './reading-texts.ts';
import { xwrText } from './words.ts';

/** Bits that are one way: `bit 0x800 is set`, `bits 0x7 are clear`. */
const bitsAre = (mask: bigint, way: 'set' | 'clear'): string =>
  (mask & (mask - 1n)) === 0n ? `bit ${hex(mask)} is ${way}` : `bits ${hex(mask)} are ${way}`;

/** What is wrong. */
const TEXTS: Texts<FindingParams> = {
  'reserved-bits': ({ set, reserved, level, paeRoot }) =>
    paeRoot
      ? `${bitsAre(set, 'set')}, which must be 0 in a PAE root: loading CR3 faults`
      : `reserved ${bitsAre(set, 'set')}; at level ${level} ${hex(reserved)} must be 0`,
  'printed-reserved-bits': ({ set, printed }) =>
    `${bitsAre(set, 'set')}, which the kernel printed as reserved (${hex(printed)})`,
  'bad-memtype': ({ memtype }) => `memory type ${memtype} is reserved: an EPT misconfiguration`,
  'bad-xwr': ({ xwr }) =>
    `permissions ${xwrText(xwr)} are an invalid combination: writes need reads, and execute-only is not supported here`,
  'invariant.mmu-without-host-writable': () =>
    'MMU-writable is set, so that a write fault would make the page writable, but the host has it read-only',
  'invariant.hw-writable-without-mmu-writable': () =>
    'the CPU may write, but MMU-writable is clear: write-protection of the page is void',
  'mmio-and-present': ({ mmioValue }) =>
    `an MMIO entry (${hex(mmioValue)}) with the MMU-present bit: KVM takes it for a mapping`,
  'l1tf-guard-missing': ({ expected, missing }) =>
    `KVM sets ${hex(expected)} in every MMIO entry against L1TF; ${bitsAre(missing, 'clear')}`,
  'mmio-gfn-too-high': ({ last }) => `the gfn is beyond the last one, ${hex(last)}`,
  'not-an-spte': ({ cleanIfPresent }) =>
    cleanIfPresent
      ? 'without the MMU-present bit this is not an entry of KVM, with it a clean one'
      : 'not present, empty, frozen or MMIO in this kernel',
  'bits-without-meaning': ({ set, since, until }) =>
    `${bitsAre(set, 'set')}, where neither the CPU nor KVM ${since} to ${until ?? 'now'} keeps anything`,
  'bits-kvm-never-sets': ({ set }) => `KVM never sets ${hex(set)} here`,
  'ad-type-invalid': ({ type }) => `KVM does not write the A/D type ${type} here`,
  'present-mask-missing': ({ expected, missing }) =>
    `KVM sets ${hex(expected)} in every present entry; ${bitsAre(missing, 'clear')}`,
  'table-permissions-missing': ({ expected, missing }) =>
    `KVM sets ${hex(expected)} in every table; ${bitsAre(missing, 'clear')}`,
  'encryption-bits': ({ set }) => `KVM uses key id 0; ${bitsAre(set, 'set')}`,
  'software-bits-missing': ({ plugin, expected, missing }) =>
    `${plugin} keeps ${hex(expected)} in every such entry; ${bitsAre(missing, 'clear')}`,
  'plugin-failed': ({ plugin, hook, message }) =>
    `plugin ${plugin} says nothing of this entry, its hook ${hook} failed: ${message}`,
};

/** What sets a reserved bit, by the bit; at level 0 where the level is not known. */
const RESERVED: readonly {
  readonly bits: (level: number) => bigint;
  readonly advice: string;
}[] = [
  {
    bits: () => PT.noExecute.mask,
    advice:
      'NX: is EFER.NX clear? KVM sets it all the same, and its own check is wrong: in NPT up to 5.19 (6c6ab524cfae), in shadow paging up to 5.13 (112022bdb5bc)',
  },
  {
    bits: () => bits(62, 52),
    advice:
      'bits 62:52, which a PAE table does not have for software: are the levels right, or a stray write?',
  },
  { bits: (level) => inPage(level), advice: 'a huge page that is not aligned' },
  {
    bits: (level) => ADDRESS & ~inPage(level),
    advice: 'a pfn beyond MAXPHYADDR, a C-bit or key id that is not masked, or a stray write',
  },
  {
    bits: (level) => (level > 3 ? PT.pageSize.mask : 0n),
    advice: 'page size: no page is that large, is this the level?',
  },
  {
    bits: (level) => (level === 3 ? PT.pageSize.mask : 0n),
    advice: 'page size: this CPU has no 1G pages (gbpages)',
  },
  {
    bits: (level) => (level === 2 ? PT.pageSize.mask : 0n),
    advice: 'page size: this CPU has no 2M pages for guests',
  },
  {
    bits: (level) => (level === 0 ? PT.pageSize.mask : 0n),
    advice: 'page size: this CPU has no pages of that size, or the level has none',
  },
  { bits: () => bits(11, 8) | bits(6, 0), advice: 'attributes of a leaf in a table, or a stray write' },
];

/** The address bits within a page of a level: none at level 1, and where it is not known. */
const inPage = (level: number): bigint => bits(11 + LEVEL_BITS * (level - 1), 12);

/** The advice for each of the bits, once. */
const reservedAdvice = (set: bigint, level: number): string =>
  RESERVED.filter(({ bits }) => (set & bits(level)) !== 0n)
    .map(({ advice }) => advice)
    .join('; ');

/** What to do about it, or to ask next. */
const NEXT: Texts<FindingParams> = {
  'reserved-bits': ({ paeRoot, bit7IsWrong, set, level }) => {
    if (paeRoot) return 'a 4-level root walked as PAE, or a stray write';
    if (bit7IsWrong) return 'bit 7 (page size) is wrong: with it the other way round the entry is clean';
    return reservedAdvice(set, level);
  },
  'printed-reserved-bits': ({ set, level }) => reservedAdvice(set, level ?? 0),
  'bad-memtype': () => 'KVM writes 0, 1, 4, 5 or 6: look at what the guest MTRRs said, or for a stray write',
  'bad-xwr': () => 'an MMIO entry of another kernel, or permission bits cleared separately',
  'invariant.mmu-without-host-writable': () =>
    'which path cleared host-writable without clearing MMU-writable?',
  'invariant.hw-writable-without-mmu-writable': () =>
    'which path set W without asking whether the gfn is write-tracked?',
  'mmio-and-present': () => 'was it written by a kernel that kept the generation in bit 11?',
  'l1tf-guard-missing': () =>
    'was the mitigation, or the cache width, another one when the entry was written?',
  'mmio-gfn-too-high': () => 'what did the guest access?',
  'not-an-spte': ({ guesses }) => (guesses.length > 0 ? '' : 'garbage, or an entry of another kernel'),
  'bits-without-meaning': () => 'an entry of another kernel release, another hypervisor, or a stray write',
  'bits-kvm-never-sets': () => 'another hypervisor, or a stray write',
  'ad-type-invalid': () => 'the pfn of a wider machine, or a stray write',
  'present-mask-missing': () => 'an entry of another kernel (bit 63 since 6.10), or a stray write',
  'table-permissions-missing': () =>
    'everything below is cut off or restricted: is this really a table, and at this level?',
  'encryption-bits': () => 'a pfn with a key id',
  'software-bits-missing': () => "an entry of a kernel without the plugin's change, or a stray write",
  'plugin-failed': () => 'a defect of the plugin: what core says of the entry holds',
};

/** A finding in words. */
export function findingText(finding: Answer): string {
  return textOf(TEXTS, finding);
}

/**
 * What to do about a finding, or to ask next; empty where the catalogue has nothing.
 *
 * @param guesses those of the explanation: where the entry is clean at another level, that is asked first
 */
export function findingNext(finding: Answer, guesses: readonly Answer[] = []): string {
  const next = Object.hasOwn(NEXT, finding.code) ? textOf(NEXT, finding) : (finding.next ?? '');
  const levels = guesses.filter(({ code }) => code === 'other-level').map(guessText);
  if (levels.length === 0) return next;
  return [`is this the level? It is ${levels.join(', ')}`, ...(next === '' ? [] : [next])].join('; else ');
}
