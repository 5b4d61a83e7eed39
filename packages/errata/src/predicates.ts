// SPDX-License-Identifier: GPL-2.0-only
import { bits, EPT, PT } from '@spte/core';
import type { Mode } from './mode.ts';

/** The bits that mark MMIO from 5.6 to 5.12, and the A/D type of other entries. */
const TYPE = bits(53, 52);

/** Both halves of the generation of an MMIO entry from 5.6 to 5.12. */
const HALF = bits(8, 0);
const LOWER = 3n;
const UPPER = 54n;

/*
 *  63 62       54 53 52          11       3 2  0
 *  .  upper half  1  1   gfn …   lower half access
 */
function generationHalvesEqual(spte: bigint): boolean {
  const lower = (spte >> LOWER) & HALF;
  return (spte & TYPE) === TYPE && lower !== 0n && lower === ((spte >> UPPER) & HALF);
}

const usesEpt = (mode: Mode): boolean => mode === 'ept' || mode === 'ept12';

function writableClean(spte: bigint, mode: Mode): boolean {
  const dirty = usesEpt(mode) ? EPT.dirty.mask : PT.dirty.mask;
  return (spte & (PT.writable.mask | TYPE | dirty)) === PT.writable.mask;
}

const emptyWithoutSuppressVe = (spte: bigint, mode: Mode): boolean => spte === 0n && usesEpt(mode);

/**
 * What may be asked of a value that a mask cannot.
 *
 * - `generation-halves-equal`: an MMIO entry as of 5.6 to 5.12 whose generation has the same bits in both halves
 * - `writable-clean`: writable and not dirty, where the CPU keeps the dirty bit
 * - `empty-without-suppress-ve`: 0 in an EPT table, where a kernel since 6.10 writes bit 63
 */
export type PredicateName = 'generation-halves-equal' | 'writable-clean' | 'empty-without-suppress-ve';

/** The predicates by their names. The answer is null where it depends on the mode, and that is not known. */
export const PREDICATES: Readonly<
  Record<PredicateName, (spte: bigint, mode: Mode | null) => boolean | null>
> = {
  'generation-halves-equal': generationHalvesEqual,
  'writable-clean': (spte, mode) => (mode === null ? null : writableClean(spte, mode)),
  'empty-without-suppress-ve': (spte, mode) => (mode === null ? null : emptyWithoutSuppressVe(spte, mode)),
};
