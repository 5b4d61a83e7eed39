// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, explainChange, hex, type Mmu, type Sample } from '@spte/core';
import type { TracedSpte, TraceRecord } from '../events/record.ts';
import { showsChange } from './annotate-change.ts';
import { CHECKED, checksOf, lastLines, leave, taskOf, valueBefore } from './printed-check.ts';

/** What a line says of its entries that is so on the right machine only. */
export interface LineClaim {
  /** The same for lines that claim the same of entries that are alike. */
  readonly key: string;
  /** The entries that it is about. */
  readonly about: readonly Sample[];
  /** Whether it is so on a machine. */
  readonly holds: (mmu: Mmu) => boolean;
}

/** Address bits that a claim does not depend on. */
const NEAR = ADDRESS & 0xffff_ffffn;

/** What the lines of a trace claim, in their order; null for a line that claims nothing. */
export type LineClaims = (record: TraceRecord) => LineClaim | null;

/**
 * Makes a function that says what the lines of a trace claim of their entries: that what the kernel printed beside them,
 * or in the next line, is what they give, and that KVM makes such a change. Whoever does not know the machine of a trace
 * can tell by it which it may be.
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { lineClaims, parseLine } from '@spte/trace';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const record = parseLine('kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080');
 * const claim = record && lineClaims()(record);
 * claim?.holds(createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() })); // true
 * ```
 */
export function lineClaims(): LineClaims {
  const last = lastLines();
  return (record) => {
    const { event, sptes, fields } = record;
    const [first, second] = sptes;
    const before = last.take(taskOf(record));
    leave(last, record, first?.value);
    if (first?.role === 'guest') return null;
    if (first !== undefined && showsChange(event, sptes)) return changeClaim(first, second as TracedSpte);
    const value = first?.value ?? valueBefore(record, before);
    const printed = PRINTED.flatMap((name) => fields[name] ?? []);
    if (value === null || printed.length === 0) return null;
    const level = first?.level ?? null;
    return {
      key: [event, likeness({ value, level }), ...printed].join(' '),
      about: isRefused(record) ? [] : [{ value, level }],
      holds: (mmu) => checksOf(record, mmu, [], before).every(({ agree }) => agree),
    };
  };
}

/**
 * Whether a line shows an entry with bits that the kernel printed as reserved: that it makes no sense speaks for a machine,
 * and not against it.
 */
export function isRefused({ sptes, fields }: TraceRecord): boolean {
  const [spte] = sptes;
  const printed = fields['rsvd_bits'];
  return spte !== undefined && typeof printed === 'string' && (spte.value & BigInt(printed)) !== 0n;
}

/** What is printed beside an entry that depends on the machine. */
const PRINTED: readonly string[] = [
  ...Object.values(CHECKED).flatMap(({ fields }) => fields.filter((name) => name !== 'gfn')),
  'rsvd_bits',
];

function changeClaim(old: TracedSpte, now: TracedSpte): LineClaim {
  const samePage = ((old.value ^ now.value) & ADDRESS) === 0n;
  return {
    key: ['change', likeness(old), likeness(now), samePage].join(' '),
    about: [old, now],
    holds: (mmu) => explainChange(mmu, old.value, now.value, now.level).allowed,
  };
}

/** The same for entries that differ only in where in 4 GiB their page is. */
const likeness = ({ value, level }: Pick<TracedSpte, 'value' | 'level'>): string =>
  `${level ?? ''} ${hex(value & ~NEAR)}`;
