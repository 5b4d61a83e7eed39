// SPDX-License-Identifier: GPL-2.0-only
import {
  accessText,
  type Candidate,
  getRsvdBits,
  hex,
  hitsPrintedMask,
  type Mmu,
  spteKind,
  sptePermissions,
} from '@spte/core';
import { getMmioSpteAccess, getMmioSpteGeneration, getMmioSpteGfn, markedMmioSpte } from '@spte/mmio';
import type { FieldValue, TracedSpte, TraceRecord } from '../events/record.ts';

/** Something that the kernel printed beside a value, and what the value gives. */
export interface Check {
  readonly field: string;
  readonly printed: string;
  readonly computed: string;
  /** Whether they are the same, or only the first letter is missing, which some kernels lose (`hash-ptr` off). */
  readonly agree: boolean;
  /**
   * The bits of the entry that the printed mask of reserved bits hits, lowest first: what the kernel refused, whatever
   * the machine is taken for. Absent from other checks, and where it hits none.
   */
  readonly hits?: readonly number[];
  /** True where they are not the same as read here, but are in another context that the trace may be of. */
  readonly possible?: true;
}

const check = (field: string, printed: string, computed: string): Check => ({
  field,
  printed,
  computed,
  agree: printed === computed,
});

/**
 * Whether a kernel lost the first letter of what it printed: some do of the permissions while the ftrace option
 * `hash-ptr` is off. What it did print is right.
 */
export function lostLetter({ printed, computed, agree }: Check): boolean {
  return agree && printed !== computed;
}

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
 * valid, the reserved bits. Where the kernel shows an MMIO SPTE that is none as read here, the MMU is not that of the
 * trace: that alone is said then, as a check of the field `kind`.
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
      return checkMmio(record, mmu, spte.value);
    case 'get_mmio_spte':
    case 'make_spte':
      return checkRsvdBits(record, mmu, spte);
    default:
      return [];
  }
}

/**
 * Everything that can be recomputed of a record, alone and with the line before it of its task.
 *
 * @param others contexts beside that of the MMU that the trace may be of
 */
export function checksOf(
  record: TraceRecord,
  mmu: Mmu,
  others: readonly Candidate[],
  before: Before | undefined,
): Check[] {
  const all = (one: Mmu): Check[] => [...checkRecord(record, one), ...checkAfter(record, one, before)];
  const agrees = (one: Mmu, field: string): boolean =>
    all(one).every((other) => other.field !== field || other.agree);
  const checks = all(mmu);
  if (others.length === 0) return checks;
  return checks.map((own) =>
    own.agree || !others.some((other) => agrees(other.mmu, own.field)) ? own : { ...own, possible: true },
  );
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
  if (typeof access === 'string') {
    const text = accessText(computed);
    return [{ ...check('access', access, text), agree: access === text || access === text.slice(1) }];
  }
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

function checkMmio(record: TraceRecord, mmu: Mmu, spte: bigint): Check[] {
  const kind = spteKind(mmu, spte, null);
  return kind === 'mmio' ? checkGeneration(record, mmu, spte) : [check('kind', 'mmio', kind)];
}

function checkGeneration(record: TraceRecord, mmu: Mmu, spte: bigint): Check[] {
  const generation = getMmioSpteGeneration(mmu, spte);
  const checks = hexCheck(record, ['spte-gen', 'spte_gen'], generation);
  const { valid, kvm_gen: current } = record.fields;
  if (typeof valid !== 'number' || typeof current !== 'string') return checks;
  return [...checks, check('valid', String(valid), String(Number(BigInt(current) === generation)))];
}

/** The last line of a task, if the next one may need it. */
export interface Before {
  readonly event: string;
  /** The MMIO SPTE that it shows, or the number of what an exit says of the machine. */
  readonly value: bigint;
  /** Its number. */
  readonly line: number;
}

/** Events that the next line of the task may need: those that show an MMIO SPTE, and exits. */
export const LEAVING_EVENTS: readonly string[] = ['check_mmio_spte', 'kvm_mmio_spte', 'kvm_exit'];

/** Which of those stands before an event that needs it. */
export const FOLLOWS: Readonly<Record<string, string>> = {
  handle_mmio_page_fault: 'check_mmio_spte',
  mark_mmio_spte: 'kvm_mmio_spte',
  kvm_page_fault: 'kvm_exit',
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

/** The value of the line before, if a line needs it and stands near enough. */
export function valueBefore({ event, line }: TraceRecord, before: Before | undefined): bigint | null {
  if (before === undefined || before.event !== FOLLOWS[event]) return null;
  return line - before.line > MAX_LINES_APART ? null : before.value;
}

/** Compares a line with the one before it of its task. */
function checkAfter(record: TraceRecord, mmu: Mmu, before: Before | undefined): Check[] {
  const spte = valueBefore(record, before);
  if (spte === null) return [];
  switch (record.event) {
    case 'mark_mmio_spte':
      return checkMark(record, mmu, spte);
    case 'handle_mmio_page_fault':
      return [
        ...hexCheck(record, ['gfn'], getMmioSpteGfn(mmu, spte)),
        ...hexCheck(record, ['access'], getMmioSpteAccess(mmu, spte)),
      ];
    default:
      return [];
  }
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

export function lastLines(): LastLines {
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
  const last = lastLines();
  return {
    check(record) {
      const task = taskOf(record);
      const checks = [...checkRecord(record, mmu), ...checkAfter(record, mmu, last.take(task))];
      leave(last, record, record.sptes[0]?.value);
      return checks;
    },
  };
}

/** The task of a line, or its CPU where the trace does not say. */
export function taskOf({ pid, cpu }: TraceRecord): number | null {
  return pid ?? cpu;
}

/** Keeps a line with a value if the task's next one may need it. */
export function leave(last: LastLines, record: TraceRecord, value: bigint | undefined): void {
  const { event, line } = record;
  if (value !== undefined && LEAVING_EVENTS.includes(event)) last.put(taskOf(record), { event, value, line });
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
