// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, fieldValue } from '../bits/bit-field.ts';
import { bitNumbers, hex } from '../bits/bits.ts';

/** A field of a word that the CPU reports, with what it says there. */
export interface CodePart {
  readonly name: string;
  /** Its bits that are set, or all of a field of several bits; lowest first. */
  readonly bits: readonly number[];
  readonly value: bigint;
  readonly text: string;
}

/** What a fault tried. */
export type FaultAccessKind = 'read' | 'write' | 'fetch';

/** An access by the guest's program, or one of the CPU to the guest's own page tables on the way. */
export type FaultStage = 'final access' | 'guest page walk';

/**
 * The parts of a word that the CPU reports, lowest first: each field that is set, or whose being clear says something,
 * and the bits without a name as one.
 */
export function codeParts(word: bigint, fields: readonly BitField[]): CodePart[] {
  const parts = fields.flatMap((field): CodePart[] => {
    const { name, mask, meaning, clear, values } = field;
    const value = fieldValue(word, field);
    const text = values?.[Number(value)] ?? (value === 0n ? clear : meaning);
    return text === undefined ? [] : [{ name, bits: bitNumbers(mask), value, text }];
  });
  const unnamed = fields.reduce((left, { mask }) => left & ~mask, word);
  if (unnamed === 0n) return parts;
  const text = `bits ${hex(unnamed)}, which have no name`;
  const nameless = { name: 'unnamed', bits: bitNumbers(unnamed), value: unnamed, text };
  return [...parts, nameless].toSorted((a, b) => Math.min(...a.bits) - Math.min(...b.bits));
}
