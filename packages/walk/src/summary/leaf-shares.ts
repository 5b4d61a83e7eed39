// SPDX-License-Identifier: GPL-2.0-only
import type { DecodedMapping, ReadOnlyReason } from '@spte/core';
import { entryBytes } from '../walk/root.ts';
import type { MemtypeSummary, ReadOnlySummary, Share } from './walk-summary.ts';

/** What leaves can have in common. */
interface LeafShares {
  readonly mapped: Share;
  readonly accessed: Share;
  readonly dirty: Share;
  readonly writable: Share;
  readonly executable: Share;
}

/** Adds up what leaves map. */
export interface LeafCounter {
  /** Counts `count` leaves at `level` that are alike. */
  add(level: number, mapping: DecodedMapping, count: number): void;
  shares(): LeafShares;
  /** Most bytes first. */
  memtypes(): MemtypeSummary[];
  /** Most bytes first. */
  readOnly(): ReadOnlySummary[];
}

/** Starts with no leaf. */
export function leafCounter(): LeafCounter {
  const shares = { mapped: NONE, accessed: NONE, dirty: NONE, writable: NONE, executable: NONE };
  const memtypes = new Map<string | null, Share>();
  const reasons = new Map<ReadOnlyReason, Share>();
  return {
    add(level, { accessed, dirty, access, memtype, readOnly }, count) {
      const more: Share = { leaves: count, bytes: BigInt(count) * entryBytes(level) };
      shares.mapped = sum(shares.mapped, more);
      if (accessed) shares.accessed = sum(shares.accessed, more);
      if (dirty === true) shares.dirty = sum(shares.dirty, more);
      if (access.write) shares.writable = sum(shares.writable, more);
      if (access.execute) shares.executable = sum(shares.executable, more);
      memtypes.set(memtype, sum(memtypes.get(memtype) ?? NONE, more));
      if (readOnly !== null) reasons.set(readOnly, sum(reasons.get(readOnly) ?? NONE, more));
    },
    shares: () => ({ ...shares }),
    memtypes: () => [...memtypes].map(([memtype, share]) => ({ memtype, ...share })).toSorted(mostBytes),
    readOnly: () => [...reasons].map(([reason, share]) => ({ reason, ...share })).toSorted(mostBytes),
  };
}

const NONE: Share = { leaves: 0, bytes: 0n };

const mostBytes = (a: Share, b: Share): number => Number(b.bytes - a.bytes);

const sum = (a: Share, b: Share): Share => ({ leaves: a.leaves + b.leaves, bytes: a.bytes + b.bytes });
