// SPDX-License-Identifier: GPL-2.0-only
import {
  type BitField,
  checkInteger,
  checkU64,
  type Fallback,
  fieldText,
  type Mmu,
  type SpteKind,
} from '@spte/core';
import type { Arena, ArrayClass } from '@spte/wasm';
import { Answers } from './answers.ts';
import { findingBitsOf, kindsOf, OTHER_KIND, SPTE_KINDS } from './codes.ts';
import type { CompiledRules, Predicate } from './compiled-rules.ts';
import { checkColumns, type DecodedColumns, decodedColumns } from './decoding.ts';
import type { EncodeColumns, EncodeRequest, Encoder } from './encoder.ts';
import { checkColumn, type Entries, EntryView } from './entries.ts';
import { MAX_ROOM } from './kernel.ts';
import { forEachLevel, type Levels } from './levels.ts';
import { MAX_VALUE, type Rule } from './rule-table.ts';
import type { DecodedEntry, EntryDecoder } from './scalar.ts';

/**
 * The rules of an MMU, ready for many entries. Results equal those of core's functions entry by entry: `spteKind()`,
 * `decodeSpte()`, `judgeSpte()`, `makeSpte()`. Tables fill while it works.
 */
export class BatchEngine {
  readonly mmu: Mmu;
  /** Whether the loops are WebAssembly; JavaScript where the runtime lacks that, or was not to use it. */
  readonly wasm: boolean;
  /** Every kind of entry of this machine, those of plugins too; the place of one is its code. */
  readonly kinds: readonly SpteKind[];
  /** The bit of each finding in what `judge()` writes: `FINDING_BITS`, and those of plugins. */
  readonly findingBits: Readonly<Record<string, number>>;
  readonly #rules: CompiledRules;
  readonly #answers: Answers;
  readonly #room: Arena;
  #encoder: Encoder | undefined;
  #decoder: EntryDecoder | undefined;

  /** @internal `compile()` makes engines. */
  constructor(mmu: Mmu, rules: CompiledRules, room: Arena, wasm: boolean) {
    this.mmu = mmu;
    this.kinds = kindsOf(mmu);
    this.findingBits = findingBitsOf(mmu);
    this.wasm = wasm;
    this.#rules = rules;
    this.#answers = new Answers(mmu, rules);
    this.#room = room;
  }

  /**
   * Rules that could not be compiled, as far as they were used. Their results are right, but slow. `what` is `classify`,
   * `decode`, `decodeSpte`, `judge`, `encode`, or the name of the function that was given.
   */
  get fallbacks(): readonly Fallback[] {
    return this.#rules.fallbacks;
  }

  /** The size of all tables that were needed so far. */
  get tableBytes(): number {
    return this.#rules.byteLength;
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
  allocate<Column>(of: ArrayClass<Column>, length: number): Column {
    return this.#room.array(of, checkInteger('length', length, 0, MAX_ROOM));
  }

  /**
   * The kind of each entry, by its code in `KIND_CODES`.
   *
   * @param into where to write instead of to a new array; as long as there are entries
   *
   * @example
   * ```ts
   * import { compile, SPTE_KINDS } from '@spte/batch';
   * import { createMmu } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
   *
   * const kinds = engine.classify(BigUint64Array.of(0x42b4e67n, 0x42b5827n, 0n), Uint8Array.of(1, 2, 0));
   * [...kinds].map((kind) => SPTE_KINDS[kind]); // [ 'leaf', 'table', 'empty' ]
   * // The bytes of a file or an image of memory.
   * engine.classify(Uint8Array.of(0xa0, 5, 0, 0, 0, 0, 0, 0), null).length; // 1
   * ```
   */
  classify(entries: Entries, levels: Levels, into?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const view = new EntryView(entries);
    const out = into ?? new Uint8Array(view.length);
    checkColumn('into', out, 'Uint8Array', view.length);
    this.#answers.toBytes(this.#answers.kinds, view, levels, out);
    return out;
  }

  /**
   * What each entry says, in columns.
   *
   * @param into where to write instead of to new columns; each as long as there are entries
   *
   * @example
   * ```ts
   * import { ACCESS_BITS, compile } from '@spte/batch';
   * import { createMmu } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
   *
   * const { kind, frame, access } = engine.decode(BigUint64Array.of(0x42b4e67n, 0n), 1);
   * frame[0]; // 17076n
   * ((access[0] ?? 0) & ACCESS_BITS.write) !== 0; // true
   * kind[0] === kind[1]; // false
   * ```
   */
  decode(entries: Entries, levels: Levels, into?: DecodedColumns): DecodedColumns {
    const view = new EntryView(entries);
    const columns = into ?? decodedColumns(view.length);
    checkColumns(columns, view.length);
    const { decoding } = this.#rules;
    const { table, mmio } = decoding;
    forEachLevel(view, levels, (span) =>
      this.#rules.loopsFor(table, span.level, mmio.tables).toColumns(decoding, span, columns),
    );
    if (this.kinds.length > SPTE_KINDS.length) this.#nameKinds(entries, levels, columns);
    return columns;
  }

  /**
   * Leaf entries as `makeSpte()` builds them in a plain VM (core's `plainHost`).
   *
   * @param into where to write instead of to a new array; as long as the columns
   *
   * @example
   * ```ts
   * import { compile } from '@spte/batch';
   * import { createMmu, hex } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
   *
   * const table = engine.encode({ pfn: BigUint64Array.of(0x42b4n, 0x42b5n), access: 7, level: 1 });
   * [...table].map(hex); // [ '0x42b4e67', '0x42b5e67' ]
   * ```
   */
  encode(columns: EncodeColumns, into?: BigUint64Array<ArrayBuffer>): BigUint64Array<ArrayBuffer> {
    return this.#encoding().encode(columns, into);
  }

  /**
   * All findings of each entry, as a bitmap of `FINDING_BITS`: 0 is a clean one.
   *
   * @param into where to write instead of to a new array; as long as there are entries
   *
   * @example
   * ```ts
   * import { compile, findingsOf } from '@spte/batch';
   * import { createMmu } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
   *
   * // The second has a bit beyond the machine's 40 address bits.
   * const found = engine.judge(BigUint64Array.of(0x42b4e67n, 0x2000042b4e67n), 1);
   * [...found].map(findingsOf); // [ [], [ 'reserved-bits' ] ]
   * ```
   */
  judge(entries: Entries, levels: Levels, into?: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    return this.#answers.judge(entries, levels, into);
  }

  /**
   * The answers of any rule.
   *
   * @param rule the same function each time, as its table is kept with it; it answers an integer within 0..65534
   * @throws RangeError when the rule answers anything else
   *
   * @example
   * ```ts
   * import { compile } from '@spte/batch';
   * import { createMmu, isWritablePte, type Mmu } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }), { watch: [] });
   *
   * const writable = (_mmu: Mmu, spte: bigint, level: number | null): number => (isWritablePte(spte) ? (level ?? 0) : 0);
   * [...engine.map(BigUint64Array.of(0x42b4e67n, 0x42b4e65n, 0n), 2, writable)]; // [ 2, 0, 0 ]
   * engine.fallbacks; // []
   * ```
   */
  map(entries: Entries, levels: Levels, rule: Rule): Uint32Array<ArrayBuffer> {
    return this.#answers.toWords(this.#rules.ownTable(rule), entries, levels);
  }

  /**
   * The places of the entries for which a predicate holds, in order.
   *
   * @param predicate the same function each time, as its table is kept with it
   *
   * @example
   * ```ts
   * import { compile } from '@spte/batch';
   * import { createMmu, isWritablePte, type Mmu } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
   *
   * function writable(_mmu: Mmu, spte: bigint): boolean {
   *   return isWritablePte(spte);
   * }
   * [...engine.select(BigUint64Array.of(0x42b4e67n, 0x42b4e65n, 0x42b6e67n), 1, writable)]; // [ 0, 2 ]
   * // Nothing was said of what it looks at.
   * engine.fallbacks.map(({ what }) => what); // [ 'writable' ]
   * ```
   */
  select(entries: Entries, levels: Levels, predicate: Predicate): Uint32Array<ArrayBuffer> {
    const view = new EntryView(entries);
    const { length } = view;
    const found = new Uint32Array(length);
    const answers = new Uint8Array(length);
    this.#answers.toBytes(this.#rules.ownTable(predicate), view, levels, answers);
    let count = 0;
    for (let i = 0; i < length; i++) {
      found[count] = i;
      count += answers[i] as number;
    }
    return found.slice(0, count);
  }

  /**
   * How many entries there are of each kind.
   *
   * @example
   * ```ts
   * import { compile } from '@spte/batch';
   * import { createMmu } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
   *
   * const counts = engine.histogram(BigUint64Array.of(0x42b4e67n, 0x42b5e67n, 0n), 1);
   * counts.leaf; // 2
   * counts.empty; // 1
   * ```
   */
  histogram(entries: Entries, levels: Levels): Record<SpteKind, number> {
    const kinds = this.classify(entries, levels);
    const counts = new Float64Array(this.kinds.length);
    for (let i = 0; i < kinds.length; i++) {
      const kind = kinds[i] as number;
      counts[kind] = (counts[kind] as number) + 1;
    }
    return Object.fromEntries(this.kinds.map((kind, code) => [kind, counts[code]])) as Record<
      SpteKind,
      number
    >;
  }

  /**
   * How many entries have each value of a field, by the value in words (`WB`, `yes`). Counted are shadow-present entries
   * that have the field: in others its bits mean something else.
   *
   * @param field of the CPU's format (`mmu.vendor.format`) or of KVM's layout (`mmu.layout`)
   * @throws RangeError when a value of the field is above 65533
   *
   * @example
   * ```ts
   * import { compile } from '@spte/batch';
   * import { createMmu } from '@spte/core';
   * import { svm } from '@spte/vendor-svm';
   *
   * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
   *
   * const { dirty } = engine.mmu.vendor.format;
   * dirty && engine.histogramBy(BigUint64Array.of(0x42b4e67n, 0x42b5e27n, 0n), 1, dirty); // { no: 1, yes: 1 }
   * ```
   */
  histogramBy(entries: Entries, levels: Levels, field: BitField): Record<string, number> {
    const answers = this.#answers.toWords(this.#rules.fieldTable(field), entries, levels);
    const counts: Record<string, number> = {};
    const byAnswer = new Float64Array(MAX_VALUE + 1);
    for (const answer of answers) byAnswer[answer] = (byAnswer[answer] as number) + 1;
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
    return this.kinds[this.#answers.kindOf(spte, level)] as SpteKind;
  }

  /**
   * What one entry says, by name. Core's function says more: the words of all 64 bits, the evidence, what a tracked leaf
   * becomes.
   *
   * @param level 1..5; null when it is not known
   * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
   */
  decodeSpte(spte: bigint, level: number | null): DecodedEntry {
    this.#decoder ??= this.#rules.createDecoder();
    return this.#decoder.decode(checkU64('spte', spte), level);
  }

  /**
   * All findings of one entry, as a bitmap of `FINDING_BITS`.
   *
   * @param level 1..5; null when it is not known
   * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
   */
  judgeSpte(spte: bigint, level: number | null): number {
    return this.#answers.findingsOf(spte, level);
  }

  /**
   * One leaf entry, as `encode()` makes it.
   *
   * @throws TypeError, RangeError for a value that a column of `encode()` could not have
   */
  makeSpte(request: EncodeRequest): bigint {
    return this.#encoding().make(request);
  }

  /** Columns say of kinds of plugins only that they are some: names each. */
  #nameKinds(entries: Entries, levels: Levels, { kind }: DecodedColumns): void {
    if (!kind.includes(OTHER_KIND)) return;
    kind.set(this.classify(entries, levels));
  }

  #encoding(): Encoder {
    this.#encoder ??= this.#rules.createEncoder();
    return this.#encoder;
  }
}
