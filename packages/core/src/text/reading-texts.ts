// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import type { ReadOnlyReason } from '../read/decode-spte.ts';
import type { EvidenceParams } from '../read/evidence.ts';
import type { GuessParams } from '../read/guess-unknown.ts';
import { type Answer, type Texts, textOf } from './catalogue.ts';
import { kindName, levelsText } from './words.ts';

const EVIDENCE: Texts<EvidenceParams> = {
  'mmu-present': ({ bit, set }) => `MMU-present, bit ${bit}, is ${set ? 'set' : 'clear'}`,
  'present-before-5.13': () => 'neither zero, MMIO nor frozen, which is "present" before 5.13',
  'mmio-marker': ({ high, low, value }) => `bits ${high}:${low} are ${value} in an MMIO entry`,
  'mmio-not-cached': () => 'MMIO is not cached in SPTEs here',
  'mmio-value': ({ mask, masked, value }) =>
    `under the MMIO mask ${hex(mask)} it is ${hex(masked)}; MMIO is ${hex(value)}`,
  frozen: ({ value }) => `a frozen entry is ${hex(value)}`,
  'never-frozen': () => 'this kernel freezes no entries',
  empty: ({ value }) =>
    `an empty entry is ${hex(value)}${value === 0n ? '' : ', or 0x0 before KVM first wrote it'}`,
  'plugin-value': ({ label, mask, masked, value }) =>
    `under ${hex(mask)} it is ${hex(masked)}; a ${label} is ${hex(value)}`,
  'level-1': () => 'every present entry at level 1 is a leaf',
  'page-size': ({ bit, set }) => `bit ${bit}, page size, is ${set ? 'set' : 'clear'}`,
  'access-tracked': ({ clear }) => `access-tracked: the A/D type is "disabled" and ${hex(clear)} is clear`,
};

/** A test of what an entry is, in words. */
export function evidenceText(evidence: Answer): string {
  return textOf(EVIDENCE, evidence);
}

const READ_ONLY: Readonly<Record<ReadOnlyReason, string>> = {
  host: 'the host has the page, or its memslot, read-only',
  'write-tracking': 'a page table of the guest is shadowed at this gfn, or allows no more',
  'dirty-logging': 'dirty logging, to notice the next write',
};

/** Why a leaf does not let the CPU write, in words. */
export function readOnlyText(reason: ReadOnlyReason): string {
  return READ_ONLY[reason];
}

const GUESSES: Texts<GuessParams> = {
  'other-kernel': ({ since, kind }) => `what kernels since ${since} write into ${kind} entries`,
  'ept-pointer': ({ levels, ad, root }) =>
    `an EPT pointer: WB, ${levels} levels, A/D bits ${ad ? 'on' : 'off'}, root table ${hex(root)}`,
  'never-walked': () =>
    'a level that was never walked: without a permission no CPU follows it (logs print what stood on the stack)',
  'guest-entry': () => "an entry of the guest's own tables: P and A as x86 paging has them",
  'other-hypervisor': ({ software }) =>
    `another hypervisor's: software bits ${hex(software)} that KVM does not use so`,
  'other-level': ({ kind, levels }) => `a clean ${kindName(kind)} at ${levelsText(levels)}`,
  'pae-root': () => 'a PAE root entry: the CPU allows P and nothing else below the address',
};

/** What a value may be that is no entry of this kernel's, in words. */
export function guessText(guess: Answer): string {
  return textOf(GUESSES, guess);
}
