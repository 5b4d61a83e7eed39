// SPDX-License-Identifier: GPL-2.0-only
import type { Explanation, Mmu } from '@spte/core';
import { erratumText, machineEvidence, matchErrata } from '@spte/errata';

type Origin = Parameters<typeof machineEvidence>[1];

/** The known bug that an entry speaks for, in a sentence; null when there is none. */
export function knownBug(
  mmu: Mmu,
  entry: Explanation,
  { kernel, vendor }: { readonly kernel: Origin; readonly vendor: Origin },
): string | null {
  // Of a kernel that is ranked, only the rules are known, and not the release.
  const machine = machineEvidence(mmu, kernel === 'ranked' ? 'assumed' : kernel, vendor);
  const [match] = matchErrata({ ...machine, sptes: [entry] });
  return match === undefined ? null : erratumText(match, `${mmu.kernel.major}.${mmu.kernel.minor}`);
}
