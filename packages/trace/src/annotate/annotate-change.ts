// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, BoundedMap, type Candidate, explainChange, hex, type Mmu } from '@spte/core';
import type { SpteRole } from '../events/record.ts';
import type { AnnotatedSpte } from './annotate-spte.ts';

/** What became of an entry of which a line shows the old value and the new one. */
export interface AnnotatedChange {
  /** What happened, as `explainChange()` of core names it. */
  readonly events: readonly string[];
  /** Whether KVM makes such a change; null where it does in some of the contexts that the trace may be of. */
  readonly allowed: boolean | null;
  /** Why not, in the context that all is said of; empty for a change that it allows. */
  readonly objections: readonly string[];
}

/** An event that reads the new value again after the change, when another CPU may have changed it once more. */
const READS_AGAIN = 'fast_page_fault';

/** Whether a line shows what an entry became: its old value, then the new one. */
export function showsChange(event: string, sptes: readonly { readonly role: SpteRole }[]): boolean {
  const [old, now] = sptes;
  return event !== READS_AGAIN && sptes.length === 2 && old?.role === 'old' && now?.role === 'new';
}

/** Says what became of an entry, and whether KVM does that. */
export function annotateChange(
  mmu: Mmu,
  others: readonly Candidate[],
  old: AnnotatedSpte,
  now: AnnotatedSpte,
): AnnotatedChange {
  const of = (one: Mmu) => explainChange(one, BigInt(old.value), BigInt(now.value), now.level);
  const { events, allowed, objections } = of(mmu);
  const agreed = allowed || others.every((other) => !of(other.mmu).allowed);
  return {
    events: events.map(({ code }) => code),
    allowed: agreed ? allowed : null,
    objections: objections.map(({ code }) => code),
  };
}

/** Changes that are remembered. */
const MAX_CHANGES = 1 << 12;

/**
 * Annotates changes as {@link annotateChange} does. Of mappings and tables the answer does not depend on the page but on
 * whether it stays the same, so that a trace of any length needs few.
 */
export function rememberChanges(
  mmu: Mmu,
  others: readonly Candidate[],
): (old: AnnotatedSpte, now: AnnotatedSpte) => AnnotatedChange {
  const known = new BoundedMap<string, AnnotatedChange>(MAX_CHANGES);
  return (old, now) => {
    const key = changeKey(old, now);
    const before = known.get(key);
    if (before !== undefined) return before;
    const change = annotateChange(mmu, others, old, now);
    known.set(key, change);
    return change;
  };
}

/** What the change depends on. */
function changeKey(old: AnnotatedSpte, now: AnnotatedSpte): string {
  return [entryKey(old), entryKey(now), old.pfn === now.pfn, now.level].join();
}

/** What is wrong with an entry may name bits of its address; what it is elsewhere may depend on all of it. */
function entryKey({ value, kind, pfn, findings, possible }: AnnotatedSpte): string {
  if (pfn === null || findings.length + possible.length > 0) return value;
  return `${kind} ${hex(BigInt(value) & ~ADDRESS)}`;
}
