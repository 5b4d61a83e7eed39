// SPDX-License-Identifier: GPL-2.0-only

import { bits, hex } from '../bits/bits.ts';
import { EPT, PT } from '../cpu/entry-format.ts';
import { layouts } from '../kernel/layout.ts';
import type { Mmu } from '../mmu/contract.ts';
import { type Because, because } from './because.ts';

/** What a value may be that is no entry of this kernel's. */
export interface Guess {
  readonly what: 'never-walked' | 'guest-entry' | 'other-hypervisor' | 'other-kernel' | 'pae-root';
  readonly text: string;
  readonly because: Because;
}

/** Bits 62:52, which the CPU ignores and software may use, in either format. */
const SOFTWARE_HIGH = bits(62, 52);

/** Permissions in either format. */
const PERMISSIONS = bits(2, 0);

/** What may have written a value that is not present, empty, frozen or MMIO here; the likeliest first. */
export function guessUnknown(mmu: Mmu, spte: bigint): Guess[] {
  const guesses: Guess[] = [];
  const guess = (what: Guess['what'], text: string, looksAt: bigint): void => {
    guesses.push({ what, text, because: because(mmu, 'guess', looksAt) });
  };

  // Layouts that follow one another may share a value: the first one introduced it.
  const writer = layouts.find(({ frozen, empty }) => spte === frozen || spte === empty);
  if (writer !== undefined) {
    const is = spte === writer.frozen ? 'frozen' : 'empty';
    guess('other-kernel', `what kernels since ${writer.since} write into ${is} entries`, bits(63, 0));
  }
  const walked = (mmu.masks.present | mmu.masks.accTrack) & PERMISSIONS;
  if ((spte & walked) === 0n) {
    guess(
      'never-walked',
      'a level that was never walked: without a permission no CPU follows it (logs print what stood on the stack)',
      walked,
    );
    return guesses;
  }
  const high = spte & SOFTWARE_HIGH;
  const accessed = (spte & PT.accessed.mask) !== 0n;
  if ((spte & PT.present.mask) !== 0n && accessed && high === 0n) {
    guess(
      'guest-entry',
      "an entry of the guest's own tables: P and A as x86 paging has them",
      PT.present.mask | PT.accessed.mask,
    );
  }
  if (high !== 0n && (spte & EPT.readable.mask) !== 0n) {
    guess(
      'other-hypervisor',
      `another hypervisor's: software bits ${hex(high)} that KVM does not use so`,
      high,
    );
  }
  if ((spte & bits(11, 0) & ~bits(9, 8)) === PT.present.mask) {
    guess('pae-root', 'a PAE root entry: the CPU allows P and nothing else below the address', bits(11, 0));
  }
  return guesses;
}
