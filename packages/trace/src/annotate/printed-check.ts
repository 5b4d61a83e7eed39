// SPDX-License-Identifier: GPL-2.0-only
import { accessText, getRsvdBits, hex, hitsPrintedMask, type Mmu, sptePermissions } from '@spte/core';
import { getMmioSpteAccess, getMmioSpteGeneration, getMmioSpteGfn, markedMmioSpte } from '@spte/mmio';
import type { FieldValue, TracedSpte, TraceRecord } from '../events/record.ts';

/** Something that the kernel printed beside a value, and what the value gives. */
export interface Check {
  readonly field: string;
  readonly printed: string;
  readonly computed: string;
  readonly agree: boolean;
  /**
   * The bits of the entry that the printed mask of reserved bits hits, lowest first: what the kernel refused, whatever
   * the machine is taken for. Absent from other checks, and where it hits none.
   */
  readonly hits?: readonly number[];
}

const check = (field: string, printed: string, computed: string): Check => ({
  field,
  printed,
  computed,
  agree: printed === computed,
});

/** The record's value of a field, if it has one. */
function printedField(
  record: TraceRecord,
  ...names: readonly string[]
): [name: string, value: FieldValue] | null {
  for (const name of names) {
    const value = record.fields[name];
    if (value !== undefined) return [name, value];
  }
  return null;
}

/** Hex without leading zeros: `rsvd bits = 0x0` and `0x00` are the same. */
function hexCheck(record: TraceRecord, names: readonly string[], computed: bigint): Check[] {
  const [name, value] = printedField(record, ...names) ?? [];
  if (name === undefined || typeof value !== 'string' || !value.startsWith('0x')) return [];
  return [check(name, hex(BigInt(value)), hex(computed))];
}

/**
 * Recomputes what a line prints beside its SPTE: the `rwxu` flags, the generation of an MMIO SPTE and whether it is
 * valid, the reserved bits.
 *
 * Needs that one line; {@link createChecker} also compares lines that belong together.
 */
export function checkRecord(record: TraceRecord, mmu: Mmu): Check[] {
  const [spte] = record.sptes;
  if (spte === undefined) return [];
  switch (record.event) {
    case 'kvm_mmu_set_spte':
      return checkPermissions(record, mmu, spte.value);
    case 'check_mmio_spte':
      return checkGeneration(record, mmu, spte.value);
    case 'get_mmio_spte':
    case 'make_spte':
      return checkRsvdBits(record, mmu, spte);
    default:
      return [];
  }
}

/** The mask of reserved bits, beside what it hits. */
function checkRsvdBits(record: TraceRecord, mmu: Mmu, { value, level }: TracedSpte): Check[] {
  if (level === null) return [];
  return hexCheck(record, ['rsvd_bits'], getRsvdBits(mmu.zeroCheck, value, level)).map((mask) => {
    const hit = hitsPrintedMask(value, BigInt(mask.printed), level);
    return hit === null ? mask : { ...mask, hits: hit.bits };
  });
}

function checkPermissions(record: TraceRecord, mmu: Mmu, spte: bigint): Check[] {
  const computed = sptePermissions(mmu, spte);
  const { access } = record.fields;
  if (typeof access === 'string') return [check('access', access, accessText(computed))];
  // The raw record has r, x and u as numbers, and no w.
  const flags: readonly (readonly [string, boolean | null])[] = [
    ['r', computed.read],
    ['x', computed.execute],
    ['u', computed.user],
  ];
  return flags.flatMap(([name, allowed]) => {
    const value = record.fields[name];
    if (typeof value !== 'number' || allowed === null) return [];
    return [check(name, String(value), String(Number(allowed)))];
  });
}

function checkGeneration(record: TraceRecord, mmu: Mmu, spte: bigint): Check[] {
  const generation = getMmioSpteGeneration(mmu, spte);
  const checks = hexCheck(record, ['spte-gen', 'spte_gen'], generation);
  const { valid, kvm_gen: current } = record.fields;
  if (typeof valid !== 'number' || typeof current !== 'string') return checks;
  return [...checks, check('valid', String(valid), String(Number(BigInt(current) === generation)))];
}

/** The last line of a task, if it shows an MMIO SPTE. */
export interface Before {
  readonly event: string;
  readonly spte: bigint;
  /** Its number. */
  readonly line: number;
}

/** Events that show an MMIO SPTE of which the next line of the task may say more. */
export const MMIO_EVENTS: readonly string[] = ['check_mmio_spte', 'kvm_mmio_spte'];

/** Which of those stands before an event that says more. */
export const FOLLOWS: Readonly<Record<string, string>> = {
  handle_mmio_page_fault: 'check_mmio_spte',
  mark_mmio_spte: 'kvm_mmio_spte',
};

/**
 * What checks depend on: what is said of the first SPTE of a line (`attributes`: its bits outside the address), that
 * SPTE's value, or the value of the line before.
 */
export type CheckBasis = 'attributes' | 'value' | 'before';

/** What the checks of an event depend on, and the fields that they look at. */
export const CHECKED: Readonly<
  Record<string, { readonly of: CheckBasis; readonly fields: readonly string[] }>
> = {
  kvm_mmu_set_spte: { of: 'attributes', fields: ['access', 'r', 'x', 'u'] },
  check_mmio_spte: { of: 'value', fields: ['kvm_gen', 'spte-gen', 'spte_gen', 'valid'] },
  handle_mmio_page_fault: { of: 'before', fields: ['gfn', 'access'] },
  mark_mmio_spte: { of: 'before', fields: ['gfn', 'access', 'gen'] },
};

/**
 * How many lines after another a line may stand to be compared with it, at most.
 *
 * The kernel writes such a pair within microseconds. In that time all CPUs of a large machine write fewer lines; where
 * there are more, those that stood between may be lost. And so whoever reads a trace in sections need read no more than
 * these lines before one to say of it what is said of the whole.
 */
export const MAX_LINES_APART: number = 1 << 12;

/** Compares a line with the one before it of its task. */
export function checkAfter(record: TraceRecord, mmu: Mmu, before: Before | undefined): Check[] {
  if (before === undefined || before.event !== FOLLOWS[record.event]) return [];
  if (record.line - before.line > MAX_LINES_APART) return [];
  if (record.event === 'mark_mmio_spte') return checkMark(record, mmu, before.spte);
  return [
    ...hexCheck(record, ['gfn'], getMmioSpteGfn(mmu, before.spte)),
    ...hexCheck(record, ['access'], getMmioSpteAccess(mmu, before.spte)),
  ];
}

/** Compares lines as they come. */
export interface Checker {
  /** Everything that can be recomputed of a record, with what the lines before it said. */
  check(record: TraceRecord): Check[];
}

/** What a checker remembers, by task, or by CPU where the trace does not say; null where it says neither. */
export interface LastLines {
  /** What the task's line before was, which is then forgotten. */
  take(task: number | null): Before | undefined;
  put(task: number | null, line: Before): void;
}

function lastLines(): LastLines {
  /** Oldest first. When there are more than may be near enough, the oldest is not. */
  const last = new Map<number | null, Before>();
  return {
    take(task) {
      const before = last.get(task);
      last.delete(task);
      return before;
    },
    put(task, line) {
      if (last.size >= MAX_LINES_APART) last.delete(last.keys().next().value as number | null);
      last.set(task, line);
    },
  };
}

/**
 * Makes a checker, which remembers the last MMIO SPTE of every task: `handle_mmio_page_fault` must show its gfn, and
 * `mark_mmio_spte` what was put into it. Lines more than {@link MAX_LINES_APART} apart are not compared.
 */
export function createChecker(mmu: Mmu): Checker {
  return checkerWith(mmu, lastLines());
}

/** A checker with a memory of the caller's. */
export function checkerWith(mmu: Mmu, last: LastLines): Checker {
  return {
    check(record) {
      const task = record.pid ?? record.cpu;
      const checks = [...checkRecord(record, mmu), ...checkAfter(record, mmu, last.take(task))];
      const [spte] = record.sptes;
      if (spte !== undefined && MMIO_EVENTS.includes(record.event)) {
        last.put(task, { event: record.event, spte: spte.value, line: record.line });
      }
      return checks;
    },
  };
}

/** Gfn, access and generation as the kernel itself would print them for this SPTE. */
function checkMark(record: TraceRecord, mmu: Mmu, spte: bigint): Check[] {
  const { access, generation } = markedMmioSpte(mmu, spte);
  return [
    ...hexCheck(record, ['gfn'], getMmioSpteGfn(mmu, spte)),
    ...hexCheck(record, ['access'], access),
    ...hexCheck(record, ['gen'], generation),
  ];
}
