// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedMapping, decodeSpte, type Mmu, type SpteKind } from '@spte/core';
import { wordHalves as sharedHalves, word as sharedWord } from '@spte/wasm';
import { coreCode } from './codes.ts';
import { type Decoding, decodeMmio, PRESENT_KINDS } from './decoding.ts';
import { RuleTable } from './rule-table.ts';

/** What a mapping or a table says beside its address. */
export type EntryMapping = Omit<DecodedMapping, 'pfn' | 'hpa' | 'restored'>;

/** A decoded entry: what core's `decodeSpte()` says, without the words. */
export interface DecodedEntry {
  readonly kind: SpteKind;
  /** The pfn of a leaf, a tracked leaf or a table; the gfn of an MMIO entry; else 0. */
  readonly frame: bigint;
  /** For a leaf, a tracked leaf or a table; the same object for all entries that say the same. */
  readonly mapping: EntryMapping | null;
  /** Access bits of the kernel that an MMIO entry remembers; null for every other entry. */
  readonly mmioAccess: number | null;
  /** The memslot generation of an MMIO entry (its low 32 bits, more than any kernel keeps); else 0. */
  readonly generation: number;
}

/** What many entries have in common. */
interface Said extends Pick<DecodedEntry, 'kind' | 'mapping' | 'mmioAccess'> {
  /** All ones where the address is a frame, else 0. */
  readonly framed: number;
}

// Engines fold what is constant in a module, but not what comes from another.
const word = sharedWord;
const wordHalves = sharedHalves;

/** The answer of a rule for one entry. */
export function answerFor(table: RuleTable, spte: bigint, level: number | null): number {
  const key = table.key(level);
  word[0] = spte;
  return table.answer(key, wordHalves[1] as number, wordHalves[0] as number);
}

const frames = new Int32Array(2);
const generations = new Uint32Array(1);

/** Decodes one entry at a time. */
export class EntryDecoder {
  /** Answers with a place in the list of what entries say: some thousands, for the rule looks at some 15 bits. */
  readonly table: RuleTable;
  readonly #said: Said[] = [];
  readonly #places = new Map<string, number>();
  readonly #decoding: Decoding;

  constructor(mmu: Mmu, decoding: Decoding) {
    this.#decoding = decoding;
    this.table = new RuleTable(mmu, (own, spte, level) => this.#placeOf(own, spte, level));
  }

  decode(spte: bigint, level: number | null): DecodedEntry {
    const key = this.table.key(level);
    word[0] = spte;
    const lo = wordHalves[0] as number;
    const hi = wordHalves[1] as number;
    const said = this.#said[this.table.answer(key, hi, lo)] as Said;
    const { kind, mapping, mmioAccess, framed } = said;
    const { baseHi, baseLo } = this.#decoding;
    let generation = 0;
    if (mmioAccess === null) {
      wordHalves[0] = (((lo & baseLo) >>> 12) | ((hi & baseHi) << 20)) & framed;
      wordHalves[1] = ((hi & baseHi) >>> 12) & framed;
    } else {
      decodeMmio(this.#decoding.mmio, hi, lo, 0, frames, generations);
      wordHalves[0] = frames[0] as number;
      wordHalves[1] = frames[1] as number;
      generation = generations[0] as number;
    }
    return { kind, frame: word[0], mapping, mmioAccess, generation };
  }

  #placeOf(mmu: Mmu, spte: bigint, level: number | null): number {
    const said = saidBy(mmu, spte, level);
    const text = JSON.stringify(said);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.#said.length);
    return this.#said.push(said) - 1;
  }
}

function saidBy(mmu: Mmu, spte: bigint, level: number | null): Said {
  const { kind, mapping, mmio } = decodeSpte(mmu, spte, level);
  const framed = -((PRESENT_KINDS >>> coreCode(kind)) & 1);
  const mmioAccess = mmio === null ? null : Number(mmio.access);
  if (mapping === null) return { kind, mapping, mmioAccess, framed };
  const { pfn: _pfn, hpa: _hpa, restored: _restored, ...others } = mapping;
  return { kind, mapping: Object.freeze(others), mmioAccess, framed };
}
