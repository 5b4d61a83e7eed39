// SPDX-License-Identifier: GPL-2.0-only
import { type Because, because } from './because.ts';
import { bitNumbers, hex } from './bits.ts';
import { type DecodedSpte, decodeSpte, isPresentKind } from './decode-spte.ts';
import type { Diagnostic } from './diagnostics.ts';
import { plainHost } from './host.ts';
import type { Mmu } from './mmu.ts';
import { observe } from './observe.ts';
import { mmuSpteUpdate } from './spte-update.ts';

/** What the change of an entry is. */
export type ChangeEvent =
  | 'none'
  | 'fault-in'
  | 'link-table'
  | 'cache-mmio'
  | 'zap'
  | 'freeze'
  | 'unfreeze'
  | 'unlink-table'
  | 'split'
  | 'collapse'
  | 'replace-table'
  | 'access-track'
  | 'restore'
  | 'fast-page-fault'
  | 'refault'
  | 'write-protect'
  | 'clear-dirty'
  | 'age'
  | 'cpu-accessed'
  | 'cpu-dirty'
  | 'change-exec'
  | 'host-protection'
  | 'notifier-change'
  | 'generation'
  | 'mmio-moved'
  | 'change-pfn'
  | 'other';

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
  /** The events in words. */
  readonly text: string;
  /** Whether KVM makes such a change. */
  readonly allowed: boolean;
  /** Why not; null when it is allowed. */
  readonly objection: string | null;
  /** Whether TLBs may hold what the new entry no longer grants. */
  readonly flush: boolean;
  /** State of the page that the new entry has no trace of. */
  readonly lost: { readonly accessed: boolean; readonly dirty: boolean };
  /** WARNs that the update raises in the kernel. */
  readonly warnings: readonly Diagnostic[];
  readonly because: Because;
}

const TEXTS: Readonly<Record<ChangeEvent, string>> = {
  none: 'nothing changed',
  'fault-in': 'a page was mapped',
  'link-table': 'a lower table was linked',
  'cache-mmio': 'the gfn was found to be MMIO, and that is cached',
  zap: 'the entry was zapped',
  freeze: 'the entry was frozen while a CPU tears it down or replaces it',
  unfreeze: 'a frozen entry got its next value',
  'unlink-table': 'a table was unlinked with all below it',
  split: 'a huge page was split into a lower table',
  collapse: 'a table was replaced by a huge page',
  'replace-table': 'a table was replaced by another',
  'access-track': 'permissions were saved and taken away, to notice the next access',
  restore: 'permissions came back after an access to a tracked page',
  'fast-page-fault': 'a write fault made the page writable without mmu_lock',
  refault: 'a fault mapped the same page again, writable now',
  'write-protect': 'writes were forbidden: dirty logging, or a shadowed table at this gfn',
  'clear-dirty': 'the dirty bit was cleared, to log the next write',
  age: 'the accessed bit was cleared, to notice the next access',
  'cpu-accessed': 'accessed was set',
  'cpu-dirty': 'dirty was set',
  'change-exec': 'permission to execute changed (nx_huge_pages)',
  'host-protection': 'the host changed whether the page is writable',
  'notifier-change': 'the host moved the page (up to 6.9 the SPTE follows, read-only)',
  generation: 'the MMIO entry was remade for another memslot generation',
  'mmio-moved': 'the MMIO entry was replaced by one for another gfn',
  'change-pfn': 'a present leaf was replaced by one for another page',
  other: 'other bits changed',
};

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
    text: events.map((event) => TEXTS[event]).join('; '),
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
  const lostFetch = from.mapping?.access.execute === true && to.mapping?.access.execute !== true;
  const lostRead = from.mapping?.access.read === true && to.mapping?.access.read !== true;
  return { flush: value.flush || lostFetch || lostRead, warnings };
}

function changedFields(from: DecodedSpte, to: DecodedSpte): ChangedField[] {
  const differing = from.value ^ to.value;
  const before = new Map(from.fields.map((field) => [field.name, field]));
  const fields = to.fields.filter(({ mask }) => (mask & differing) !== 0n);
  return fields.map(({ name, mask, text }) => ({
    name,
    bits: bitNumbers(mask & differing),
    from: before.get(name)?.text ?? hex(from.value & mask),
    to: text,
  }));
}

function eventsOf(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): ChangeEvent[] {
  if (from.value === to.value) return ['none'];
  if (to.kind === 'frozen') return ['freeze'];
  if (from.kind === 'mmio' && to.kind === 'mmio')
    return [from.mmio?.gfn === to.mmio?.gfn ? 'generation' : 'mmio-moved'];
  if (isPresentKind(from.kind) && isPresentKind(to.kind)) return presentEvents(mmu, from, to);
  const arrival = arrivalOf(to);
  if (from.kind === 'frozen') return arrival === null ? ['unfreeze'] : ['unfreeze', arrival];
  if (isPresentKind(from.kind)) {
    const departure = from.kind === 'table' ? 'unlink-table' : 'zap';
    return arrival === null ? [departure] : [departure, arrival];
  }
  return arrival === null ? [from.kind === 'mmio' ? 'zap' : 'other'] : [arrival];
}

/** What it takes to get here from an entry that was not present. */
function arrivalOf({ kind }: DecodedSpte): ChangeEvent | null {
  switch (kind) {
    case 'leaf':
    case 'tracked':
      return 'fault-in';
    case 'table':
      return 'link-table';
    case 'mmio':
      return 'cache-mmio';
    default:
      return null;
  }
}

function presentEvents(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): ChangeEvent[] {
  if (from.kind === 'table') return [to.kind === 'table' ? tableEvent(from, to) : 'collapse'];
  if (to.kind === 'table') return ['split'];
  if (from.mapping?.pfn !== to.mapping?.pfn)
    return [isNotifierChange(mmu, to) ? 'notifier-change' : 'change-pfn'];

  if (from.kind === 'tracked' && to.kind === 'leaf') {
    return to.mapping?.access.write === true ? ['restore', 'fast-page-fault'] : ['restore'];
  }
  const events: ChangeEvent[] =
    to.kind === 'tracked' && from.kind === 'leaf' ? ['access-track'] : bitEvents(from, to);
  return events.length === 0 ? ['other'] : events;
}

function tableEvent(from: DecodedSpte, to: DecodedSpte): ChangeEvent {
  if (from.mapping?.pfn !== to.mapping?.pfn) return 'replace-table';
  return to.mapping?.accessed === true && from.mapping?.accessed !== true ? 'cpu-accessed' : 'other';
}

/** Up to 6.9 the host could move a page under its SPTE, which kept the new pfn read-only. */
function isNotifierChange({ kernel }: Mmu, { mapping }: DecodedSpte): boolean {
  const had = kernel.major < 6 || (kernel.major === 6 && kernel.minor < 10);
  return (
    had && mapping?.access.write === false && mapping.hostWritable === false && mapping.mmuWritable === false
  );
}

/** The single bits of a leaf that changed, where the page is the same. */
function bitEvents({ mapping: before }: DecodedSpte, { mapping: after }: DecodedSpte): ChangeEvent[] {
  if (before === null || after === null) return [];
  const events: ChangeEvent[] = [];
  const gained = !before.access.write && after.access.write;
  if (gained) events.push(before.mmuWritable === true ? 'fast-page-fault' : 'refault');
  if (before.access.write && !after.access.write) events.push('write-protect');
  if (before.hostWritable !== after.hostWritable && !gained) events.push('host-protection');
  if (before.access.execute !== after.access.execute) events.push('change-exec');
  if (before.dirty === true && after.dirty === false && after.access.write) events.push('clear-dirty');
  if (before.accessed && !after.accessed) events.push('age');
  if (!before.accessed && after.accessed) events.push('cpu-accessed');
  if (before.dirty === false && after.dirty === true && !gained) events.push('cpu-dirty');
  return events;
}

/** What the kernel itself complains about. */
function complaintOf([first]: readonly Diagnostic[]): string | null {
  return first === undefined ? null : `the kernel WARNs: ${first.msg ?? first.code}`;
}

function objectionTo(
  mmu: Mmu,
  from: DecodedSpte,
  to: DecodedSpte,
  events: readonly ChangeEvent[],
): string | null {
  if (from.kind === 'unknown') return 'the old value is no entry of this kernel';
  if (to.kind === 'unknown') return 'the new value is no entry of this kernel';
  if (events.includes('change-pfn')) {
    return 'KVM zaps a leaf before it maps another page: the TDP MMU would BUG ("Invalid SPTE change")';
  }
  const { mapping: before } = from;
  const { mapping: after } = to;
  if (before === null || after === null || to.kind === 'table' || from.kind === 'table') return null;
  if (before.memtype !== after.memtype) return 'the memory type of a present leaf never changes in place';
  return mmu.masks.meValue !== 0n && before.encrypted !== after.encrypted
    ? 'the encryption bit of a present leaf never changes in place'
    : null;
}
