// SPDX-License-Identifier: GPL-2.0-only
import type { ExitReader } from '@spte/core';
import { type MachineHints, machineHints, type TraceRecord } from '@spte/trace';
import { fieldOf, numberOf, pageOf, wordOf } from './fields.ts';

/** An exit of a guest. */
export interface Exit {
  readonly record: TraceRecord;
  /** As the kernel prints it; empty where the kernel lost it. */
  readonly reason: string;
  readonly vcpu: number | null;
  readonly rip: bigint | null;
  readonly hints: MachineHints;
  /** Whether the guest met an entry with reserved bits: that of MMIO. */
  readonly isReserved: boolean;
  /** Its page, where the exit says it. */
  readonly page: number | null;
}

const RESERVED = 1n << 3n;
const MISCONFIG = 'EPT_MISCONFIG';

/** Valid, a hardware exception, vector 14. */
const EVENT = 0x800007ffn;
const PAGE_FAULT = 0x8000030en;

/** Reads an exit. */
export function exitOf(record: TraceRecord, readers: readonly ExitReader[]): Exit {
  const hints = machineHints(record);
  const reason = reasonOf(record, hints, readers);
  const info1 = wordOf(record, 'info1') ?? 0n;
  return {
    record,
    reason,
    vcpu: numberOf(record, 'vcpu', 'vcpu_id'),
    rip: wordOf(record, 'rip', 'guest_rip'),
    hints,
    isReserved: meetsReserved(record, reason, hints, info1),
    page: hints.mode === 'npt' ? pageOf(wordOf(record, 'info2')) : null,
  };
}

function meetsReserved(
  record: TraceRecord,
  reason: string,
  { vendor, mode }: MachineHints,
  info1: bigint,
): boolean {
  if (vendor === 'svm') return mode !== null && (info1 & RESERVED) !== 0n;
  if (reason === MISCONFIG) return true;
  if (mode !== 'shadow') return false;
  const event = wordOf(record, 'intr_info') ?? 0n;
  const code = wordOf(record, 'error_code') ?? 0n;
  return (event & EVENT) === PAGE_FAULT && (code & RESERVED) !== 0n;
}

/** The vendor's name of a reason, of which raw mode gives the number. */
function reasonOf(record: TraceRecord, { vendor }: MachineHints, readers: readonly ExitReader[]): string {
  const reason = fieldOf(record, 'reason', 'exit_reason');
  if (typeof reason !== 'number') return String(reason ?? '');
  const number = reason < 0 ? reason + 2 ** 32 : reason;
  const words = { info1: null, info2: null, intr_info: null, error_code: null };
  const said = readers
    .find((reader) => reader.vendor === vendor)
    ?.explainExit({ reason: number, words, shortened: false });
  return said?.reason.name ?? `0x${number.toString(16)}`;
}
