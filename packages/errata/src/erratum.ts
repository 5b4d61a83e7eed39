// SPDX-License-Identifier: GPL-2.0-only
import type { ChangeEventCode, FindingCode, ObjectionCode, SpteKind } from '@spte/core';
import type { Mode, VendorName } from './mode.ts';
import type { PredicateName } from './predicates.ts';

/** Facts of a machine that some errata ask for. */
export interface MachineFacts {
  /** Whether KVM caches MMIO. */
  readonly mmioCaching: boolean;
  /** Whether address bits are taken by memory encryption: SME, or MKTME key ids. */
  readonly encryption: boolean;
  /** Whether the CPU has the L1TF bug. */
  readonly l1tf: boolean;
  /** Physical address bits. */
  readonly physBits: number;
  /** Levels of the tables. */
  readonly levels: number;
  /** Whether the host kernel is a 32-bit one. */
  readonly host32: boolean;
}

/** What is asked of one entry; absent for anything. */
export interface EntryTest {
  /** Bits that are compared with `value`. */
  readonly mask?: bigint;
  readonly value?: bigint;
  readonly kinds?: readonly SpteKind[];
  readonly levels?: readonly number[];
  readonly predicate?: PredicateName;
}

/** A field that a kernel prints beside an entry, as `@spte/trace` names it in its checks. */
export type CheckField = 'rsvd_bits';

/** Events whose fields are asked for, as `@spte/trace` names them. */
export type TraceEvent = 'fast_page_fault' | 'kvm_mmu_get_page';

/** A finding of an entry: its code, bits that it must name, and with `only` no others. */
export interface FindingCondition {
  readonly finding: FindingCode;
  readonly bits?: readonly number[];
  readonly only?: boolean;
  readonly on?: EntryTest;
}

/** What a kernel printed beside an entry: the value itself, or exactly which bits of it the entry has. */
export interface CheckCondition {
  readonly check: CheckField;
  readonly printed?: bigint;
  readonly hits?: bigint;
  readonly on?: EntryTest;
}

/** A change that is all of these events, and with `objection` one that KVM does not make. */
export interface ChangeCondition {
  readonly change: readonly ChangeEventCode[];
  readonly objection?: ObjectionCode;
}

/** An entry as it stands. */
export interface SpteCondition {
  readonly spte: EntryTest;
}

/** Words in a line of one splat. */
export interface TextCondition {
  readonly text: string;
  /** Many things print it: by itself it says nothing. */
  readonly common?: boolean;
}

/** Fields of an event, and the names of fields that hold the same. */
export interface TraceCondition {
  readonly trace: TraceEvent;
  readonly fields: Readonly<Record<string, number | boolean>>;
  readonly same?: readonly [string, string];
}

/** One thing that can be looked for. */
export type Condition =
  | FindingCondition
  | CheckCondition
  | ChangeCondition
  | SpteCondition
  | TextCondition
  | TraceCondition;

/** One way in which an erratum shows: all of these conditions, where it is asked for. */
export interface Alternative {
  readonly all: readonly [Condition, ...Condition[]];
  /** Kernels: from this release on, before that one. */
  readonly since?: string;
  readonly before?: string;
  /** The modes in which these conditions mean it. */
  readonly modes?: readonly Mode[];
  readonly facts?: Partial<MachineFacts>;
  /** A symptom of many things: nothing is said unless the kernel is known, and in the range. */
  readonly onlyInRange?: boolean;
  /** What these conditions do not show, so that they never come to more than `looks like`. */
  readonly lacks?: string;
}

/** A finding that is the kernel's mistake: with no bits but these, at these levels. */
export interface Excuse {
  readonly code: FindingCode;
  readonly bits?: readonly number[];
  readonly levels: readonly number[];
}

/**
 * What an erratum is: a `bug` of KVM; a check or a statistic that was wrong while the entry was right (`check-wrong`);
 * or what looks like a bug of KVM and is none (`look-alike`).
 */
export type ErratumKind = 'bug' | 'check-wrong' | 'look-alike';

/** One known bug. Releases are `6.0`, `5.15.215`, or `<=5.4.117` for one that has the fix and may not be the first. */
export interface Erratum {
  /** Its stable name. */
  readonly id: string;
  readonly title: string;
  /** The title in few words. */
  readonly short: string;
  readonly kind: ErratumKind;
  /** The upstream commits that fix it, 12 hex digits each. */
  readonly fix: readonly string[];
  /** The commit or release that brought it. */
  readonly introduced: string | null;
  /** The first upstream release with the fix. */
  readonly fixedIn: string | null;
  /** By series, its first stable release with the fix. */
  readonly stable: Readonly<Record<string, string>>;
  /** By series that never got the fix, the last release that was looked at. */
  readonly unfixedIn: Readonly<Record<string, string>>;
  readonly cve: string | null;
  readonly vendors: readonly VendorName[];
  readonly modes: readonly ('ept' | 'npt' | 'shadow' | 'nested')[];
  /** How it shows: any of these. None for what no entry, line or splat shows by itself. */
  readonly when: readonly Alternative[];
  /** Findings of entries that are right; none for what makes entries wrong. */
  readonly excuses: readonly Excuse[];
  readonly explanation: string;
  readonly workaround: string | null;
  readonly sources: readonly string[];
  readonly confidence: 'high' | 'medium' | 'low';
  /** Whether the text of the fix or of a thread was read, and not its title alone. */
  readonly verifiedInText: boolean;
  /** What it can be told by, in words. */
  readonly matchableBy: string;
  readonly notes: string | null;
}
