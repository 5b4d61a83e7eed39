// SPDX-License-Identifier: GPL-2.0-only
import { accessText, hex, type Mmu, type SpteKind, summarizeSpte } from '@spte/core';
import type { SpteRole, TracedSpte } from '../events/record.ts';

/** Something wrong with an SPTE. */
export interface AnnotatedFinding {
  /** As `judgeSpte()` of core names it. */
  readonly code: string;
  /** The bits, lowest first. */
  readonly bits: readonly number[];
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
  readonly findings: readonly AnnotatedFinding[];
}

const NOTHING = { pfn: null, access: null, memtype: null, generation: null, findings: [] } as const;

/** Says what an SPTE is; `gfn` is that of its line. */
export function annotateSpte(
  { role, value, level }: TracedSpte,
  mmu: Mmu,
  gfn: string | null,
): AnnotatedSpte {
  if (role === 'guest') return { ...NOTHING, role, value: hex(value), level, kind: 'guest', gfn };
  const summary = summarizeSpte(mmu, value, level);
  const { pfn, access, generation } = summary;
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
    findings: summary.findings.map(({ code, bits }) => ({ code, bits })),
  };
}
