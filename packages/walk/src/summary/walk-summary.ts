// SPDX-License-Identifier: GPL-2.0-only
import type { ReadOnlyReason, Severity, SpteKind } from '@spte/core';
import type { WalkEntry } from '../walk/entry.ts';
import type { EntryFinding } from '../walk/findings.ts';

/** Leaves and the guest memory that they map. */
export interface Share {
  /** Leaves, access-tracked ones included. */
  readonly leaves: number;
  /** Bytes that they map. */
  readonly bytes: bigint;
}

/** Number of entries of each kind: all of core's, and those of plugins that there are. */
export type KindCounts = { readonly [Kind in SpteKind]: number };

/** What stands at one level. */
export interface LevelSummary {
  /** The level, 1..5. */
  readonly level: number;
  /** Bytes that an entry of the level maps: the page size of its leaves. */
  readonly entryBytes: bigint;
  /** Entries of the level, all kinds together. */
  readonly entries: number;
  /** Entries of the level by kind. */
  readonly kinds: KindCounts;
  /** What its leaves map. */
  readonly mapped: Share;
}

/** Leaves of one memory type. */
export interface MemtypeSummary extends Share {
  /** `WB`, `UC` and so on; null where entries have no type of their own (NPT, shadow paging). */
  readonly memtype: string | null;
}

/** Leaves that do not let the CPU write, for one reason; access-tracked ones are not among them. */
export interface ReadOnlySummary extends Share {
  /** Why: `dirty-logging`, `write-tracking` of a shadowed table, or the `host`. */
  readonly reason: ReadOnlyReason;
}

/** What is wrong, and where it was seen first. */
export interface FindingSummary {
  /** Stable name. */
  readonly code: EntryFinding['code'];
  /** How bad it is. */
  readonly severity: Severity;
  /** Entries that have it. */
  readonly count: number;
  /** The first of them. */
  readonly examples: readonly WalkEntry[];
}

/** What a walk came across. `toJson()` of core makes it fit for JSON. */
export interface WalkSummary {
  /** Entries of the walk, all kinds together. */
  readonly entries: number;
  /** Entries of the walk by kind. */
  readonly kinds: KindCounts;
  /** Levels that have entries, highest first. */
  readonly levels: readonly LevelSummary[];
  /** All leaves. */
  readonly mapped: Share;
  /** Leaves that were used since KVM last looked. */
  readonly accessed: Share;
  /** Leaves that may have been written since KVM last looked. */
  readonly dirty: Share;
  /** Leaves that allow writes now. */
  readonly writable: Share;
  /** Leaves that allow fetches now. */
  readonly executable: Share;
  /** By memory type, most bytes first. */
  readonly memtypes: readonly MemtypeSummary[];
  /** Why leaves are read-only, most bytes first. */
  readonly readOnly: readonly ReadOnlySummary[];
  /** By code, most frequent first. */
  readonly findings: readonly FindingSummary[];
  /** What is wrong in some of the contexts that were asked about only, in the same order. */
  readonly possible: readonly FindingSummary[];
}
