// SPDX-License-Identifier: GPL-2.0-only
import {
  accessText,
  acrossContexts,
  type Candidate,
  hex,
  type Mmu,
  type SpteKind,
  spteKind,
  summarizeSpte,
} from '@spte/core';
import type { SpteRole, TracedSpte } from '../events/record.ts';

/** Something wrong with an SPTE. */
export interface AnnotatedFinding {
  /** As `judgeSpte()` of core names it. */
  readonly code: string;
  /** The bits, lowest first. */
  readonly bits: readonly number[];
}

/** Something that is wrong with an SPTE in some of the contexts that it may be of. */
export interface PossibleAnnotatedFinding extends AnnotatedFinding {
  /** The contexts in which it is, `likeliest` for the one that all is said of. */
  readonly holds: readonly string[];
  /** The contexts in which it is not. */
  readonly not: readonly string[];
}

/** What an SPTE of a line is. Numbers are hex, for JSON. */
export interface AnnotatedSpte {
  readonly role: SpteRole;
  readonly value: string;
  readonly level: number | null;
  /** `guest` for an entry of the guest's own tables, which is not looked at. */
  readonly kind: SpteKind | 'guest';
  /** The page that it is for: as printed, or as an MMIO SPTE says. */
  readonly gfn: string | null;
  /** What a mapping or a table points to. */
  readonly pfn: string | null;
  /** What the CPU allows: `rwx`, a dash for what it does not. */
  readonly access: string | null;
  /** Memory type of its own (`WB`). */
  readonly memtype: string | null;
  /** Memslot generation of an MMIO SPTE. */
  readonly generation: string | null;
  /** What is wrong with it, whichever context it is of. */
  readonly findings: readonly AnnotatedFinding[];
  /** What is wrong with it in some contexts: empty where only one was asked about. */
  readonly possible: readonly PossibleAnnotatedFinding[];
}

const NOTHING = {
  pfn: null,
  access: null,
  memtype: null,
  generation: null,
  findings: [],
  possible: [],
} as const;

/**
 * Says what an SPTE is.
 *
 * @param gfn that of its line
 * @param others contexts beside that of `mmu` that the trace may be of: what is wrong must be so in all of them
 */
export function annotateSpte(
  { role, value, level }: TracedSpte,
  mmu: Mmu,
  gfn: string | null,
  others: readonly Candidate[] = [],
): AnnotatedSpte {
  if (role === 'guest') return { ...NOTHING, role, value: hex(value), level, kind: 'guest', gfn };
  const summary = summarizeSpte(mmu, value, level);
  const { pfn, access, generation } = summary;
  const found = acrossContexts(summary.findings, value, level, others);
  return {
    role,
    value: hex(value),
    level,
    kind: summary.kind,
    gfn: summary.gfn === null ? gfn : hex(summary.gfn),
    pfn: pfn === null ? null : hex(pfn),
    // What is a user's and what a supervisor's stands beside it in the trace.
    access: access === null ? null : accessText({ ...access, user: null }),
    memtype: summary.memtype,
    generation: generation === null ? null : hex(generation),
    findings: found.findings.map(({ code, bits }) => ({ code, bits })),
    possible: found.possible.map(({ finding: { code, bits }, holds, not }) => ({ code, bits, holds, not })),
  };
}

/** Whether a context may take an SPTE for MMIO that others do not: what is said of it is said of its value alone. */
export function isMmioElsewhere({ value, level }: TracedSpte, others: readonly Candidate[]): boolean {
  return others.some(({ mmu }) => spteKind(mmu, value, level) === 'mmio');
}
