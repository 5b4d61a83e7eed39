// SPDX-License-Identifier: GPL-2.0-only
// batch.c in bigint, as a newcomer would write it: plain operators, one entry at a time.
import type { Machine } from './machine.ts';

/** Kinds by the codes of @spte/batch. */
const [EMPTY, LEAF, TRACKED, TABLE, MMIO, FROZEN, UNKNOWN] = [0, 1, 2, 3, 4, 5, 6] as const;

const isMmio = (m: Machine, e: bigint): boolean => (e & m.mmioMask) === m.mmioValue;
const adType = (m: Machine, e: bigint): bigint => (e & m.adMask) >> m.adShift;
const isTracked = (m: Machine, e: bigint): boolean =>
  adType(m, e) === m.adDisabled && (e & m.accTrack) === 0n;

/** The kind of an entry. */
export function kindOf(m: Machine, e: bigint, level: number): number {
  if (e === m.frozen) return FROZEN;
  if ((e & m.mmuPresent) !== 0n) {
    if (level !== 1 && (e & 0x80n) === 0n) return TABLE;
    return m.accTrack !== 0n && isTracked(m, e) ? TRACKED : LEAF;
  }
  if (isMmio(m, e)) return MMIO;
  return e === 0n || e === m.empty ? EMPTY : UNKNOWN;
}

/** A decoded entry as an object. */
export function decodeOne(m: Machine, e: bigint, level: number) {
  const kind = kindOf(m, e, level);
  if (kind === MMIO) {
    return {
      kind,
      frame: ((e & m.lowerGfn) | ((e >> 5n) & m.guard)) >> 12n,
      access: Number(e & m.mmioAccess),
      flags: 0,
      generation: Number(((e & m.genLow) >> m.genLowShift) | ((e & m.genHigh) >> m.genHighShift)),
    };
  }
  if (kind !== LEAF && kind !== TRACKED && kind !== TABLE) {
    return { kind, frame: 0n, access: 0, flags: 0, generation: 0 };
  }
  const type = adType(m, e);
  const inUse = type !== m.adDisabled;
  let access = Number(e & 3n);
  if ((e & (m.x | m.nx)) === m.x) access |= 4;
  let flags = Number(type) << 6;
  if (inUse && m.accessed !== 0n ? (e & m.accessed) !== 0n : !isTracked(m, e)) flags |= 1;
  if (kind !== TABLE) {
    if ((e & (inUse && m.dirty !== 0n ? m.dirty : 2n)) !== 0n) flags |= 2;
    if ((e & m.hostWritable) !== 0n) flags |= 4;
    if ((e & m.mmuWritable) !== 0n) flags |= 8;
    if ((e & 0x40n) !== 0n) flags |= 32;
  }
  if ((e & (m.meMask | m.meValue)) !== 0n) flags |= 16;
  return { kind, frame: (e & m.baseAddr) >> 12n, access, flags, generation: 0 };
}

const KINDS = ['empty', 'leaf', 'tracked', 'table', 'mmio', 'frozen', 'unknown'] as const;
const AD_TYPES = ['enabled', 'disabled', 'write-protect-only', 'invalid'] as const;
const MEMTYPES = ['UC', 'WC', undefined, undefined, 'WT', 'WP', 'WB', undefined] as const;

/** A decoded EPT entry by name, as the `decodeSpte()` of an engine gives it. */
export function decodeFull(m: Machine, e: bigint, level: number) {
  const code = kindOf(m, e, level);
  const kind = KINDS[code] ?? 'unknown';
  if (code === MMIO) {
    return {
      kind,
      frame: ((e & m.lowerGfn) | ((e >> 5n) & m.guard)) >> 12n,
      mapping: null,
      mmioAccess: Number(e & m.mmioAccess),
      generation: Number(((e & m.genLow) >> m.genLowShift) | ((e & m.genHigh) >> m.genHighShift)),
    };
  }
  if (code !== LEAF && code !== TRACKED && code !== TABLE) {
    return { kind, frame: 0n, mapping: null, mmioAccess: null, generation: 0 };
  }
  const type = adType(m, e);
  const inUse = type !== m.adDisabled;
  const table = code === TABLE;
  return {
    kind,
    frame: (e & m.baseAddr) >> 12n,
    mapping: {
      access: {
        read: (e & 1n) !== 0n,
        write: (e & 2n) !== 0n,
        execute: (e & (m.x | m.nx)) === m.x,
        user: null,
      },
      memtype: table ? null : (MEMTYPES[Number((e >> 3n) & 7n)] ?? null),
      ignorePat: table ? null : (e & 0x40n) !== 0n,
      adType: AD_TYPES[Number(type)],
      accessed: inUse && m.accessed !== 0n ? (e & m.accessed) !== 0n : !isTracked(m, e),
      dirty: table ? null : (e & (inUse && m.dirty !== 0n ? m.dirty : 2n)) !== 0n,
      hostWritable: table ? null : (e & m.hostWritable) !== 0n,
      mmuWritable: table ? null : (e & m.mmuWritable) !== 0n,
      encrypted: (e & (m.meMask | m.meValue)) !== 0n,
    },
    mmioAccess: null,
    generation: 0,
  };
}

/** The findings of an entry. */
export function judgeOne(m: Machine, e: bigint, level: number): number {
  const kind = kindOf(m, e, level);
  let found = 0;
  if (kind === UNKNOWN) return 1 << 8;
  if (kind === MMIO) {
    if ((m.guard & ~e) !== 0n) found |= 1 << 6;
    if (((e & m.lowerGfn) | ((e >> 5n) & m.guard)) >> 12n > m.maxGfn) found |= 1 << 7;
    if ((e & m.noMeaningMmio) !== 0n) found |= 1 << 9;
  } else if (kind === LEAF || kind === TRACKED) {
    const rsvd = (e & 0x80n) === 0n ? m.rsvdClear : m.rsvdSet;
    const type = e & m.adMask;
    if ((e & rsvd) !== 0n) found |= 1;
    if (((m.badMtXwr >> ((e & 0x3fn) | 7n)) & 1n) !== 0n) found |= 1 << 1;
    if (((m.badMtXwr >> (e & 7n)) & 1n) !== 0n) found |= 1 << 2;
    if ((e & m.mmuWritable) !== 0n && (e & m.hostWritable) === 0n) found |= 1 << 3;
    if ((e & 2n) !== 0n && (e & m.mmuWritable) === 0n) found |= 1 << 4;
    if (isMmio(m, e)) found |= 1 << 5;
    const saved = kind === TRACKED ? m.saved : 0n;
    if ((e & m.noMeaning & ~rsvd & ~saved) !== 0n) found |= 1 << 9;
    if ((e & m.neverSet & ~rsvd) !== 0n) found |= 1 << 10;
    if ((m.accTrack === 0n || type === m.adMask) && type !== 0n) found |= 1 << 11;
    if ((m.present & ~(kind === TRACKED ? m.accTrack : 0n) & ~e) !== 0n) found |= 1 << 12;
    if ((e & m.meMask & ~m.meValue) !== 0n) found |= 1 << 14;
  }
  return found;
}

/** A leaf entry. */
export function encodeOne(m: Machine, pfn: bigint, asked: number, level: number, flags: number): bigint {
  let access = asked;
  let e = m.mmuPresent;
  const unused = (flags & 1) !== 0 && (flags & 2) === 0;
  const inUse = (flags & 8) === 0;
  if (!inUse) e |= m.adDisabled << m.adShift;
  e |= m.present;
  if (!unused && inUse) e |= m.accessed;
  if (level > 1 && m.nxHuge !== 0n) access &= ~1;
  e |= (access & 1) === 0 ? m.nx : m.x;
  if ((access & 4) !== 0) e |= m.user;
  if (level > 1) e |= 0x80n;
  e |= m.memtype;
  if ((flags & 4) === 0) e |= m.hostWritable;
  else access &= ~2;
  e |= m.meValue | (pfn << 12n);
  if ((access & 2) !== 0) {
    e |= 2n | m.mmuWritable;
    if (inUse) e |= m.dirty;
  }
  if (unused && inUse) e &= ~m.accessed;
  else if (unused && (e & m.accTrack) !== 0n) {
    e |= (e & 5n) << 54n;
    e &= ~(m.accTrack | m.accessed);
  }
  return e;
}
