// SPDX-License-Identifier: GPL-2.0-only
import { checkInteger, type Mmu, makeSpte, PAGE_SHIFT, pageRole, plainHost } from '@spte/core';
import { REQUEST_BITS } from './codes.ts';
import { checkLength, halves, highHalf, joined, lowHalf } from './words.ts';

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

/** A key is level, access and flags side by side. */
const FLAG_KEY_BITS = 5;
const ACCESS_KEY_BITS = 4;
const LEVEL_KEY_BITS = 3;
const LEVEL_SHIFT = FLAG_KEY_BITS + ACCESS_KEY_BITS;
const KEYS = 1 << (LEVEL_SHIFT + LEVEL_KEY_BITS);

/** A pfn of so many bits stays within the address; more spoil the attributes, which the rule then looks at. */
const PFN_HIGH_BITS = 8;

/** `makeSpte()` in a plain VM, asked once for each combination of level, access and flags. */
export class Encoder {
  /** Why each entry is made by `makeSpte()` itself; null where the table serves. */
  readonly reason: string | null;
  readonly #mmu: Mmu;
  /** Halves of the entry for pfn 0, by key. */
  readonly #made = new Int32Array(2 * KEYS);
  readonly #known = new Uint8Array(KEYS);

  constructor(mmu: Mmu) {
    this.#mmu = mmu;
    this.reason = this.#probe();
  }

  /** The size of the tables. */
  get byteLength(): number {
    return this.#made.byteLength + this.#known.byteLength;
  }

  encode(
    { pfn, gfn, ...columns }: EncodeColumns,
    spte: BigUint64Array<ArrayBuffer>,
  ): BigUint64Array<ArrayBuffer> {
    const { length } = pfn;
    if (gfn !== undefined) checkLength('gfn', gfn, length);
    const access = column('access', columns.access, length, ACCESS_KEY_BITS);
    const level = column('level', columns.level, length, LEVEL_KEY_BITS);
    const flags = column('flags', columns.flags ?? 0, length, FLAG_KEY_BITS);
    checkLength('into', spte, length);
    const out = halves(spte);
    const pfns = halves(pfn);
    const made = this.#made;
    const known = this.#known;
    // Where the table does not serve, no pfn is taken for one that fits the address.
    const fits = this.reason === null ? PFN_HIGH_BITS : 0;
    let seen = -1;
    let madeLo = 0;
    let madeHi = 0;
    for (let i = 0; i < length; i++) {
      const lo = pfns[2 * i] as number;
      const hi = pfns[2 * i + 1] as number;
      const key =
        (flags[i] as number) |
        ((access[i] as number) << FLAG_KEY_BITS) |
        ((level[i] as number) << LEVEL_SHIFT);
      if (key !== seen) {
        if (known[key] === 0) this.#fill(key);
        seen = key;
        madeLo = made[2 * key] as number;
        madeHi = made[2 * key + 1] as number;
      }
      out[2 * i] = madeLo | (lo << 12);
      out[2 * i + 1] = madeHi | (lo >>> 20) | (hi << 12);
      if (hi >>> fits !== 0 || fits === 0) {
        const entry = this.#make(key, joined(hi, lo), gfn?.[i] ?? 0n);
        out[2 * i] = lowHalf(entry);
        out[2 * i + 1] = highHalf(entry);
      }
    }
    return spte;
  }

  #fill(key: number): void {
    const spte = this.#make(key, 0n, 0n);
    this.#made[2 * key] = lowHalf(spte);
    this.#made[2 * key + 1] = highHalf(spte);
    this.#known[key] = 1;
  }

  #make(key: number, pfn: bigint, gfn: bigint): bigint {
    const has = (bit: number): boolean => (key & bit) !== 0;
    const role = pageRole({
      level: key >>> LEVEL_SHIFT,
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

  /** Looks for a pfn or a gfn that does more than stand in its place. */
  #probe(): string | null {
    for (const key of PROBED_KEYS) {
      const plain = this.#make(key, 0n, 0n);
      for (const pfn of PROBED_FRAMES) {
        for (const gfn of PROBED_FRAMES) {
          if (this.#make(key, pfn, gfn) !== (plain | (pfn << PAGE_SHIFT))) {
            return `it depends on the frame: see pfn 0x${pfn.toString(16)}, gfn 0x${gfn.toString(16)}`;
          }
        }
      }
    }
    return null;
  }
}

/** All access at level 1, and at level 2 without A/D bits. */
const PROBED_KEYS = [(1 << LEVEL_SHIFT) | 0x1e0, (2 << LEVEL_SHIFT) | 0x1e0 | REQUEST_BITS.adDisabled];
const PROBED_FRAMES = [0n, 1n, 0x1000n, 0x12_3456n, 0x1f_ffff_ffffn, (1n << 40n) - 1n];

/** A column with no value of more than `bits` bits. */
function column(name: string, values: Uint8Array | number, length: number, bits: number): Uint8Array {
  const max = (1 << bits) - 1;
  if (typeof values === 'number') return new Uint8Array(length).fill(checkInteger(name, values, 0, max));
  checkLength(name, values, length);
  let seen = 0;
  for (let i = 0; i < length; i++) seen |= values[i] as number;
  if (seen > max) throw new RangeError(`the column ${name} must have no value above ${max}`);
  return values;
}
