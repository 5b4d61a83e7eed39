// SPDX-License-Identifier: GPL-2.0-only
import {
  checkInteger,
  checkLevel,
  checkU64,
  frameDependence,
  type Mmu,
  makeSpte,
  pageRole,
  plainHost,
} from '@spte/core';
import {
  arrayIn,
  highHalf,
  joinHalves,
  lowHalf,
  wordHalves as sharedHalves,
  word as sharedWord,
} from '@spte/wasm';
import { REQUEST_BITS } from './codes.ts';
import { ColumnWindow } from './column-window.ts';
import { checkClass, checkColumn, halves } from './entries.ts';
import type { Kernel } from './kernel.ts';
import * as LAYOUT from './memory-layout.ts';

// Engines fold what is constant in a module, but not what comes from another.
const { ACCESS_KEY_BITS, BLOCK, FLAG_KEY_BITS, FRAME_BITS, LEVEL_KEY_BITS, LEVEL_KEY_SHIFT } = LAYOUT;
const word = sharedWord;
const wordHalves = sharedHalves;

/** Requests for leaf entries in columns: element `i` of each belongs to entry `i`; a number is meant for all. */
export interface EncodeColumns {
  readonly pfn: BigUint64Array;
  /** Without influence in a plain VM, unless a plugin's hook looks at it; 0 when absent. */
  readonly gfn?: BigUint64Array | undefined;
  /** Access bits of the kernel, 0..15: core's `accessBits()`. */
  readonly access: Uint8Array | number;
  /** 1..5 */
  readonly level: Uint8Array | number;
  /** Bits of `REQUEST_BITS`; none when absent. */
  readonly flags?: Uint8Array | number | undefined;
}

/** A request for one leaf entry; its values mean what they mean in {@link EncodeColumns}. */
export interface EncodeRequest {
  readonly pfn: bigint;
  readonly gfn?: bigint | undefined;
  readonly access: number;
  readonly level: number;
  readonly flags?: number | undefined;
}

/** A key is level, access and flags side by side. */
const KEYS = 1 << (LEVEL_KEY_SHIFT + LEVEL_KEY_BITS);

/** @throws RangeError for a value that does not fit its part of the key */
function keyOf(level: number, access: number, flags: number): number {
  if (((access >>> ACCESS_KEY_BITS) | (level >>> LEVEL_KEY_BITS) | (flags >>> FLAG_KEY_BITS)) !== 0) {
    checkFits('access', access, ACCESS_KEY_BITS);
    checkLevel('level', level);
    checkFits('flags', flags, FLAG_KEY_BITS);
  }
  return flags | (access << FLAG_KEY_BITS) | (level << LEVEL_KEY_SHIFT);
}

function checkFits(name: string, value: number, bits: number): void {
  if (value >>> bits !== 0)
    throw new RangeError(`${name} must be within 0..${(1 << bits) - 1}, got ${value}`);
}

/** Bits of a pfn's high half that stay within the address. */
const PFN_HIGH_BITS = FRAME_BITS - 32;

/** Columns to encode, each with a value for every entry. */
interface Requests {
  readonly pfn: BigUint64Array;
  readonly gfn: BigUint64Array | undefined;
  readonly access: Uint8Array;
  readonly level: Uint8Array;
  readonly flags: Uint8Array;
}

/** `makeSpte()` in a plain VM, asked once for each combination of level, access and flags. */
export class Encoder {
  /** Why each entry is made by `makeSpte()` itself; null where the table serves. */
  readonly reason: string | null;
  readonly #mmu: Mmu;
  readonly #kernel: Kernel | null;
  /** Halves of the entry for pfn 0, by key; 0 for one that was not made yet, or where the table does not serve. */
  readonly #made: Int32Array<ArrayBuffer>;

  constructor(mmu: Mmu, kernel: Kernel | null = null) {
    this.#mmu = mmu;
    this.#made = arrayIn(kernel?.tables ?? null, Int32Array, 2 * KEYS);
    this.reason = frameDependence(mmu);
    this.#kernel = this.#made.buffer === kernel?.memory && this.reason === null ? kernel : null;
  }

  /** The size of the tables. */
  get byteLength(): number {
    return this.#made.byteLength;
  }

  encode(
    { pfn, gfn, ...columns }: EncodeColumns,
    into?: BigUint64Array<ArrayBuffer>,
  ): BigUint64Array<ArrayBuffer> {
    checkClass('pfn', pfn, 'BigUint64Array');
    const { length } = pfn;
    const spte = into ?? new BigUint64Array(length);
    if (gfn !== undefined) checkColumn('gfn', gfn, 'BigUint64Array', length);
    const access = column('access', columns.access, length);
    const level = column('level', columns.level, length);
    const flags = column('flags', columns.flags ?? 0, length);
    checkColumn('into', spte, 'BigUint64Array', length);
    const requests = { pfn, gfn, access, level, flags };
    if (this.#kernel === null) this.#encode(requests, spte);
    else this.#encodeBy(this.#kernel, requests, spte);
    return spte;
  }

  /** One entry. */
  make({ pfn, gfn, access, level, flags = 0 }: EncodeRequest): bigint {
    const key = keyOf(level, access, flags);
    word[0] = checkU64('pfn', pfn);
    const lo = wordHalves[0] as number;
    const hi = wordHalves[1] as number;
    const madeLo = this.#made[2 * key] as number;
    const madeHi = this.#made[2 * key + 1] as number;
    if ((madeLo | madeHi) === 0 || hi >>> PFN_HIGH_BITS !== 0) return this.#makeFirst(key, pfn, gfn);
    wordHalves[0] = madeLo | (lo << 12);
    wordHalves[1] = madeHi | (lo >>> 20) | (hi << 12);
    return word[0];
  }

  /** One entry that the table cannot give yet, or never. */
  #makeFirst(key: number, pfn: bigint, gfn: bigint = 0n): bigint {
    this.#fill(key);
    return this.#make(key, pfn, gfn);
  }

  /** In JavaScript. */
  #encode({ pfn, gfn, access, level, flags }: Requests, spte: BigUint64Array<ArrayBuffer>): void {
    const out = halves(spte);
    const pfns = halves(pfn);
    const made = this.#made;
    let seen = -1;
    let key = 0;
    let madeLo = 0;
    let madeHi = 0;
    for (let i = 0; i < pfn.length; i++) {
      const lo = pfns[2 * i] as number;
      const hi = pfns[2 * i + 1] as number;
      const request = (level[i] as number) | ((access[i] as number) << 8) | ((flags[i] as number) << 16);
      if (request !== seen) {
        key = keyOf(level[i] as number, access[i] as number, flags[i] as number);
        this.#fill(key);
        seen = request;
        madeLo = made[2 * key] as number;
        madeHi = made[2 * key + 1] as number;
      }
      out[2 * i] = madeLo | (lo << 12);
      out[2 * i + 1] = madeHi | (lo >>> 20) | (hi << 12);
      if (hi >>> PFN_HIGH_BITS !== 0 || (madeLo | madeHi) === 0) {
        const entry = this.#make(key, joinHalves(hi, lo), gfn?.[i] ?? 0n);
        out[2 * i] = lowHalf(entry);
        out[2 * i + 1] = highHalf(entry);
      }
    }
  }

  /** By a kernel, block by block; where it stops, the rule itself makes the entry. */
  #encodeBy(kernel: Kernel, { pfn, gfn, access, level, flags }: Requests, spte: BigUint64Array): void {
    const { loops, view } = kernel;
    const made = this.#made.byteOffset;
    const frames = new ColumnWindow(pfn, 8, kernel.entries);
    const allowed = new ColumnWindow(access, 1, kernel.access);
    const levels = new ColumnWindow(level, 1, kernel.kinds);
    const flagged = new ColumnWindow(flags, 1, kernel.flags);
    const entries = new ColumnWindow(spte, 8, kernel.frames, pfn);
    for (let at = 0; at < pfn.length; at += BLOCK) {
      const count = Math.min(BLOCK, pfn.length - at);
      const out = entries.write(at, count);
      const frameAt = frames.read(at, count);
      const accessAt = allowed.read(at, count);
      const levelAt = levels.read(at, count);
      const flagsAt = flagged.read(at, count);
      const encode = (from: number): number =>
        loops.encode(made, frameAt, accessAt, levelAt, flagsAt, out, from, count);
      let i = encode(0);
      while (i < count) {
        const n = at + i;
        const key = keyOf(level[n] as number, access[n] as number, flags[n] as number);
        this.#fill(key);
        view.setBigUint64(out + 8 * i, this.#make(key, pfn[n] as bigint, gfn?.[n] ?? 0n), true);
        i = encode(i + 1);
      }
      entries.settle(at, count);
    }
  }

  /** Makes the entry for pfn 0, unless it is known or does not serve. */
  #fill(key: number): void {
    if (this.reason !== null || this.#made[2 * key] !== 0 || this.#made[2 * key + 1] !== 0) return;
    const spte = this.#make(key, 0n, 0n);
    this.#made[2 * key] = lowHalf(spte);
    this.#made[2 * key + 1] = highHalf(spte);
  }

  #make(key: number, pfn: bigint, gfn: bigint): bigint {
    const has = (bit: number): boolean => (key & bit) !== 0;
    const role = pageRole({
      level: key >>> LEVEL_KEY_SHIFT,
      adDisabled: has(REQUEST_BITS.adDisabled),
      guestMode: has(REQUEST_BITS.guestMode),
    });
    return makeSpte(this.#mmu, plainHost, {
      role,
      gfn,
      pfn,
      access: (key >>> FLAG_KEY_BITS) & ((1 << ACCESS_KEY_BITS) - 1),
      prefetch: has(REQUEST_BITS.prefetch),
      canUnsync: !has(REQUEST_BITS.noUnsync),
      hostWritable: !has(REQUEST_BITS.hostReadOnly),
    }).spte;
  }
}

const MAX_BYTE = 255;

/** A column with a value for each entry. */
function column(name: string, values: Uint8Array | number, length: number): Uint8Array {
  if (typeof values === 'number') {
    return new Uint8Array(length).fill(checkInteger(name, values, 0, MAX_BYTE));
  }
  checkColumn(name, values, 'Uint8Array', length);
  return values;
}
