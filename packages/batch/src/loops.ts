// SPDX-License-Identifier: GPL-2.0-only
import { joinHalves } from '@spte/wasm';
import { KIND_CODES } from './codes.ts';
import { type DecodedColumns, type Decoding, decodeMmio, PRESENT_KINDS } from './decoding.ts';
import { halves } from './entries.ts';
import type { Span } from './levels.ts';
import * as LAYOUT from './memory-layout.ts';
import { type RuleTable, withinClass } from './rule-table.ts';

/** The loops over entries. There are two of them: in JavaScript here, and in WebAssembly in kernel-loops.ts. */
export interface Loops {
  /** Answers of a rule in one byte each. */
  toBytes(table: RuleTable, span: Span, out: Uint8Array): void;
  /** Answers of a rule in four bytes each. */
  toWords(table: RuleTable, span: Span, out: Uint32Array): void;
  /** Decodes entries into columns. */
  toColumns(decoding: Decoding, span: Span, columns: DecodedColumns): void;
}

// Engines fold what is constant in a module, but not what comes from another.
const { ACCESS_MASK, ACCESS_SHIFT, ADDRESS_SHIFT, CELL_BITS, FLAGS_SHIFT, KIND_MASK } = LAYOUT;
const PRESENT = PRESENT_KINDS;
const MMIO = KIND_CODES.mmio;

/** Entries of a block: they fit a first cache, with the answers to them. */
const BLOCK = 1024;

/** Cells of a row. */
const CELL_MASK = (1 << CELL_BITS) - 1;

/** Attributes in the high half, and its address bits. */
const HI_ATTRIBUTES = 0xfff00000 | 0;
const HIGH_ADDRESS = 0xfffff;

const PFN_HIGH = 32 - ADDRESS_SHIFT;

/**
 * In JavaScript, for any rule: the answers to a block of entries first, then what becomes of them.
 *
 * Only one loop looks at entries, and it always sees arrays of the same classes: one that saw others would be half as
 * fast.
 */
export const plainLoops: Loops = {
  toBytes(table, span, out) {
    forEachBlock(table, span, (answers, at) => out.set(answers, at));
  },
  toWords(table, span, out) {
    forEachBlock(table, span, (answers, at) => out.set(answers, at));
  },
  toColumns(decoding, span, columns) {
    const frames = halves(columns.frame);
    forEachBlock(decoding.table, span, (answers, at) =>
      decodeBlock(decoding, span.entries.halves, answers, at, columns, frames),
    );
  },
};

/** Answers the entries of a span block by block; the answers are valid until `done` returns. */
function forEachBlock(table: RuleTable, span: Span, done: (answers: Uint16Array, at: number) => void): void {
  const { from, to } = span;
  const answers = new Uint16Array(Math.min(BLOCK, to - from));
  const answer = table.reason === null ? lookUp : askEach;
  for (let at = from; at < to; at += BLOCK) {
    const count = Math.min(BLOCK, to - at);
    answer(table, span, at, at + count, answers);
    done(answers.subarray(0, count), at);
  }
}

/**
 * Answers some entries of a span, one at least, from a table.
 *
 * Keeps the answer while entries differ in nothing that matters (an address of 0 always does), and computes the class
 * of an entry only when a watched address bit has changed.
 */
function lookUp(
  table: RuleTable,
  { entries, level }: Span,
  from: number,
  to: number,
  out: Uint16Array,
): void {
  const words = entries.halves;
  const key = table.key(level);
  const { rowOf, cells } = table;
  const { watchHi, watchLo } = key;
  const matterHi = watchHi | HI_ATTRIBUTES;
  const matterLo = watchLo | CELL_MASK;
  let seenHi = words[2 * from + 1] as number;
  let seenLo = words[2 * from] as number;
  let base = table.classBase(key, seenHi, seenLo);
  // Nothing is answered yet.
  let seenAddress = 0;
  let value = 0;
  for (let i = from; i < to; i++) {
    const lo = words[2 * i] as number;
    const hi = words[2 * i + 1] as number;
    const other = ((hi ^ seenHi) & matterHi) | ((lo ^ seenLo) & matterLo);
    const address = (hi & HIGH_ADDRESS) | (lo >>> ADDRESS_SHIFT);
    if (other !== 0 || address === 0 || seenAddress === 0) {
      if (((hi ^ seenHi) & watchHi) !== 0 || ((lo ^ seenLo) & watchLo) !== 0) {
        base = table.classBase(key, hi, lo);
      }
      seenHi = hi;
      seenLo = lo;
      seenAddress = address;
      const row = rowOf[base | withinClass(hi, lo)] as number;
      let cell = cells[(row << CELL_BITS) | (lo & CELL_MASK)] as number;
      if (cell === 0) {
        cell = table.fill(key, hi, lo);
        // What filled the table may have emptied it.
        base = table.classBase(key, hi, lo);
      }
      value = cell - 1;
    }
    out[i - from] = value;
  }
}

/** Answers some entries of a span by asking the rule about each: for one that has no table. */
function askEach(
  table: RuleTable,
  { entries: { halves: words }, level }: Span,
  from: number,
  to: number,
  out: Uint16Array,
): void {
  for (let i = from; i < to; i++) {
    out[i - from] = table.ask(joinHalves(words[2 * i + 1] as number, words[2 * i] as number), level);
  }
}

/** Writes what the entries of a block say, from the answers to them. */
function decodeBlock(
  { baseHi, baseLo, mmio }: Decoding,
  words: Int32Array,
  answers: Uint16Array,
  at: number,
  { kind: kinds, access, flags, generation }: DecodedColumns,
  frames: Int32Array,
): void {
  for (let n = 0; n < answers.length; n++) {
    const i = at + n;
    const lo = words[2 * i] as number;
    const hi = words[2 * i + 1] as number;
    const value = answers[n] as number;
    const kind = value & KIND_MASK;
    const present = -((PRESENT >>> kind) & 1);
    const pfnHi = hi & baseHi;
    kinds[i] = kind;
    access[i] = (value >>> ACCESS_SHIFT) & ACCESS_MASK;
    flags[i] = value >>> FLAGS_SHIFT;
    frames[2 * i] = (((lo & baseLo) >>> ADDRESS_SHIFT) | (pfnHi << PFN_HIGH)) & present;
    frames[2 * i + 1] = (pfnHi >>> ADDRESS_SHIFT) & present;
    generation[i] = 0;
    if (kind === MMIO) decodeMmio(mmio, hi, lo, i, frames, generation);
  }
}
