// SPDX-License-Identifier: GPL-2.0-only
import {
  bit,
  compareMmus,
  constantText,
  hex,
  LAYOUT_MEANINGS,
  MASK_MEANINGS,
  type MaskDifference,
  type Mmu,
  type TriedBehaviour,
} from '@spte/core';
import { bitPhrase, hasBit } from '../bits/bit-ranges.ts';
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
    reserved: reservedDifferences(reserved),
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

type Reserved = ReturnType<typeof compareMmus>['reserved'][number];

/** The bits that only one machine reserves, each once, with the entries in which it does. */
function reservedDifferences(reserved: readonly Reserved[]): Difference[] {
  const onlyIn = { a: (each: Reserved) => each.a & ~each.b, b: (each: Reserved) => each.b & ~each.a };
  return (['a', 'b'] as const).flatMap((side) => {
    const masks = new Map<string, bigint>();
    for (let n = 0; n < 64; n++) {
      const where = reserved.filter((each) => hasBit(onlyIn[side](each), n));
      const places = where.length === 0 ? '' : placesText(where);
      if (places !== '') masks.set(places, (masks.get(places) ?? 0n) | bit(n));
    }
    return [...masks].map(([places, mask]) => ({
      name: bitPhrase(mask),
      meaning: places,
      notes: [],
      a: { text: side === 'a' ? 'must be 0' : 'may be set', notes: [] },
      b: { text: side === 'b' ? 'must be 0' : 'may be set', notes: [] },
    }));
  });
}

/** Entries by level: `level 1, 2 with bit 7 set`. */
function placesText(places: readonly Reserved[]): string {
  const levels = [...new Set(places.map(({ level }) => level))];
  const texts = levels.map((level) => {
    const states = places.filter((place) => place.level === level).map(({ bit7 }) => bit7);
    return states.length > 1 ? `${level}` : `${level} with bit 7 ${states[0] === true ? 'set' : 'clear'}`;
  });
  return `level ${texts.join(', ')}`;
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
