// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, type Mmu, makeNonleafSpte, makeSpte, pageRole, plainHost } from '@spte/core';
import { type Arena, arrayIn, highHalf, joinHalves, lowHalf } from '@spte/wasm';
import { ADDRESS, type AddressTest, addressTests, distinct } from './address-tests.ts';
import { ADDRESS_SHIFT, CELL_BITS, PIECE_BITS } from './memory-layout.ts';

/** What a rule answers for an entry: an integer within 0..65534. */
export type Rule = (mmu: Mmu, spte: bigint, level: number | null) => number;

/** The largest value of a {@link Rule}. */
export const MAX_VALUE = 0xfffe;

/** A cell of the table holds a value plus 1; 0 says that the rule was not asked yet. */
const MISSING = 0;

/** Places of an entry's attributes: bits 63:52 choose the row, bits 11:0 the cell. */
const ROW_CELLS = 1 << CELL_BITS;
const HI_ATTRIBUTES = 20;
const HIGH_ADDRESS = 0xfffff;

/** Rows by attributes, with the address 0 and not 0. */
const PER_CLASS = 2 * ROW_CELLS;
const MAX_CLASSES = 32;
const MAX_ROWS = 72;

/** Tests that a key can hold. */
const MAX_TESTS = 16;
const PIECE = 1 << PIECE_BITS;

/**
 * How entries of one level are told apart by their address.
 *
 * An entry's answers to all tests are its class. `pieces` has the answers by runs of ten address bits, to be or-ed:
 * for `any` a set bit says "some set", for `all` it says "some clear".
 */
export interface LevelKey {
  readonly level: number | null;
  /** Address bits that tests look at. */
  readonly watchHi: number;
  readonly watchLo: number;
  readonly pieces: Uint16Array;
  /** The answers of an entry with none of those bits. */
  readonly plain: number;
  /** Where the rows of a class are found, by its answers; -1 for a class that was not met yet. */
  readonly classes: Int32Array;
}

function levelKey(level: number | null, tests: readonly AddressTest[], arena: Arena | null): LevelKey {
  const watch = tests.reduce((mask, { mask: own }) => mask | own, 0n);
  const pieces = arrayIn(arena, Uint16Array, 4 * PIECE);
  for (let piece = 0; piece < 4; piece++) {
    const shift = BigInt(ADDRESS_SHIFT + PIECE_BITS * piece);
    const masks = tests.map(({ mask }) => Number((mask >> shift) & BigInt(PIECE - 1)));
    for (let value = 0; value < PIECE; value++) {
      let answers = 0;
      for (const [n, mask] of masks.entries()) {
        const seen = tests[n]?.test === 'all' ? mask & ~value : mask & value;
        if (seen !== 0) answers |= 1 << n;
      }
      pieces[piece * PIECE + value] = answers;
    }
  }
  const count = 1 << tests.length;
  const classes = arrayIn(arena, Int32Array, count).fill(-1);
  const plain = [0, 1, 2, 3].reduce((answers, piece) => answers | (pieces[piece * PIECE] as number), 0);
  return { level, watchHi: highHalf(watch), watchLo: lowHalf(watch), pieces, plain, classes };
}

/** The answers of an entry to the tests of a key. */
function answersOf({ pieces, plain, watchHi, watchLo }: LevelKey, hi: number, lo: number): number {
  if (((hi & watchHi) | (lo & watchLo)) === 0) return plain;
  return (
    (pieces[(lo >>> ADDRESS_SHIFT) & (PIECE - 1)] as number) |
    (pieces[PIECE | (lo >>> (ADDRESS_SHIFT + PIECE_BITS))] as number) |
    (pieces[(2 * PIECE) | (hi & (PIECE - 1))] as number) |
    (pieces[(3 * PIECE) | ((hi >>> PIECE_BITS) & (PIECE - 1))] as number)
  );
}

/**
 * A rule as a table that fills as entries are met: the rule is asked once for each pattern of level, attributes and
 * answers to address tests. When there are more patterns than the table has rows for, it starts again from nothing.
 */
export class RuleTable {
  readonly mmu: Mmu;
  readonly rule: Rule;
  /** Why the rule has to be asked for each entry; null where the table serves. */
  readonly reason: string | null;
  /** Row by class, "address is not 0" and bits 63:52; 0 for none. */
  readonly rowOf: Uint8Array;
  /** Values plus 1, by row and bits 11:0. Row 0 stays empty. */
  readonly cells: Uint16Array;
  /** How often the rule was asked. */
  asked = 0;
  /** By level, 0 for none. */
  readonly #keys: (LevelKey | undefined)[] = [];
  readonly #watch: readonly AddressTest[];
  readonly #arena: Arena | null;
  #rows = 0;
  #classes = 0;

  /**
   * @param watch address tests of the rule beyond those of core's rules
   * @param arena where its arrays are to stand, if anywhere
   */
  constructor(mmu: Mmu, rule: Rule, watch: readonly AddressTest[] = [], arena: Arena | null = null) {
    this.mmu = mmu;
    this.rule = rule;
    this.#watch = watch;
    this.#arena = arena;
    this.reason = this.#probe();
    const rows = this.reason === null ? MAX_CLASSES * PER_CLASS : 0;
    this.rowOf = arrayIn(arena, Uint8Array, rows);
    const cells = this.reason === null ? (MAX_ROWS + 1) * ROW_CELLS : 0;
    this.cells = arrayIn(arena, Uint16Array, cells);
  }

  /** The size of all tables. */
  get byteLength(): number {
    let size = this.rowOf.byteLength + this.cells.byteLength;
    for (const { pieces, classes } of this.#known()) size += pieces.byteLength + classes.byteLength;
    return size;
  }

  /**
   * The key for entries of a level.
   *
   * @throws TypeError, RangeError when there is no such level
   */
  key(level: number | null): LevelKey {
    return this.#keys[level ?? 0] ?? this.#newKey(level);
  }

  #newKey(level: number | null): LevelKey {
    if (level !== null) checkLevel('level', level);
    const key = levelKey(level, this.#tests(level), this.#arena);
    this.#keys[level ?? 0] = key;
    return key;
  }

  #known(): LevelKey[] {
    return this.#keys.filter((key) => key !== undefined);
  }

  /** Where the rows of an entry's class begin. */
  classBase(key: LevelKey, hi: number, lo: number): number {
    const answers = answersOf(key, hi, lo);
    const known = key.classes[answers] as number;
    if (known >= 0) return known;
    if (this.#classes === MAX_CLASSES) this.#reset();
    const base = this.#classes++ * PER_CLASS;
    key.classes[answers] = base;
    return base;
  }

  /** Asks the rule about an entry and keeps the answer; returns it as a cell holds it. */
  fill(key: LevelKey, hi: number, lo: number): number {
    const cell = this.ask(joinHalves(hi, lo), key.level) + 1;
    let index = this.classBase(key, hi, lo) | withinClass(hi, lo);
    if (this.rowOf[index] === MISSING) {
      if (this.#rows === MAX_ROWS) {
        this.#reset();
        index = this.classBase(key, hi, lo) | withinClass(hi, lo);
      }
      this.rowOf[index] = ++this.#rows;
    }
    this.cells[((this.rowOf[index] as number) * ROW_CELLS) | (lo & (ROW_CELLS - 1))] = cell;
    return cell;
  }

  /** The rule's answer for one entry. */
  answer(key: LevelKey, hi: number, lo: number): number {
    if (this.reason !== null) return this.ask(joinHalves(hi, lo), key.level);
    const row = this.rowOf[this.classBase(key, hi, lo) | withinClass(hi, lo)] as number;
    const cell = this.cells[(row * ROW_CELLS) | (lo & (ROW_CELLS - 1))] as number;
    return (cell === MISSING ? this.fill(key, hi, lo) : cell) - 1;
  }

  /** Asks the rule itself. */
  ask(spte: bigint, level: number | null): number {
    this.asked++;
    const value = this.rule(this.mmu, spte, level);
    if (!Number.isInteger(value) || value < 0 || value > MAX_VALUE) {
      throw new RangeError(`a rule must answer an integer within 0..${MAX_VALUE}, got ${value}`);
    }
    return value;
  }

  #tests(level: number | null): AddressTest[] {
    return distinct([...addressTests(this.mmu, level), ...this.#watch]);
  }

  #reset(): void {
    this.rowOf.fill(MISSING);
    this.cells.fill(MISSING);
    for (const { classes } of this.#known()) classes.fill(-1);
    this.#rows = 0;
    this.#classes = 0;
  }

  /** Looks for two entries of one pattern about which the rule says different things. */
  #probe(): string | null {
    for (const [n, [spte, level]] of samples(this.mmu).entries()) {
      const tests = this.#tests(level);
      if (tests.length > MAX_TESTS) return `it has ${tests.length} address tests, more than ${MAX_TESTS}`;
      const key = this.key(level);
      const answers = new Map<number, number>();
      for (const address of probes(n)) {
        const word = (spte & ~ADDRESS) | address;
        const pattern = answersOf(key, highHalf(word), lowHalf(word)) * 2 + Number(address === 0n);
        const value = this.ask(word, level);
        if ((answers.get(pattern) ?? value) !== value) {
          return `it depends on address bits that were not announced: see 0x${word.toString(16)}`;
        }
        answers.set(pattern, value);
      }
    }
    return null;
  }
}

/** Addresses to probe the `n`th sample with: none, all, some without a pattern, and its share of the single bits. */
function probes(n: number): bigint[] {
  const singles = Array.from(
    { length: 40 / SAMPLES },
    (_, i) => 1n << BigInt(ADDRESS_SHIFT + SAMPLES * i + n),
  );
  const mixed = [1n, 2n].map((i) => (0x9e37_79b9_7f4a_7c15n * (BigInt(n) + 3n * i)) & ADDRESS);
  return [0n, ADDRESS, ...singles, ...mixed];
}

/** How many {@link samples} there are. */
const SAMPLES = 5;

/** Entries of each sort that KVM writes, with the level they have. */
function samples(mmu: Mmu): [bigint, number | null][] {
  const leaf = (level: number): bigint =>
    makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn: 0n, pfn: 0n }).spte;
  return [
    [leaf(1), 1],
    [leaf(2), 2],
    [makeNonleafSpte(mmu, 0n, false), 2],
    [mmu.masks.vmMmioValue, 1],
    [0n, null],
  ];
}

/** Where the row of an entry stands among those of its class: by bits 63:52, and by whether the address is 0. */
export function withinClass(hi: number, lo: number): number {
  const address = (hi & HIGH_ADDRESS) | (lo >>> ADDRESS_SHIFT);
  // The sum carries into bit 20 unless the address is 0; from there to bit 12.
  return (((address + HIGH_ADDRESS) >>> 8) & ROW_CELLS) | (hi >>> HI_ATTRIBUTES);
}
