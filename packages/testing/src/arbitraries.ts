// SPDX-License-Identifier: GPL-2.0-only
import { ACC_ALL, bits, type Mmu, PAGE_SHIFT } from '@spte/core';
import fc from 'fast-check';
import { KERNELS, MACHINE_NAMES, machine } from './machines.ts';

/** Any 64-bit word, with the bits that rules look at more often than by chance. */
export const anyU64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc
    .uniqueArray(fc.bigInt({ min: 0n, max: 63n }), { maxLength: 12 })
    .map((numbers) => numbers.reduce((word, n) => word | (1n << n), 0n)),
  // Nothing but attributes, present.
  fc
    .tuple(fc.bigInt({ min: 0n, max: 0xfffn }), fc.bigInt({ min: 0n, max: 0xfffn }))
    .map(([high, low]) => (high << 52n) | low | 0x800n),
  fc.constantFrom(0n, 0x5a0n, 1n << 63n, (1n << 64n) - 1n, 6n, 0x8_0000_0000_0001n),
);

/** Any access that a request may ask for up to 7.1. */
export const anyAccess: fc.Arbitrary<number> = fc.integer({ min: 0, max: ACC_ALL });

/** Any gfn of addresses of the given number of bits. */
export function anyGfnBelow(width: number): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 0n, max: bits(width - 1, 0) >> PAGE_SHIFT });
}

/** Any legal level. */
export const anyLevel: fc.Arbitrary<number> = fc.integer({ min: 1, max: 5 });

/** Any of the {@link MACHINE_NAMES machines}, as the reference kernel sees it. */
export const anyMachine: fc.Arbitrary<Mmu> = fc.constantFrom(...MACHINE_NAMES).map((name) => machine(name));

/** Any of the {@link MACHINE_NAMES machines} under any kernel. */
export const anyEra: fc.Arbitrary<Mmu> = fc
  .tuple(fc.constantFrom(...MACHINE_NAMES), fc.constantFrom(...KERNELS))
  .map(([name, kernel]) => machine(name, { kernel }));
