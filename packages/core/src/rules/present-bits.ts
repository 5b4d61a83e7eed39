// SPDX-License-Identifier: GPL-2.0-only
import { EPT } from '../cpu/entry-format.ts';
import type { ActiveExtension, SoftwarePlace } from '../mmu/contract.ts';
import type { Masks } from '../mmu/masks.ts';
import type { BitWriter } from '../observe/observe.ts';

/**
 * Sets what every present entry has, `shadow_present_mask`. Bit 63 of it is of EPT and says nothing of presence: with it
 * clear, a CPU with #VE would tell the guest of a violation.
 */
export function setPresent(set: BitWriter['set'], { present }: Masks): bigint {
  const suppressVe = set(
    present & EPT.suppressVe.mask,
    'suppress #VE: violations here are for KVM, not for the guest',
  );
  return suppressVe | set(present & ~EPT.suppressVe.mask, 'the CPU walks the entry');
}

/** Sets what a plugin keeps in every entry of a place. */
export function setSoftware(
  set: BitWriter['set'],
  { name, software }: ActiveExtension,
  place: SoftwarePlace,
): bigint {
  return software
    .filter((own) => own.set === 'always' && own.in.includes(place))
    .reduce((bits, { field }) => bits | set(field.mask, `${name}: ${field.why ?? field.meaning}`), 0n);
}
