// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, type Mmu, pluginKinds } from '@spte/core';

// Words that find a fast path which looks at too few bits.

/** The masks of an MMU that tell entries apart by their address, and parts of them. */
export function addresses({ masks, zeroCheck }: Mmu, next: () => bigint): bigint[] {
  const whole = [
    masks.mmioMask,
    masks.vmMmioValue,
    masks.meMask,
    masks.meValue,
    masks.nonpresentOrRsvd,
    masks.nonpresentOrRsvd << 5n,
    masks.lowerGfn,
    masks.baseAddr,
    ...zeroCheck.bit7Clear,
    ...zeroCheck.bit7Set,
  ].map((mask) => mask & ADDRESS);
  const partly = whole.map((mask) => mask & next());
  const singles = Array.from({ length: 40 }, (_, n) => 1n << BigInt(n + 12));
  return [...new Set([0n, ADDRESS, ...whole, ...partly, ...singles, next() & ADDRESS, next() & ADDRESS])];
}

/** Attributes that mean something on this machine, with bits of them flipped. */
export function meaningful(mmu: Mmu): bigint[] {
  const { masks, layout } = mmu;
  const present = layout.mmuPresent?.mask ?? 0n;
  const permissions = masks.present | masks.user | masks.x | 3n;
  const bases = [
    0n,
    layout.empty,
    layout.frozen ?? 0n,
    masks.vmMmioValue,
    masks.vmMmioValue | (layout.mmioMarker?.mask ?? 0n),
    masks.vmMmioValue | layout.mmioGeneration.high.mask | present,
    present | permissions | masks.accessed | masks.dirty | masks.hostWritable | masks.mmuWritable,
    present | permissions | masks.memtype | (1n << 7n),
    present | layout.adType.mask | masks.present,
    ...pluginKinds(mmu).flatMap(({ value }) => [value, value | (1n << 3n)]),
    present | permissions | softwareOf(mmu),
    present | (1n << layout.adType.shift) | (layout.savedBits.mask << layout.savedBits.shift),
  ].map((base) => base & ~ADDRESS);
  return [...new Set(bases.flatMap((base) => [base, base ^ 1n, base ^ (1n << 7n), base ^ (1n << 11n)]))];
}

/** All bits that plugins keep in leaves. */
const softwareOf = ({ extensions }: Mmu): bigint =>
  extensions
    .flatMap(({ software }) => software)
    .reduce((sum, own) => sum | (own.in.includes('leaf') ? own.field.mask : 0n), 0n);
