// SPDX-License-Identifier: GPL-2.0-only
import { type Masks, type Mmu, PAGE_SHIFT, pagesPerHpage } from '@spte/core';

/** The masks that say where an address stands, and nothing about its value. */
const PLACES: readonly (keyof Masks)[] = ['baseAddr', 'lowerGfn'];

/**
 * The bits of a present entry at `level` that are a plain page frame number: bits of the address above the page, which
 * no mask of the registry names and the zero check does not reserve. No rule looks at them, so that one answer holds
 * for all entries that differ in nothing else.
 */
export function pageFrameBits({ masks, zeroCheck, vendor }: Mmu, level: number): bigint {
  const inPage = (pagesPerHpage(level) << PAGE_SHIFT) - 1n;
  const reserved = [zeroCheck.bit7Clear, zeroCheck.bit7Set].map((rows) => rows[level - 1] as bigint);
  const named = Object.entries(masks).flatMap(([name, mask]: [string, bigint | number | boolean]) =>
    typeof mask === 'bigint' && !PLACES.includes(name as keyof Masks) ? [mask] : [],
  );
  return [inPage, ...reserved, ...named].reduce((bits, mask) => bits & ~mask, vendor.format.address.mask);
}
