// SPDX-License-Identifier: GPL-2.0-only
import { type Mmu, outlineSpte, type ReadOnlyReason, readOnlyReason, type SpteKind } from '@spte/core';
import { type EntryFinding, entryFindingNext, entryFindingText, type WalkEntry } from '@spte/walk';
import { type PossibleJson, possibleJson } from '../entry/possible.ts';
import { accessLetters } from '../entry/spte-json.ts';

/** An entry of a walk as `--ndjson` has it. */
export interface EntryJson {
  readonly level: number;
  readonly gpa: bigint;
  /** Of the entry itself. */
  readonly hpa: bigint;
  readonly value: bigint;
  readonly kind: SpteKind;
  readonly bytes: bigint;
  readonly index: number;
  readonly gfn: bigint | null;
  readonly pfn: bigint | null;
  readonly access: string | null;
  readonly memtype: string | null;
  /** Why a leaf does not let the CPU write. */
  readonly readOnly: ReadOnlyReason | null;
  readonly generation: bigint | null;
  readonly findings: readonly (EntryFinding & { readonly text: string; readonly next: string })[];
  /** What is wrong in some contexts only. */
  readonly possible: readonly PossibleJson[];
}

/** The JSON shape of an entry of a walk. */
export function entryJson(mmu: Mmu, entry: WalkEntry): EntryJson {
  const { level, gpa, address, spte, kind, bytes, index, findings, possible } = entry;
  const { pfn, access, memtype, gfn, generation } = outlineSpte(mmu, spte, kind);
  return {
    level,
    gpa,
    hpa: address,
    value: spte,
    kind,
    bytes,
    index,
    gfn,
    pfn,
    access: access === null ? null : accessLetters(access),
    memtype,
    readOnly: readOnlyReason(mmu, spte, kind),
    generation,
    findings: findings.map((finding) => ({
      ...finding,
      text: entryFindingText(finding),
      next: entryFindingNext(finding),
    })),
    possible: possibleJson(possible),
  };
}
