// SPDX-License-Identifier: GPL-2.0-only
import {
  fieldValue,
  isPresentKind,
  isSupervisorExecutable,
  isWritablePte,
  type Mmu,
  type SpteKind,
  spteToPfn,
} from '@spte/core';
import { getMmioSpteGeneration, getMmioSpteGfn } from '@spte/mmio';
import type { WalkEntry } from '@spte/walk';
import { accessText } from '../entry/spte-json.ts';

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
  readonly generation: bigint | null;
  readonly findings: WalkEntry['findings'];
}

/** The JSON shape of an entry of a walk. */
export function entryJson(mmu: Mmu, entry: WalkEntry): EntryJson {
  const { level, gpa, address, spte, kind, bytes, index, findings } = entry;
  const present = isPresentKind(kind);
  return {
    level,
    gpa,
    hpa: address,
    value: spte,
    kind,
    bytes,
    index,
    gfn: kind === 'mmio' ? getMmioSpteGfn(mmu, spte) : null,
    pfn: present ? spteToPfn(mmu, spte) : null,
    access: present ? entryAccess(mmu, spte) : null,
    memtype: present && kind !== 'table' ? memtypeOf(mmu, spte) : null,
    generation: kind === 'mmio' ? getMmioSpteGeneration(mmu, spte) : null,
    findings,
  };
}

function entryAccess(mmu: Mmu, spte: bigint): string {
  const read = (spte & mmu.vendor.format.permissions.read.mask) !== 0n;
  return accessText({ read, write: isWritablePte(spte), execute: isSupervisorExecutable(mmu, spte) });
}

function memtypeOf({ vendor }: Mmu, spte: bigint): string | null {
  const { memtype } = vendor.format;
  return memtype?.values?.[Number(fieldValue(spte, memtype))] ?? null;
}
