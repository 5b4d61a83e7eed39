// SPDX-License-Identifier: GPL-2.0-only
import {
  compareMmus,
  constantText,
  formatKernel,
  hex,
  LAYOUT_MEANINGS,
  MASK_MEANINGS,
  type MaskDifference,
  type Mmu,
  type TriedBehaviour,
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
  /** What it is; empty where the name says so. */
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
  /** What the kernels do differently, on some machine or other. */
  readonly variants: readonly Difference[];
  /** Functions that only one of the kernels has. */
  readonly functions: readonly Difference[];
  /** What these machines make of the same requests. */
  readonly built: readonly Difference[];
}

/** Compares two machines: masks, constants, reserved bits, what their kernels do and what they make. */
export function differencesOf(a: Mmu, b: Mmu): Differences {
  const { masks, layout, reserved, variants, functions, behaviours } = compareMmus(a, b);
  return {
    masks: masks.map(maskDifference),
    layout: layout.map(({ name, a, b }) => ({
      name,
      meaning: LAYOUT_MEANINGS[name],
      notes: [],
      a: { text: constantText(a), notes: [] },
      b: { text: constantText(b), notes: [] },
    })),
    reserved: reserved.map(({ level, bit7, a, b }) => ({
      name: `level ${level}, bit 7 ${bit7 ? 'set' : 'clear'}`,
      meaning: `differ: ${bitPhrase(a ^ b)}`,
      notes: [],
      a: { text: hex(a), notes: bitNotes(a) },
      b: { text: hex(b), notes: bitNotes(b) },
    })),
    variants: variants.map(({ topic, a, b }) => ({
      name: topic,
      meaning: '',
      notes: [],
      a: { text: a, notes: [] },
      b: { text: b, notes: [] },
    })),
    functions: functions.map(({ name, in: side }) => ({
      name: `${name}()`,
      meaning: '',
      notes: [],
      a: { text: side === 'a' ? 'yes' : 'no', notes: [] },
      b: { text: side === 'b' ? 'yes' : 'no', notes: [] },
    })),
    built: behaviours.filter(({ equal }) => !equal).map(builtDifference),
  };
}

function builtDifference({ name, meaning, a, b, warnings, calls }: TriedBehaviour): Difference {
  const side = (spte: bigint | null, codes: readonly string[], told: readonly string[]): SideValue => ({
    text: spte === null ? 'no such function' : hex(spte),
    notes: [...codes.map((code) => `WARN ${code}`), ...told.map((name) => `calls ${name}()`)],
  });
  return {
    name,
    meaning,
    notes: a === null || b === null || a === b ? [] : [`differ: ${bitPhrase(a ^ b)}`],
    a: side(a, warnings.a, calls.a),
    b: side(b, warnings.b, calls.b),
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
