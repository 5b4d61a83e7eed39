// SPDX-License-Identifier: GPL-2.0-only

import { bitNumbers, hex } from '../bits/bits.ts';
import type { Mmu } from '../mmu/contract.ts';
import { plainHost } from '../mmu/host.ts';
import type { Diagnostic } from '../observe/diagnostics.ts';
import { observe } from '../observe/observe.ts';
import { type Because, because } from '../read/because.ts';
import type { Coded, NoParams } from '../read/coded.ts';
import { type DecodedSpte, decodeSpte } from '../read/decode-spte.ts';
import { isPresentKind } from '../read/spte-kind.ts';
import { mmuSpteUpdate } from '../rules/spte-update.ts';
import { type ChangeEvent, eventsOf } from './change-events.ts';

/** What each objection to a change rests on; `objectionText()` says it in words. */
export interface ObjectionParams {
  readonly 'old-unknown': NoParams;
  readonly 'new-unknown': NoParams;
  /** A present leaf for another page. */
  readonly 'pfn-changed': NoParams;
  readonly 'memtype-changed': NoParams;
  readonly 'encryption-changed': NoParams;
  /** The WARN that the update raises. */
  readonly 'kernel-warns': { readonly code: string };
}

/** Why KVM does not make a change. */
export type Objection = Coded<ObjectionParams>;

/** A field that differs between two entries. */
export interface ChangedField {
  readonly name: string;
  readonly bits: readonly number[];
  readonly from: string;
  readonly to: string;
}

/** What a change is, and whether KVM makes it. */
export interface ExplainedChange {
  readonly from: DecodedSpte;
  readonly to: DecodedSpte;
  /** Bits that differ, lowest first. */
  readonly bits: readonly number[];
  readonly fields: readonly ChangedField[];
  /** What happened; several for a change that does several things at once. */
  readonly events: readonly ChangeEvent[];
  /** Whether KVM makes such a change. */
  readonly allowed: boolean;
  /** Why not; null when it is allowed. */
  readonly objection: Objection | null;
  /** Whether TLBs may hold what the new entry no longer grants. */
  readonly flush: boolean;
  /** State of the page that the new entry has no trace of. */
  readonly lost: { readonly accessed: boolean; readonly dirty: boolean };
  /** WARNs that the update raises in the kernel. */
  readonly warnings: readonly Diagnostic[];
  readonly because: Because;
}

/**
 * Says what happened to an entry: which bits changed, which event that is, whether KVM allows it, whether a TLB flush
 * is due and what is lost.
 *
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when an entry is not a 64-bit word or there is no such level
 */
export function explainChange(
  mmu: Mmu,
  oldSpte: bigint,
  newSpte: bigint,
  level: number | null = null,
): ExplainedChange {
  const from = decodeSpte(mmu, oldSpte, level);
  const to = decodeSpte(mmu, newSpte, level);
  const events = eventsOf(mmu, from, to);
  const update = updateOf(mmu, from, to);
  const objection = objectionTo(mmu, from, to, events) ?? complaintOf(update.warnings);
  return {
    from,
    to,
    bits: bitNumbers(oldSpte ^ newSpte),
    fields: changedFields(from, to),
    events,
    allowed: objection === null,
    objection,
    flush: update.flush,
    lost: {
      accessed: from.mapping?.accessed === true && to.mapping?.accessed !== true,
      dirty: from.mapping?.dirty === true && to.mapping?.dirty !== true,
    },
    warnings: update.warnings,
    because: because(mmu, 'handle_changed_spte', oldSpte ^ newSpte),
  };
}

/** Flush and WARNs of the update, as the kernel's own rule has them; taking a present entry away always flushes. */
function updateOf(
  mmu: Mmu,
  from: DecodedSpte,
  to: DecodedSpte,
): { flush: boolean; warnings: readonly Diagnostic[] } {
  if (!isPresentKind(from.kind) || from.value === to.value) return { flush: false, warnings: [] };
  // No TLB holds anything of a tracked page: it grants nothing.
  if (from.kind === 'tracked') return { flush: false, warnings: [] };
  // What maps something else afterwards was cleared first, not updated.
  const updated = from.kind !== 'table' && to.mapping !== null && from.mapping?.pfn === to.mapping.pfn;
  if (!updated || to.kind === 'table') return { flush: true, warnings: [] };
  const { value, warnings } = observe(mmu, (mmu) => mmuSpteUpdate(mmu, plainHost, from.value, to.value));
  const { access: before } = from.mapping;
  const { access: after } = to.mapping;
  const loses = (before.read && !after.read) || (before.execute && !after.execute);
  return { flush: value.flush || loses, warnings };
}

function changedFields(from: DecodedSpte, to: DecodedSpte): ChangedField[] {
  const differing = from.value ^ to.value;
  const before = (name: string, mask: bigint): string =>
    from.fields.find((field) => field.name === name && field.mask === mask)?.text ?? hex(from.value & mask);
  const fields = to.fields.filter(({ mask }) => (mask & differing) !== 0n);
  return fields.map(({ name, mask, text }) => ({
    name,
    bits: bitNumbers(mask & differing),
    from: before(name, mask),
    to: text,
  }));
}

/** What the kernel itself complains about. */
function complaintOf([first]: readonly Diagnostic[]): Objection | null {
  return first === undefined ? null : { code: 'kernel-warns', params: { code: first.code } };
}

function objectionTo(
  mmu: Mmu,
  from: DecodedSpte,
  to: DecodedSpte,
  events: readonly ChangeEvent[],
): Objection | null {
  const code = objectionCode(mmu, from, to, events);
  return code === null ? null : { code, params: {} };
}

function objectionCode(
  mmu: Mmu,
  from: DecodedSpte,
  to: DecodedSpte,
  events: readonly ChangeEvent[],
): Exclude<Objection['code'], 'kernel-warns'> | null {
  if (from.kind === 'unknown') return 'old-unknown';
  if (to.kind === 'unknown') return 'new-unknown';
  if (events.some(({ code }) => code === 'change-pfn')) return 'pfn-changed';
  const { mapping: before } = from;
  const { mapping: after } = to;
  if (before === null || after === null || to.kind === 'table' || from.kind === 'table') return null;
  if (before.memtype !== after.memtype) return 'memtype-changed';
  return mmu.masks.meValue !== 0n && before.encrypted !== after.encrypted ? 'encryption-changed' : null;
}
