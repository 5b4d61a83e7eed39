// SPDX-License-Identifier: GPL-2.0-only
import {
  type BitField,
  checkInteger,
  checkLevel,
  checkU64,
  fieldText,
  type Mmu,
  type SpteKind,
} from '@spte/core';
import type { AddressTest } from './address-tests.ts';
import { SPTE_KINDS } from './codes.ts';
import { type EncodeColumns, type EncodeRequest, Encoder } from './encoder.ts';
import { createKernel, heap, type Kernel, MAX_ROOM, Stretch } from './kernel.ts';
import { kernelToBytes, kernelToColumns, kernelToWords } from './kernel-loops.ts';
import {
  type DecodedColumns,
  type Decoding,
  decodeOneByOne,
  decodeToColumns,
  mapOneByOne,
  mapToBytes,
  mapToWords,
  type Span,
} from './loops.ts';
import { type MmioFields, mmioFields } from './mmio-fields.ts';
import { type LevelKey, MAX_VALUE, type Rule, RuleTable } from './rule-table.ts';
import { decodeRule, fieldRule, judgeRule, kindRule } from './rules.ts';
import { answerFor, type DecodedEntry, EntryDecoder } from './scalar.ts';
import { checkLength, type Entries, EntryWords, highHalf, lowHalf } from './words.ts';

/** The level of all entries (1..5), null when it is not known, or one level per entry in which 0 is "not known". */
export type Levels = number | null | Uint8Array;

/** A question that is answered by yes or no, such as core's predicates. */
export type Predicate = (mmu: Mmu, spte: bigint, level: number | null) => boolean;

/** How rules are compiled. */
export interface CompileOptions {
  /**
   * Address bits that rules of plugins look at, beyond those in the masks and the reserved bits of the MMU: for each
   * mask a rule may depend on whether any of its bits is set, and on whether all are.
   */
  readonly watch?: readonly bigint[] | undefined;
  /**
   * Room in the engine's own memory for arrays of yours, in bytes, up to 4,288,675,840; 0 when absent. See
   * {@link BatchEngine.allocate}.
   */
  readonly room?: number | undefined;
  /** False: loops in JavaScript, also where the runtime has WebAssembly with vectors. They give the same results. */
  readonly wasm?: boolean | undefined;
}

/** A class of typed arrays. */
export interface ColumnClass<Column> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): Column;
}

/** A rule that is asked for each entry, because its answers do not fit a table. */
export interface Fallback {
  /** `classify`, `decode`, `decodeSpte`, `decode.mmio`, `judge`, `encode`, or the name of the function that was given. */
  readonly rule: string;
  readonly reason: string;
}

/**
 * The rules of an MMU, ready for many entries. Results equal those of core's functions entry by entry: `spteKind()`,
 * `decodeSpte()`, `judgeSpte()`, `makeSpte()`. Tables fill while it works.
 */
export class BatchEngine {
  readonly mmu: Mmu;
  readonly #kernel: Kernel | null;
  readonly #room: Stretch;
  readonly #watch: readonly AddressTest[];
  readonly #tables = new Map<Rule | Predicate, RuleTable>();
  readonly #fieldRules = new Map<BitField, Rule>();
  readonly #fallbacks: Fallback[] = [];
  #decoding: Decoding | undefined;
  #decoder: EntryDecoder | undefined;
  #encoder: Encoder | undefined;

  /** @internal {@link compile} makes engines. */
  constructor(mmu: Mmu, { watch = [], room = 0, wasm = true }: CompileOptions) {
    checkInteger('room', room, 0, MAX_ROOM);
    this.mmu = mmu;
    this.#kernel = wasm ? createKernel(room) : null;
    this.#room = this.#kernel?.room ?? new Stretch(new ArrayBuffer(room), 0, room);
    this.#watch = watch.flatMap((mask): AddressTest[] => [
      { test: 'any', mask },
      { test: 'all', mask },
    ]);
  }

  /** Rules that could not be compiled, as far as they were used. Their results are right, but slow. */
  get fallbacks(): readonly Fallback[] {
    return this.#fallbacks;
  }

  /** Whether the loops are WebAssembly; JavaScript where the runtime lacks that, or was not to use it. */
  get wasm(): boolean {
    return this.#kernel !== null;
  }

  /** The size of all tables that were needed so far. */
  get tableBytes(): number {
    let size = (this.#encoder?.byteLength ?? 0) + (this.#decoder?.table.byteLength ?? 0);
    for (const table of this.#tables.values()) size += table.byteLength;
    return size + (this.#decoding?.mmio.tables.byteLength ?? 0);
  }

  /**
   * An array in the engine's own memory, zeroed, for as long as there is the engine: `allocate(BigUint64Array, 512)`.
   * Entries and columns that stand there are worked on where they are; those from elsewhere are copied in and out, which
   * takes up to half of a call. All such arrays share a buffer: hand their elements to other threads, not them.
   *
   * @param of `BigUint64Array`, `Uint32Array` or `Uint8Array`
   * @param length elements
   * @throws RangeError when the room that `compile()` was told of has no place for it
   */
  allocate<Column>(of: ColumnClass<Column>, length: number): Column {
    const bytes = of.BYTES_PER_ELEMENT * checkInteger('length', length, 0, MAX_ROOM);
    const { left } = this.#room;
    const place = this.#room.take(bytes);
    if (place === null)
      throw new RangeError(`no room for ${bytes} bytes: ${left} bytes of the room are left`);
    return new of(...place, length);
  }

  /**
   * The kind of each entry, by its code in `KIND_CODES`.
   *
   * @param into where to write instead of to a new array; as long as there are entries
   */
  classify(entries: Entries, levels: Levels, into?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const words = new EntryWords(entries);
    const out = into ?? new Uint8Array(words.length);
    checkLength('into', out, words.length);
    this.#answers(this.#table(kindRule, 'classify'), words, levels, out, IN_BYTES);
    return out;
  }

  /**
   * What each entry says, in columns.
   *
   * @param into where to write instead of to new columns; each as long as there are entries
   */
  decode(entries: Entries, levels: Levels, into?: DecodedColumns): DecodedColumns {
    const words = new EntryWords(entries);
    const { length } = words;
    const columns: DecodedColumns = into ?? {
      kind: new Uint8Array(length),
      frame: new BigUint64Array(length),
      access: new Uint8Array(length),
      flags: new Uint8Array(length),
      generation: new Uint32Array(length),
    };
    for (const [name, column] of Object.entries<{ readonly length: number }>({ ...columns })) {
      checkLength(`into.${name}`, column, length);
    }
    this.#decoding ??= this.#prepareDecoding();
    const decoding = this.#decoding;
    const { table } = decoding;
    forEachLevel(words, levels, (level, span) => {
      if (table.reason !== null) {
        decodeOneByOne(level, span, decoding, columns);
        return;
      }
      const key = table.key(level);
      const kernel = this.#kernelOf(table, key, decoding.mmio.tables);
      if (kernel === null) decodeToColumns(key, span, decoding, columns);
      else kernelToColumns(kernel, key, span, decoding, columns);
    });
    return columns;
  }

  /**
   * Leaf entries as `makeSpte()` builds them in a plain VM (core's `plainHost`).
   *
   * @param into where to write instead of to a new array; as long as the columns
   */
  encode(columns: EncodeColumns, into?: BigUint64Array<ArrayBuffer>): BigUint64Array<ArrayBuffer> {
    return this.#encoding().encode(columns, into ?? new BigUint64Array(columns.pfn.length));
  }

  /**
   * All findings of each entry, as a bitmap of `FINDING_BITS`: 0 is a clean one.
   *
   * @param into where to write instead of to a new array; as long as there are entries
   */
  judge(entries: Entries, levels: Levels, into?: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    return this.#words(this.#table(judgeRule, 'judge'), entries, levels, into);
  }

  /**
   * The answers of any rule.
   *
   * @param rule the same function each time, as its table is kept with it; it answers an integer within 0..65534
   * @throws RangeError when the rule answers anything else
   */
  map(entries: Entries, levels: Levels, rule: Rule): Uint32Array<ArrayBuffer> {
    return this.#words(this.#table(rule, rule.name), entries, levels);
  }

  /**
   * The places of the entries for which a predicate holds, in order.
   *
   * @param predicate the same function each time, as its table is kept with it
   */
  select(entries: Entries, levels: Levels, predicate: Predicate): Uint32Array<ArrayBuffer> {
    const words = new EntryWords(entries);
    const { length } = words;
    const table = this.#table(predicate, predicate.name);
    const found = new Uint32Array(length);
    const answers = new Uint8Array(length);
    this.#answers(table, words, levels, answers, IN_BYTES);
    let count = 0;
    for (let i = 0; i < length; i++) {
      found[count] = i;
      count += answers[i] as number;
    }
    return found.slice(0, count);
  }

  /** How many entries there are of each kind. */
  histogram(entries: Entries, levels: Levels): Record<SpteKind, number> {
    const kinds = this.classify(entries, levels);
    const counts = new Float64Array(SPTE_KINDS.length);
    for (let i = 0; i < kinds.length; i++) {
      const kind = kinds[i] as number;
      counts[kind] = (counts[kind] as number) + 1;
    }
    return Object.fromEntries(SPTE_KINDS.map((kind, code) => [kind, counts[code]])) as Record<
      SpteKind,
      number
    >;
  }

  /**
   * How many entries have each value of a field, by the value in words (`WB`, `yes`). Counted are shadow-present entries
   * that have the field: in others its bits mean something else.
   *
   * @param field of the CPU's format (`mmu.vendor.format`) or of KVM's layout (`mmu.layout`), within 63:52 and 11:0
   * @throws RangeError when a value of the field is above 65533
   */
  histogramBy(entries: Entries, levels: Levels, field: BitField): Record<string, number> {
    const rule = this.#fieldRules.get(field) ?? fieldRule(field);
    this.#fieldRules.set(field, rule);
    const counts: Record<string, number> = {};
    const byAnswer = new Float64Array(MAX_VALUE + 1);
    for (const answer of this.map(entries, levels, rule)) byAnswer[answer] = (byAnswer[answer] as number) + 1;
    for (const [answer, count] of byAnswer.entries()) {
      if (answer > 0 && count > 0) counts[fieldText(field, BigInt(answer - 1) << field.shift)] = count;
    }
    return counts;
  }

  // One entry at a time, from the same tables: for code that meets entries one by one, and many of them.

  /**
   * What one entry is, as core's `spteKind()` says.
   *
   * @param level 1..5; null when it is not known
   * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
   */
  spteKind(spte: bigint, level: number | null): SpteKind {
    return SPTE_KINDS[this.#answer(kindRule, 'classify', spte, level)] as SpteKind;
  }

  /**
   * What one entry says, by name. Core's function says more: the words of all 64 bits, the evidence, what a tracked leaf
   * becomes.
   *
   * @param level 1..5; null when it is not known
   * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
   */
  decodeSpte(spte: bigint, level: number | null): DecodedEntry {
    this.#decoder ??= this.#prepareDecoder();
    return this.#decoder.decode(checkU64('spte', spte), level);
  }

  /**
   * All findings of one entry, as a bitmap of `FINDING_BITS`.
   *
   * @param level 1..5; null when it is not known
   * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
   */
  judgeSpte(spte: bigint, level: number | null): number {
    return this.#answer(judgeRule, 'judge', spte, level);
  }

  /**
   * One leaf entry, as `encode()` makes it.
   *
   * @throws TypeError, RangeError for a value that a column of `encode()` could not have
   */
  makeSpte(request: EncodeRequest): bigint {
    return this.#encoding().make(request);
  }

  #answer(rule: Rule, name: string, spte: bigint, level: number | null): number {
    return answerFor(this.#table(rule, name), checkU64('spte', spte), level);
  }

  #encoding(): Encoder {
    if (this.#encoder === undefined) {
      this.#encoder = new Encoder(this.mmu, this.#kernel);
      this.#report('encode', this.#encoder.reason);
    }
    return this.#encoder;
  }

  #table(rule: Rule | Predicate, name: string): RuleTable {
    const known = this.#tables.get(rule);
    if (known !== undefined) return known;
    const asNumber: Rule = (mmu, spte, level) => Number(rule(mmu, spte, level));
    const table = new RuleTable(this.mmu, asNumber, this.#watch, this.#kernel ?? heap);
    this.#tables.set(rule, table);
    this.#report(name, table.reason);
    return table;
  }

  #report(rule: string, reason: string | null): void {
    if (reason !== null) this.#fallbacks.push({ rule, reason });
  }

  #prepareDecoder(): EntryDecoder {
    this.#decoding ??= this.#prepareDecoding();
    const decoder = new EntryDecoder(this.mmu, this.#watch, this.#decoding);
    this.#report('decodeSpte', decoder.table.reason);
    return decoder;
  }

  #prepareDecoding(): Decoding {
    const { baseAddr } = this.mmu.masks;
    const table = this.#table(decodeRule, 'decode');
    const fields = mmioFields(this.mmu, this.#kernel ?? heap);
    const { reason } = fields;
    let silent = true;
    // A machine without MMIO entries needs no tables: only their use is a fallback.
    const read: MmioFields['read'] = (hi, lo) => {
      if (silent) this.#report('decode.mmio', reason);
      silent = false;
      return fields.read(hi, lo);
    };
    const mmio = { ...fields, read };
    return { table, mmio, base: baseAddr, baseHi: highHalf(baseAddr), baseLo: lowHalf(baseAddr) };
  }

  /** The kernel, if it can read this table and others. */
  #kernelOf(
    { rowOf, cells }: RuleTable,
    { pieces, classes }: LevelKey,
    ...others: Int32Array[]
  ): Kernel | null {
    const arrays = [rowOf, cells, pieces, classes, ...others];
    return arrays.every(({ buffer }) => buffer === this.#kernel?.memory) ? this.#kernel : null;
  }

  /** Writes the answers of a rule: by its table, in a kernel or not, or by asking about each entry. */
  #answers<Out extends Uint8Array | Uint32Array>(
    table: RuleTable,
    words: EntryWords,
    levels: Levels,
    out: Out,
    loops: MapLoops<Out>,
  ): void {
    forEachLevel(words, levels, (level, span) => {
      if (table.reason !== null) {
        mapOneByOne(table, level, span, (i, value) => {
          out[i] = value;
        });
        return;
      }
      const key = table.key(level);
      const kernel = this.#kernelOf(table, key);
      if (kernel === null) loops.plain(table, key, span, out);
      else loops.kernel(kernel, table, key, span, out);
    });
  }

  #words(
    table: RuleTable,
    entries: Entries,
    levels: Levels,
    into?: Uint32Array<ArrayBuffer>,
  ): Uint32Array<ArrayBuffer> {
    const words = new EntryWords(entries);
    const out = into ?? new Uint32Array(words.length);
    checkLength('into', out, words.length);
    this.#answers(table, words, levels, out, IN_WORDS);
    return out;
  }
}

/** Loops that write answers to one class of array. */
interface MapLoops<Out> {
  readonly plain: (table: RuleTable, key: LevelKey, span: Span, out: Out) => void;
  readonly kernel: (kernel: Kernel, table: RuleTable, key: LevelKey, span: Span, out: Out) => void;
}

const IN_BYTES: MapLoops<Uint8Array> = { plain: mapToBytes, kernel: kernelToBytes };
const IN_WORDS: MapLoops<Uint32Array> = { plain: mapToWords, kernel: kernelToWords };

/** Splits entries into spans of one level. */
function forEachLevel(
  entries: EntryWords,
  levels: Levels,
  work: (level: number | null, span: Span) => void,
): void {
  const { length } = entries;
  if (levels === null || typeof levels === 'number') {
    if (levels !== null) checkLevel('level', levels);
    work(levels, { entries, from: 0, to: length });
    return;
  }
  checkLength('levels', levels, length);
  for (let from = 0, to = 0; from < length; from = to) {
    const level = levels[from] as number;
    do to++;
    while (to < length && levels[to] === level);
    work(level === 0 ? null : checkLevel('level', level), { entries, from, to });
  }
}

/**
 * Makes the rules of an MMU ready for many entries. Each rule is compiled when it is first used.
 *
 * @example
 * ```ts
 * import { compile, SPTE_KINDS } from '@spte/batch';
 * import { createMmu } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
 * const table = BigUint64Array.of(0x42b4e67n, 0n, 0x5a0n);
 * [...engine.classify(table, 1)].map((kind) => SPTE_KINDS[kind]).join(); // leaf,empty,frozen
 * engine.histogram(table, 1).leaf; // 1
 * ```
 */
export function compile(mmu: Mmu, options: CompileOptions = {}): BatchEngine {
  return new BatchEngine(mmu, options);
}
