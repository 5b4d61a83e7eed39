// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedField, explainSpte, type Mmu, verdict } from '@spte/core';
import { bitText, hasBit } from '../bits/bit-ranges.ts';
import { type Owner, ownerOf } from '../bits/owners.ts';
import { fieldWords } from '../bits/short-names.ts';
import type { Era } from '../machine/eras.ts';
import { wrongBits } from '../read/findings.ts';
import { sentence } from '../read/read.ts';

/** A machine under which an entry is read. */
export interface Column {
  /** `A`, `B`, or the kernels of a layout. */
  readonly id: string;
  readonly title: string;
  readonly mmu: Mmu;
  /** The last release with the layout, for a column of kernels; null for the newest. */
  readonly until?: string | null;
}

/** What an entry is in a context. */
interface Judged {
  readonly verdict: string;
  readonly isBad: boolean;
}

/** What some bits are in a context. */
export interface Reading {
  readonly owner: Owner;
  readonly name: string;
  /** The value of the field, where there is more to say than its name. */
  readonly value: string;
  readonly isWrong: boolean;
}

/** Bits that are all read in the same way, with a reading for each context. */
export interface AcrossRow {
  readonly mask: bigint;
  readonly bits: string;
  readonly readings: readonly Reading[];
}

/** An entry under several contexts. */
export interface Across {
  readonly columns: readonly Pick<Column, 'id' | 'title'>[];
  readonly judged: readonly Judged[];
  /** The bits that are not the same everywhere, highest first. */
  readonly differing: readonly AcrossRow[];
  /** The others. */
  readonly same: readonly AcrossRow[];
}

/**
 * The contexts to read an entry under: the machine, the one to compare with, and the machine under the kernels of every
 * layout.
 */
export function columnsOf(
  a: { readonly title: string; readonly mmu: Mmu },
  b: { readonly title: string; readonly mmu: Mmu } | null,
  eras: readonly Era[],
): Column[] {
  const named: Column[] = [{ id: 'A', ...a }, ...(b === null ? [] : [{ id: 'B', ...b }])];
  return [...named, ...eras.map(({ mmu, since, until }) => ({ id: since, title: '', mmu, until }))];
}

/** What is said of an entry in a context. */
interface Told {
  readonly column: Column;
  readonly judged: Judged;
  /** Of bits 63 down to 0. */
  readonly readings: readonly Reading[];
}

/** Reads an entry in every column; kernels that follow each other and agree are one, and none says what is said beside it. */
export function acrossOf(columns: readonly Column[], spte: bigint, level: number | null): Across {
  const all = columns.map((column) => tell(column, spte, level));
  const named = all.filter(({ column }) => column.until === undefined);
  const isThere = (told: Told): boolean =>
    named.some((each) => each.column.mmu.layout.since === told.column.id && agree(each, told));
  const kernels = merged(
    all.filter(({ column }) => column.until !== undefined).map((told) => [told, isThere(told)]),
  );
  const told = [...named, ...kernels];
  const rows = rowsOf(told);
  const isSame = ({ readings }: AcrossRow): boolean => new Set(readings.map(textOf)).size === 1;
  return {
    columns: told.map(({ column }) => ({ id: column.id, title: titleOf(column) })),
    judged: told.map(({ judged }) => judged),
    differing: rows.filter((row) => !isSame(row)),
    same: rows.filter(isSame),
  };
}

const textOf = (value: unknown): string => JSON.stringify(value);

function tell(column: Column, spte: bigint, level: number | null): Told {
  const explained = explainSpte(column.mmu, spte, level);
  const wrong = wrongBits(explained.findings);
  const isBad = explained.findings.some(({ severity }) => severity === 'error');
  return {
    column,
    judged: { verdict: sentence(verdict(explained)), isBad },
    readings: BITS.map((bit) => readingOf(explained.fields, bit, hasBit(wrong, bit))),
  };
}

const BITS: readonly number[] = Array.from({ length: 64 }, (_, index) => 63 - index);

function readingOf(fields: readonly DecodedField[], bit: number, isWrong: boolean): Reading {
  // Every bit is in one field.
  const field = fields.find(({ mask }) => hasBit(mask, bit)) as DecodedField;
  const owner = ownerOf(field);
  return { owner, name: fieldWords(field.name), value: owner === 'unused' ? '' : field.text, isWrong };
}

const agree = (one: Told, other: Told): boolean =>
  textOf([one.judged, one.readings]) === textOf([other.judged, other.readings]);

/** Joins kernels that follow each other and agree; those that are there already part the others. */
function merged(kernels: readonly (readonly [told: Told, isThere: boolean])[]): Told[] {
  const kept: Told[] = [];
  let open = false;
  for (const [told, isThere] of kernels) {
    const before = kept.at(-1);
    const joins = open && !isThere && before !== undefined && agree(before, told);
    if (joins)
      kept[kept.length - 1] = { ...before, column: { ...before.column, until: told.column.until ?? null } };
    else if (!isThere) kept.push(told);
    open = !isThere;
  }
  return kept;
}

function titleOf({ id, title, until }: Column): string {
  if (until === undefined) return title;
  return `Linux ${id.replace(/\.0$/, '')} ${until === null ? 'on' : `to ${until}`}`;
}

function rowsOf(told: readonly Told[]): AcrossRow[] {
  const rows = new Map<string, AcrossRow>();
  for (const [index, bit] of BITS.entries()) {
    const readings = told.map((each) => each.readings[index] as Reading);
    const key = textOf(readings);
    const mask = (rows.get(key)?.mask ?? 0n) | (1n << BigInt(bit));
    rows.set(key, { mask, bits: bitText(mask), readings });
  }
  return [...rows.values()];
}
