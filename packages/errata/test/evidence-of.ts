// SPDX-License-Identifier: GPL-2.0-only
// Evidence as a reader of traces and logs has it: lines, read with the MMU of a machine.
import { createMmu, explainChange, type Mmu, summarizeSpte } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { checkRecord, readTraceSync, type TraceRecord } from '@spte/trace';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import {
  type Evidence,
  type EvidenceChange,
  type EvidenceCheck,
  type EvidenceSpte,
  type Mode,
  machineEvidence,
  type Origin,
} from '../src/index.ts';

/** A machine of a sample. */
export interface Machine {
  readonly kernel: string;
  readonly vendor: 'vmx' | 'svm';
  readonly mode: Mode;
  readonly physBits?: number;
  readonly rawBits?: number;
  readonly l1tf?: boolean;
  readonly mmioCaching?: boolean;
  readonly levels?: number;
  readonly eferNx?: boolean;
}

/** Its MMU. */
export function mmuOf(machine: Machine): Mmu {
  const {
    kernel,
    vendor,
    mode,
    physBits = vendor === 'vmx' ? 46 : 48,
    rawBits = physBits,
    levels = 4,
  } = machine;
  const tdp = mode !== 'shadow';
  return createMmu({
    kernel,
    host: { physBits, cpuid80000008Eax: rawBits, l1tf: machine.l1tf ?? false },
    vendor: vendor === 'vmx' ? vmx({ ept: tdp }) : svm({ npt: tdp }),
    policies: [l1tf, mmio({ mmioCaching: machine.mmioCaching ?? true })],
    root: {
      level: levels,
      ...(mode === 'ept12' && { kind: 'ept12' }),
      ...(machine.eferNx !== undefined && { eferNx: machine.eferNx }),
    },
  });
}

/** An entry, and what is found in it on a machine. */
export function spteOn(mmu: Mmu, value: bigint, level: number | null): EvidenceSpte {
  const { kind, findings } = summarizeSpte(mmu, value, level);
  return { value, level, kind, findings };
}

/** What a change is on a machine, with its two entries. */
export function changeOn(
  mmu: Mmu,
  old: bigint,
  now: bigint,
  level: number | null,
): { readonly sptes: readonly EvidenceSpte[]; readonly changes: readonly EvidenceChange[] } {
  return {
    sptes: [spteOn(mmu, old, level), spteOn(mmu, now, level)],
    changes: [explainChange(mmu, old, now, level)],
  };
}

/** What lines say on a machine: their entries, what was printed beside them, and the lines themselves. */
export function evidenceOf(lines: readonly string[], mmu: Mmu, kernel: Origin, machine: Origin): Evidence {
  const records = [...readTraceSync([`${lines.join('\n')}\n`])].flatMap(({ record }) => record ?? []);
  const sptes: EvidenceSpte[] = [];
  const checks: EvidenceCheck[] = [];
  const changes: EvidenceChange[] = [];
  for (const record of records) {
    for (const { field, printed, computed } of checkRecord(record, mmu)) {
      checks.push({ field, printed, computed, spte: sptes.length });
    }
    const [old, now] = [entryOf(record, 'old'), entryOf(record, 'new')];
    if (old !== null && now !== null) changes.push(explainChange(mmu, old.value, now.value, now.level));
    for (const { value, level, role } of record.sptes) {
      if (role !== 'guest') sptes.push(spteOn(mmu, value, level));
    }
  }
  const [record] = records;
  return {
    ...machineEvidence(mmu, kernel, machine),
    ...(records.length === 0 ? {} : { sptes, checks, changes }),
    ...(record?.form !== 'text' || lines.length > 1 ? { texts: lines } : { trace: record }),
  };
}

const entryOf = (record: TraceRecord, role: 'old' | 'new'): TraceRecord['sptes'][number] | null =>
  record.sptes.find((spte) => spte.role === role) ?? null;
