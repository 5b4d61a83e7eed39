// SPDX-License-Identifier: GPL-2.0-only
import {
  fieldValue,
  hex,
  isPresentKind,
  isSupervisorExecutable,
  isWritablePte,
  judgeSpte,
  type Mmu,
  type SpteKind,
  spteKind,
  spteToPfn,
} from '@spte/core';
import { getMmioSpteGeneration, getMmioSpteGfn } from '@spte/mmio';
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

const NOT_SAID = { pfn: null, access: null, memtype: null, generation: null };

/** Says what an SPTE is; `gfn` is that of its line. */
export function annotateSpte(
  { role, value, level }: TracedSpte,
  mmu: Mmu,
  gfn: string | null,
): AnnotatedSpte {
  const plain = { role, value: hex(value), level, gfn, ...NOT_SAID };
  if (role === 'guest') return { ...plain, kind: 'guest', findings: [] };
  const kind = spteKind(mmu, value, level);
  const findings = judgeSpte(mmu, value, level).map(({ code, bits }) => ({ code, bits }));
  if (kind === 'mmio') {
    return {
      ...plain,
      kind,
      gfn: hex(getMmioSpteGfn(mmu, value)),
      generation: hex(getMmioSpteGeneration(mmu, value)),
      findings,
    };
  }
  if (!isPresentKind(kind)) return { ...plain, kind, findings };
  return {
    ...plain,
    kind,
    pfn: hex(spteToPfn(mmu, value)),
    access: accessOf(mmu, value),
    memtype: kind === 'table' ? null : memtypeOf(mmu, value),
    findings,
  };
}

function accessOf(mmu: Mmu, spte: bigint): string {
  const { read } = mmu.vendor.format.permissions;
  const readable = (spte & read.mask) !== 0n;
  return `${readable ? 'r' : '-'}${isWritablePte(spte) ? 'w' : '-'}${isSupervisorExecutable(mmu, spte) ? 'x' : '-'}`;
}

function memtypeOf({ vendor }: Mmu, spte: bigint): string | null {
  const { memtype } = vendor.format;
  return memtype?.values?.[Number(fieldValue(spte, memtype))] ?? null;
}
