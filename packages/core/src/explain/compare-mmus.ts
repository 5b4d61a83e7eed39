// SPDX-License-Identifier: GPL-2.0-only
import type { BitField } from '../bits/bit-field.ts';
import { bitNumbers, hex } from '../bits/bits.ts';
import type { Layout, LayoutConstant } from '../kernel/layout.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { Masks } from '../mmu/masks.ts';
import { observe, type Reason } from '../observe/observe.ts';

/** A mask that two configurations choose differently. */
export interface MaskDifference {
  readonly name: keyof Masks;
  readonly a: bigint | number | boolean;
  readonly b: bigint | number | boolean;
  /** Which step set each. */
  readonly setBy: { readonly a: string; readonly b: string };
}

/** A constant that two kernels have differently. */
export interface LayoutDifference {
  readonly name: LayoutConstant;
  readonly a: string;
  readonly b: string;
}

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

/** How two configurations differ. */
export interface Comparison {
  readonly masks: readonly MaskDifference[];
  readonly layout: readonly LayoutDifference[];
  /** Levels and rows at which reserved bits differ: bit 7 clear or set. */
  readonly reserved: readonly {
    readonly level: number;
    readonly bit7: boolean;
    readonly a: bigint;
    readonly b: bigint;
  }[];
}

/** Compares two configurations, mask by mask. */
export function compareMmus(a: Mmu, b: Mmu): Comparison {
  return {
    masks: maskDifferences(a, b),
    layout: layoutDifferences(a.layout, b.layout),
    reserved: reservedDifferences(a, b),
  };
}

function maskDifferences(a: Mmu, b: Mmu): MaskDifference[] {
  const names = Object.keys(a.masks) as (keyof Masks)[];
  return names
    .filter((name) => a.masks[name] !== b.masks[name])
    .map((name) => ({
      name,
      a: a.masks[name],
      b: b.masks[name],
      setBy: { a: a.setBy[name], b: b.setBy[name] },
    }));
}

/** A constant in words: the places of fields, and values, each part by its name. */
function constantText(value: unknown): string {
  if (typeof value === 'bigint') return hex(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object' || value === null) return 'none';
  if (isBitField(value))
    return value.high === value.low ? `bit ${value.high}` : `bits ${value.high}:${value.low}`;
  if (Array.isArray(value)) return value.map(constantText).join(', ');
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${constantText(part)}`)
    .join('; ');
}

const isBitField = (value: object): value is BitField => 'high' in value && typeof value.high === 'number';

function layoutDifferences(a: Layout, b: Layout): LayoutDifference[] {
  const { since: _since, until: _until, commits: _commits, ...constants } = a;
  return (Object.keys(constants) as (keyof typeof constants)[])
    .map((name) => ({ name, a: constantText(a[name]), b: constantText(b[name]) }))
    .filter((constant) => constant.a !== constant.b);
}

function reservedDifferences(a: Mmu, b: Mmu): Comparison['reserved'] {
  return [false, true].flatMap((bit7) => {
    const row = bit7 ? 'bit7Set' : 'bit7Clear';
    return a.zeroCheck[row].flatMap((mask, i) => {
      const other = b.zeroCheck[row][i] as bigint;
      return mask === other ? [] : [{ level: i + 1, bit7, a: mask, b: other }];
    });
  });
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
  const differing = first.value ^ second.value;
  return {
    a: first.value,
    b: second.value,
    bits: bitNumbers(differing).map((bit) => {
      const mask = 1n << BigInt(bit);
      const inA = (first.value & mask) !== 0n;
      const { reasons } = inA ? first : second;
      return { bit, in: inA ? 'a' : 'b', reasons: reasons.filter((reason) => (reason.bits & mask) !== 0n) };
    }),
  };
}
