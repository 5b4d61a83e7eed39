// SPDX-License-Identifier: GPL-2.0-only
import { type KernelFunction, kernelFunctions, kernelHas } from '../kernel/kernel-functions.ts';
import type { KernelVersion } from '../kernel/kernel-version.ts';
import { LAYOUT_MEANINGS, type Layout, type LayoutConstant } from '../kernel/layout.ts';
import { differingVariants, type Variant } from '../kernel/variant.ts';
import { coreVariants } from '../kernel/variants.ts';
import type { Mmu, TriedPage } from '../mmu/contract.ts';
import type { Masks } from '../mmu/masks.ts';
import { coreBehaviours } from './behaviours.ts';
import { type TriedBehaviour, tryBehaviour } from './try-behaviour.ts';

/** A mask that two configurations choose differently. */
export interface MaskDifference {
  readonly name: keyof Masks;
  readonly a: bigint | number | boolean;
  readonly b: bigint | number | boolean;
  /** Which step set each. */
  readonly setBy: { readonly a: string; readonly b: string };
}

/** A constant that two kernels have differently; `constantText()` says it in words. */
export interface LayoutDifference {
  readonly name: LayoutConstant;
  readonly a: Layout[LayoutConstant];
  readonly b: Layout[LayoutConstant];
}

/** A point in which two kernels behave differently, whether or not this machine shows it. */
export interface VariantDifference {
  readonly topic: string;
  /** How each kernel does, in words. */
  readonly a: string;
  readonly b: string;
}

/** How two configurations differ. */
export interface Comparison {
  /** Whether nothing below differs. */
  readonly equal: boolean;
  readonly masks: readonly MaskDifference[];
  readonly layout: readonly LayoutDifference[];
  /** Levels and rows at which reserved bits differ: bit 7 clear or set. */
  readonly reserved: readonly {
    readonly level: number;
    readonly bit7: boolean;
    readonly a: bigint;
    readonly b: bigint;
  }[];
  /** What the kernels do differently, on some machine or other. */
  readonly variants: readonly VariantDifference[];
  /** Functions that only one of the kernels has. */
  readonly functions: readonly { readonly name: KernelFunction; readonly in: 'a' | 'b' }[];
  /** What these two machines make of the same requests, equal or not. */
  readonly behaviours: readonly TriedBehaviour[];
}

/** What a comparison tries. */
export interface CompareOptions extends Partial<TriedPage> {
  /** Only entries of this level, 1..5; of all when absent. */
  readonly level?: number | undefined;
}

/**
 * Compares two configurations: masks, constants, reserved bits, what is known of their kernels, and what they do.
 *
 * Nothing that the packages know of two kernels is left out: `equal` says that there is no difference at all.
 *
 * @throws TypeError, RangeError when gfn or pfn is not a 64-bit word
 *
 * @example
 * ```ts
 * import { compareMmus, createMmu } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const on = (kernel: string) => createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() });
 * compareMmus(on('6.6'), on('6.6.64')).variants.map(({ b }) => b); // [ 'by a last-level one (level 1, or bit 7 set)' ]
 * compareMmus(on('6.8'), on('6.9')).equal; // true
 * ```
 *
 * @example
 * ```ts
 * import { compareMmus, createMmu } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const at = (physBits: number) => createMmu({ kernel: '6.8', host: { physBits }, vendor: vmx() });
 * const { equal, reserved } = compareMmus(at(46), at(39));
 * equal; // false
 * reserved.length > 0; // true
 * ```
 */
export function compareMmus(
  a: Mmu,
  b: Mmu,
  { gfn = 0x100n, pfn = 0x200n, level }: CompareOptions = {},
): Comparison {
  // Two machines may share plugins, or what these bring.
  const plugins = [a, b].flatMap(({ vendor, policies }) => [vendor, ...policies]);
  const variants = new Set([...coreVariants, ...plugins.flatMap(({ variants = [] }) => variants)]);
  const behaviours = new Set([...coreBehaviours, ...plugins.flatMap(({ behaviours = [] }) => behaviours)]);
  const differences = {
    masks: maskDifferences(a, b),
    layout: layoutDifferences(a.layout, b.layout),
    reserved: reservedDifferences(a, b),
    variants: variantDifferences(a.kernel, b.kernel, [...variants]),
    functions: functionDifferences(a.kernel, b.kernel),
  };
  const tried = [...behaviours]
    .filter((behaviour) => level === undefined || behaviour.level === level)
    .map((behaviour) => tryBehaviour(a, b, behaviour, { gfn, pfn }));
  const equal =
    Object.values(differences).every((rows) => rows.length === 0) && tried.every((row) => row.equal);
  return { equal, ...differences, behaviours: tried };
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

function layoutDifferences(a: Layout, b: Layout): LayoutDifference[] {
  const names = Object.keys(LAYOUT_MEANINGS) as LayoutConstant[];
  return names.filter((name) => a[name] !== b[name]).map((name) => ({ name, a: a[name], b: b[name] }));
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

function variantDifferences(
  a: KernelVersion,
  b: KernelVersion,
  variants: readonly Variant<unknown>[],
): VariantDifference[] {
  return differingVariants(a, b, variants).map(({ topic, rowOf }) => ({
    topic,
    a: rowOf(a).change,
    b: rowOf(b).change,
  }));
}

function functionDifferences(a: KernelVersion, b: KernelVersion): Comparison['functions'] {
  const names = Object.keys(kernelFunctions) as KernelFunction[];
  return names
    .filter((name) => kernelHas(a, name) !== kernelHas(b, name))
    .map((name) => ({ name, in: kernelHas(a, name) ? 'a' : 'b' }));
}
