// SPDX-License-Identifier: GPL-2.0-only
import { type AccessBits, accessBits, allAccess, type Mmu } from '@spte/core';
import { shown, UsageError } from '../io/errors.ts';

/**
 * Access bits of a kernel from letters such as `rw-`; all when there are none. Where the tables do not tell users from
 * supervisors, everyone who may read or fetch is a user.
 */
export function accessWord({ kernel, masks }: Mmu, letters: string | undefined): number {
  const bits = accessBits(kernel);
  if (letters === undefined) return allAccess(bits);
  if (!/^[rwxu-]{1,4}$/.test(letters)) {
    throw new UsageError(`--access must be letters of rwxu, such as rw- or rwx, got ${shown(letters)}`);
  }
  const has = (letter: string, word: number): number => (letters.includes(letter) ? word : 0);
  return (
    has('r', bits.read) |
    has('w', bits.write) |
    has('x', bits.exec) |
    userBit(bits, letters, masks.tdpEnabled)
  );
}

/** Up to 7.1 the bit of users stands for reads in EPT, and NPT walks are all those of a user. */
function userBit({ user, read }: AccessBits, letters: string, tdp: boolean): number {
  if (letters.includes('u')) return user;
  if (!tdp) return 0;
  return letters.includes('r') || (read !== 0 && letters.includes('x')) ? user : 0;
}
