// SPDX-License-Identifier: GPL-2.0-only
import {
  compareMmus,
  formatKernel,
  hex,
  LAYOUT_MEANINGS,
  MASK_MEANINGS,
  type MaskDifference,
  type Mmu,
} from '@spte/core';
import { bitPhrase } from '../bits/bit-ranges.ts';
import { maskText } from '../machine/registry.ts';

/** What one of two machines has. */
export interface SideValue {
  readonly text: string;
  /** Where that comes from, or which bits it is. */
  readonly notes: readonly string[];
}

/** Something that two machines have differently. */
export interface Difference {
  readonly name: string;
  readonly meaning: string;
  /** What is to be said of both. */
  readonly notes: readonly string[];
  readonly a: SideValue;
  readonly b: SideValue;
}

/** Everything in which two machines differ. */
export interface Differences {
  readonly masks: readonly Difference[];
  readonly layout: readonly Difference[];
  readonly reserved: readonly Difference[];
}

/** Compares two machines: masks, constants of the layout, reserved bits. */
export function differencesOf(a: Mmu, b: Mmu): Differences {
  const { masks, layout, reserved } = compareMmus(a, b);
  return {
    masks: masks.map(maskDifference),
    layout: layout.map(({ name, a, b }) => ({
      name,
      meaning: LAYOUT_MEANINGS[name],
      notes: [],
      a: { text: a, notes: [] },
      b: { text: b, notes: [] },
    })),
    reserved: reserved.map(({ level, bit7, a, b }) => ({
      name: `level ${level}, bit 7 ${bit7 ? 'set' : 'clear'}`,
      meaning: `differ: ${bitPhrase(a ^ b)}`,
      notes: [],
      a: { text: hex(a), notes: bitNotes(a) },
      b: { text: hex(b), notes: bitNotes(b) },
    })),
  };
}

/** The step that set a mask is named once where it is the same on both. */
function maskDifference({ name, a, b, setBy }: MaskDifference): Difference {
  const same = setBy.a === setBy.b;
  const steps = (step: string): string[] => (same ? [] : [`set by ${step}`]);
  return {
    name,
    meaning: MASK_MEANINGS[name],
    notes: same ? [`set by ${setBy.a}`] : [],
    a: { text: maskText(a), notes: [...bitNotes(a), ...steps(setBy.a)] },
    b: { text: maskText(b), notes: [...bitNotes(b), ...steps(setBy.b)] },
  };
}

function bitNotes(value: bigint | number | boolean): string[] {
  return typeof value === 'bigint' && value !== 0n ? [bitPhrase(value)] : [];
}

/** A machine in a few words, to tell it from the other one. */
export function shortNameOf({ vendor, kernel }: Mmu): string {
  return `${vendor.name}, Linux ${formatKernel(kernel)}`;
}
