// SPDX-License-Identifier: GPL-2.0-only
import { bitNumbers } from '../bits/bits.ts';
import type { Mmu } from '../mmu/contract.ts';
import { type Observed, observe, type Reason } from '../observe/observe.ts';

/** An SPTE that two configurations build from one request. */
export interface BuiltDifference {
  readonly a: bigint;
  readonly b: bigint;
  /** Each bit that only one of them sets, with the reasons for it. */
  readonly bits: readonly {
    readonly bit: number;
    readonly in: 'a' | 'b';
    readonly reasons: readonly Reason[];
  }[];
}

/**
 * Builds one SPTE under two configurations and compares the results, bit by bit.
 *
 * @example
 * ```ts
 * import { compareBuilds, createMmu, makeSpte, pageRole, plainHost } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const on = (kernel: string) => createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() });
 * const request = { role: pageRole(), gfn: 0x100n, pfn: 0x200n };
 * const { bits } = compareBuilds(on('6.1'), on('6.12'), (mmu) => makeSpte(mmu, plainHost, request).spte);
 * bits.map(({ bit, in: side }) => [bit, side]); // [ [ 63, 'b' ] ]
 * ```
 */
export function compareBuilds(a: Mmu, b: Mmu, build: (mmu: Mmu) => bigint): BuiltDifference {
  const first = observe(a, build);
  const second = observe(b, build);
  return { a: first.value, b: second.value, bits: differingBits(first, second) };
}

/** Each bit that only one of two results has, with the reasons for it. */
export function differingBits(a: Observed<bigint>, b: Observed<bigint>): BuiltDifference['bits'] {
  return bitNumbers(a.value ^ b.value).map((bit) => {
    const mask = 1n << BigInt(bit);
    const inA = (a.value & mask) !== 0n;
    const { reasons } = inA ? a : b;
    return { bit, in: inA ? 'a' : 'b', reasons: reasons.filter((reason) => (reason.bits & mask) !== 0n) };
  });
}
