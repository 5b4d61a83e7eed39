// SPDX-License-Identifier: GPL-2.0-only
// The machine of the benchmark, as numbers for the C and for the port, and the entries to work on.

import { random } from '@spte/testing/random';
import {
  decodeSpte,
  judgeSpte,
  kvmMmuMaxGfn,
  type Mmu,
  makeSpte,
  pageRole,
  plainHost,
} from '../packages/core/src/index.ts';

/** The masks of `struct machine` in batch.c, in its order. */
export function machineWords(mmu: Mmu) {
  const { masks, layout, zeroCheck } = mmu;
  const { low, high, highShift } = layout.mmioGeneration;
  const leaf = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0n, pfn: 0n }).spte;
  // Which bits mean nothing, or are never set, is what core says of each bit alone.
  const bitsWith = (entry: bigint, code: string): bigint => {
    let mask = 0n;
    for (let n = 0n; n < 64n; n++) {
      if (judgeSpte(mmu, entry | (1n << n), 1).some((finding) => finding.code === code)) mask |= 1n << n;
    }
    return mask;
  };
  const noMeaningMmio = decodeSpte(mmu, masks.vmMmioValue, 1)
    .fields.filter(({ owner }) => owner === 'none')
    .reduce((mask, field) => mask | field.mask, 0n);
  return {
    frozen: layout.frozen ?? 0n,
    empty: layout.empty,
    mmuPresent: layout.mmuPresent?.mask ?? 0n,
    mmioMask: masks.mmioMask,
    mmioValue: masks.vmMmioValue,
    accTrack: masks.accTrack,
    adMask: layout.adType.mask,
    adShift: layout.adType.shift,
    adDisabled: 1n,
    rsvdClear: zeroCheck.bit7Clear[0] ?? 0n,
    rsvdSet: zeroCheck.bit7Set[0] ?? 0n,
    badMtXwr: zeroCheck.badMtXwr,
    present: masks.present,
    hostWritable: masks.hostWritable,
    mmuWritable: masks.mmuWritable,
    baseAddr: masks.baseAddr,
    guard: masks.nonpresentOrRsvd,
    lowerGfn: masks.lowerGfn,
    maxGfn: kvmMmuMaxGfn(mmu),
    meMask: masks.meMask,
    meValue: masks.meValue,
    neverSet: bitsWith(leaf, 'bits-kvm-never-sets'),
    noMeaning: bitsWith(leaf, 'bits-without-meaning'),
    noMeaningMmio,
    mmioAccess: masks.mmioAccess,
    genLow: low.mask,
    genLowShift: low.shift,
    genHigh: high.mask,
    genHighShift: highShift,
    accessed: masks.accessed,
    dirty: masks.dirty,
    x: masks.x,
    nx: masks.nx,
    user: masks.user,
    memtype: leaf & masks.memtype,
    nxHuge: BigInt(mmu.params.nxHugePages),
    saved: layout.savedBits.mask << layout.savedBits.shift,
  };
}

/** Masks by name. */
export type Machine = ReturnType<typeof machineWords>;

/** What the four jobs read. */
export interface Data {
  readonly entries: BigUint64Array<ArrayBuffer>;
  readonly pfn: BigUint64Array<ArrayBuffer>;
  readonly access: Uint8Array<ArrayBuffer>;
  readonly level: Uint8Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
}

/**
 * Entries of level 1: leaves with and without write access, tracked or dirty or not, empty ones, some MMIO. In `runs`
 * an attribute lasts for up to 512 entries and frames follow each other, as in page tables; `shuffled` changes it with
 * each entry.
 */
export function makeData(mmu: Mmu, count: number, shape: 'runs' | 'shuffled'): Data {
  const { u32, below, pick } = random(1);
  const { masks, layout } = mmu;
  const made = (access: number, hostWritable: boolean, prefetch: boolean, adDisabled: boolean): bigint =>
    makeSpte(mmu, plainHost, {
      role: pageRole({ adDisabled }),
      gfn: 0n,
      pfn: 0n,
      access,
      hostWritable,
      prefetch,
    }).spte;
  const leaves = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((n) =>
    made((n & 1) === 0 ? 7 : 5, (n & 2) === 0, (n & 4) !== 0, (n & 8) !== 0),
  );
  const mmio = masks.vmMmioValue | masks.nonpresentOrRsvd | (5n << 3n);
  const attributes = [...leaves, ...leaves, ...leaves, layout.empty, layout.empty, layout.empty, mmio];
  const entries = new BigUint64Array(count);
  const pfn = new BigUint64Array(count);
  const access = new Uint8Array(count);
  const level = new Uint8Array(count);
  const flags = new Uint8Array(count);
  for (let i = 0; i < count; ) {
    const length = shape === 'shuffled' ? 1 : 1 + below(512);
    const attribute = pick(attributes);
    const first = below(1 << 26);
    const choice = u32();
    for (let n = 0; n < length && i < count; n++, i++) {
      const frame = BigInt(first + n);
      entries[i] = attribute === layout.empty ? attribute : attribute | (frame << 12n);
      pfn[i] = frame;
      access[i] = (choice & 1) === 0 ? 7 : 5;
      level[i] = (choice & 14) === 0 ? 2 : 1;
      flags[i] = (choice >>> 4) % 10 === 0 ? 4 : ((choice >>> 8) & 1) * 8;
    }
  }
  return { entries, pfn, access, level, flags };
}

/** The same entries over and over, as many as asked for. */
export function repeated(data: Data, count: number): Data {
  if (data.entries.length === count) return data;
  const words = (column: BigUint64Array<ArrayBuffer>): BigUint64Array<ArrayBuffer> => {
    const all = new BigUint64Array(count);
    for (let at = 0; at < count; at += column.length) all.set(column, at);
    return all;
  };
  const bytes = (column: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const all = new Uint8Array(count);
    for (let at = 0; at < count; at += column.length) all.set(column, at);
    return all;
  };
  return {
    entries: words(data.entries),
    pfn: words(data.pfn),
    access: bytes(data.access),
    level: bytes(data.level),
    flags: bytes(data.flags),
  };
}
