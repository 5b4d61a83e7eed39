// SPDX-License-Identifier: GPL-2.0-only
import { isDeepStrictEqual } from 'node:util';
import { type DecodedMapping, decodeSpte, judgeSpte, spteKind } from '@spte/core';
import { ACCESS_BITS, AD_TYPE_SHIFT, AD_TYPES, type BatchEngine, FLAG_BITS } from '../src/index.ts';

// What the engine must say, from the functions of core and nothing of the engine's but its codes.

/** The bits of those names for which a value is true. */
function bitsOf(bits: Readonly<Record<string, number>>, values: object): number {
  const named: [string, unknown][] = Object.entries(values);
  return named.reduce((sum, [name, value]) => (value === true ? sum | (bits[name] ?? 0) : sum), 0);
}

const flagsOf = (mapping: DecodedMapping): number =>
  bitsOf(FLAG_BITS, mapping) | (AD_TYPES.indexOf(mapping.adType) << AD_TYPE_SHIFT);

/** Something that the engine says otherwise than core. */
export interface Difference {
  readonly spte: string;
  readonly level: number | null;
  readonly what: string;
  readonly core: unknown;
  readonly engine: unknown;
}

/** Looks for differences in some entries of one level. */
export type Comparison = (engine: BatchEngine, entries: BigUint64Array, level: number | null) => Difference[];

/** Most differences that are gathered. */
const MOST = 5;

class Differences {
  readonly all: Difference[] = [];
  readonly #level: number | null;

  constructor(level: number | null) {
    this.#level = level;
  }

  compare(what: string, spte: bigint, core: unknown, engine: unknown): void {
    if (core === engine || this.all.length === MOST || isDeepStrictEqual(core, engine)) return;
    this.all.push({ spte: `0x${spte.toString(16)}`, level: this.#level, what, core, engine });
  }
}

/** `classify()` against `spteKind()`. */
export const kindDifferences: Comparison = (engine, entries, level) => {
  const found = new Differences(level);
  const kinds = engine.classify(entries, level);
  for (const [i, spte] of entries.entries()) {
    found.compare('kind', spte, engine.kinds.indexOf(spteKind(engine.mmu, spte, level)), kinds[i]);
  }
  return found.all;
};

/** `judge()` against `judgeSpte()`. */
export const findingDifferences: Comparison = (engine, entries, level) => {
  const found = new Differences(level);
  const bitmaps = engine.judge(entries, level);
  for (const [i, spte] of entries.entries()) {
    let bitmap = 0;
    for (const { code } of judgeSpte(engine.mmu, spte, level)) bitmap |= engine.findingBits[code] as number;
    found.compare('findings', spte, bitmap >>> 0, bitmaps[i]);
  }
  return found.all;
};

/** `decode()` against `decodeSpte()`. */
export const columnDifferences: Comparison = (engine, entries, level) => {
  const found = new Differences(level);
  const columns = engine.decode(entries, level);
  for (const [i, spte] of entries.entries()) {
    const { kind, mapping, mmio } = decodeSpte(engine.mmu, spte, level);
    const access = mapping === null ? Number(mmio?.access ?? 0n) : bitsOf(ACCESS_BITS, mapping.access);
    found.compare('kind of decode()', spte, engine.kinds.indexOf(kind), columns.kind[i]);
    found.compare('frame', spte, mapping?.pfn ?? mmio?.gfn ?? 0n, columns.frame[i]);
    found.compare('access', spte, access, columns.access[i]);
    found.compare('flags', spte, mapping === null ? 0 : flagsOf(mapping), columns.flags[i]);
    found.compare('generation', spte, Number(mmio?.generation ?? 0n), columns.generation[i]);
  }
  return found.all;
};

/** The calls for one entry against those of core. */
export const callDifferences: Comparison = (engine, entries, level) => {
  const { mmu } = engine;
  const found = new Differences(level);
  for (const spte of entries) {
    const { kind, mapping, mmio } = decodeSpte(mmu, spte, level);
    let bitmap = 0;
    for (const { code } of judgeSpte(mmu, spte, level)) bitmap |= engine.findingBits[code] as number;
    found.compare('spteKind()', spte, spteKind(mmu, spte, level), engine.spteKind(spte, level));
    found.compare('judgeSpte()', spte, bitmap >>> 0, engine.judgeSpte(spte, level));
    const { pfn = mmio?.gfn ?? 0n, hpa: _hpa, restored: _restored, ...others } = mapping ?? {};
    const entry = {
      kind,
      frame: pfn,
      mapping: mapping === null ? null : others,
      mmioAccess: mmio === null ? null : Number(mmio.access),
      generation: Number(mmio?.generation ?? 0n),
    };
    found.compare('decodeSpte()', spte, entry, engine.decodeSpte(spte, level));
  }
  return found.all;
};

/** Everything that the engine says of entries. */
export const differences: Comparison = (engine, entries, level) =>
  [kindDifferences, columnDifferences, findingDifferences, callDifferences].flatMap((compare) =>
    compare(engine, entries, level),
  );
