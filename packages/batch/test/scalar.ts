// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedSpte, decodeSpte, judgeSpte, type SpteKind, spteKind } from '@spte/core';
import { expect } from 'vitest';
import {
  ACCESS_BITS,
  AD_TYPE_SHIFT,
  AD_TYPES,
  type BatchEngine,
  type DecodedColumns,
  type DecodedEntry,
  FINDING_BITS,
  FLAG_BITS,
  findingsOf,
  SPTE_KINDS,
} from '../src/index.ts';

// What the engine must say, from the functions of core and nothing of the engine's but its codes.

const has = (bitmap: number, bit: number): boolean => (bitmap & bit) !== 0;

/** Kinds of all entries equal those of `spteKind()`. */
export function sameKinds(engine: BatchEngine, entries: BigUint64Array, level: number | null): void {
  const kinds = engine.classify(entries, level);
  const wrong = [...kinds].flatMap((code, i) => {
    const spte = entries[i] ?? 0n;
    const kind = spteKind(engine.mmu, spte, level);
    return SPTE_KINDS[code] === kind && engine.spteKind(spte, level) === kind
      ? []
      : [{ spte: spte.toString(16), level, kind, got: SPTE_KINDS[code] }];
  });
  expect(wrong.slice(0, 5)).toEqual([]);
}

/** Findings of all entries equal those of `judgeSpte()`. */
export function sameFindings(engine: BatchEngine, entries: BigUint64Array, level: number | null): void {
  const bitmaps = engine.judge(entries, level);
  const wrong = [...bitmaps].flatMap((bitmap, i) => {
    const spte = entries[i] ?? 0n;
    const found = judgeSpte(engine.mmu, spte, level).map(({ code }) => code);
    const want = found.reduce((sum, code) => sum | FINDING_BITS[code], 0);
    return want === bitmap && engine.judgeSpte(spte, level) === want
      ? []
      : [{ spte: spte.toString(16), level, found, got: findingsOf(bitmap) }];
  });
  expect(wrong.slice(0, 5)).toEqual([]);
}

interface Row {
  readonly kind: SpteKind | undefined;
  readonly frame: bigint | undefined;
  readonly generation: number | undefined;
  readonly access: unknown;
  readonly flags: unknown;
}

type Bits = Readonly<Record<string, number>>;
const ACCESS = Object.entries(ACCESS_BITS as Bits);
const FLAGS = Object.entries(FLAG_BITS as Bits);
const PRESENT: readonly unknown[] = ['leaf', 'tracked', 'table'];

const named = (bits: readonly (readonly [string, number])[], bitmap: number): Record<string, unknown> =>
  Object.fromEntries(bits.map(([name, bit]) => [name, has(bitmap, bit)]));

function rowOf(columns: DecodedColumns, i: number): Row {
  const kind = SPTE_KINDS[columns.kind[i] ?? 0];
  const access = columns.access[i] ?? 0;
  const flags = columns.flags[i] ?? 0;
  const present = PRESENT.includes(kind);
  return {
    kind,
    frame: columns.frame[i],
    generation: columns.generation[i],
    access: present ? named(ACCESS, access) : access,
    flags: present ? { ...named(FLAGS, flags), adType: AD_TYPES[flags >> AD_TYPE_SHIFT] } : flags,
  };
}

/** What `engine.decodeSpte()` must say. */
function scalarEntry({ kind, mapping, mmio }: DecodedSpte): DecodedEntry {
  const generation = Number(mmio?.generation ?? 0n);
  const mmioAccess = mmio === null ? null : Number(mmio.access);
  if (mapping === null) return { kind, frame: mmio?.gfn ?? 0n, mapping, mmioAccess, generation };
  const { pfn, hpa: _hpa, restored: _restored, ...others } = mapping;
  return { kind, frame: pfn, mapping: others, mmioAccess, generation };
}

function scalarRow({ kind, mapping, mmio }: DecodedSpte): Row {
  if (mapping === null) {
    return {
      kind,
      frame: mmio?.gfn ?? 0n,
      generation: Number(mmio?.generation ?? 0n),
      access: Number(mmio?.access ?? 0n),
      flags: 0,
    };
  }
  const { pfn, access, accessed, dirty, hostWritable, mmuWritable, encrypted, ignorePat, adType } = mapping;
  return {
    kind,
    frame: pfn,
    generation: 0,
    access: { ...access, user: access.user === true },
    flags: {
      accessed,
      dirty: dirty === true,
      hostWritable: hostWritable === true,
      mmuWritable: mmuWritable === true,
      encrypted,
      ignorePat: ignorePat === true,
      adType,
    },
  };
}

/** Whether two values, or all values of two objects, are the same: many times faster than `expect()`. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && keys.every((key) => same(a[key as never], b[key as never]));
}

/** Columns of all entries equal what `decodeSpte()` says. */
export function sameColumns(engine: BatchEngine, entries: BigUint64Array, level: number | null): void {
  const columns = engine.decode(entries, level);
  for (const [i, spte] of entries.entries()) {
    const got = rowOf(columns, i);
    const decoded = decodeSpte(engine.mmu, spte, level);
    const want = scalarRow(decoded);
    const alone = engine.decodeSpte(spte, level);
    const wantAlone = scalarEntry(decoded);
    if (!same(alone, wantAlone)) expect({ spte, level, ...alone }).toEqual({ spte, level, ...wantAlone });
    if (!same(got, want)) expect(got, `0x${spte.toString(16)} at level ${String(level)}`).toEqual(want);
  }
}

/** Everything that the engine says of entries equals core. */
export function sameAsScalar(engine: BatchEngine, entries: BigUint64Array, level: number | null): void {
  sameKinds(engine, entries, level);
  sameColumns(engine, entries, level);
  sameFindings(engine, entries, level);
}
