// SPDX-License-Identifier: GPL-2.0-only

import { notifierMakesSpte } from '../kernel/variants.ts';
import { notifierKeepsMmuWritable } from '../kernel/writable-variants.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import type { Coded, NoParams } from '../read/coded.ts';
import type { DecodedMapping, DecodedSpte } from '../read/decode-spte.ts';
import type { SpteKind } from '../read/spte-kind.ts';

/** What the change of an entry may be, and what its text needs to know. */
export interface ChangeEventParams {
  readonly none: NoParams;
  readonly 'fault-in': NoParams;
  readonly 'link-table': NoParams;
  readonly 'cache-mmio': NoParams;
  readonly zap: NoParams;
  readonly freeze: NoParams;
  readonly unfreeze: NoParams;
  readonly 'unlink-table': NoParams;
  readonly split: NoParams;
  readonly collapse: NoParams;
  readonly 'replace-table': NoParams;
  readonly 'access-track': NoParams;
  readonly restore: NoParams;
  readonly 'fast-page-fault': NoParams;
  readonly refault: NoParams;
  readonly 'write-protect': NoParams;
  readonly 'clear-dirty': NoParams;
  readonly age: NoParams;
  readonly 'cpu-accessed': NoParams;
  readonly 'cpu-dirty': NoParams;
  /** Whether fetches are allowed now. */
  readonly 'change-exec': { readonly executable: boolean };
  /** Whether the host lets KVM map the page writable now. */
  readonly 'host-protection': { readonly writable: boolean };
  readonly 'notifier-change': NoParams;
  /** The memslot generations of the MMIO entry. */
  readonly generation: { readonly from: bigint; readonly to: bigint };
  /** The gfns of the MMIO entry. */
  readonly 'mmio-moved': { readonly from: bigint; readonly to: bigint };
  readonly 'change-pfn': NoParams;
  readonly other: NoParams;
}

/** The stable name of what happened to an entry. */
export type ChangeEventCode = keyof ChangeEventParams;

/** What the change of an entry is. */
export type ChangeEvent = Coded<ChangeEventParams>;

/** Those of which there is no more to say. */
type PlainCode = {
  readonly [Code in ChangeEventCode]: ChangeEventParams[Code] extends NoParams ? Code : never;
}[ChangeEventCode];

const plain = (...codes: readonly PlainCode[]): ChangeEvent[] => codes.map((code) => ({ code, params: {} }));

/** What happened between two entries. */
export function eventsOf(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): ChangeEvent[] {
  if (from.value === to.value) return plain('none');
  if (to.kind === 'frozen') return plain('freeze');
  if (from.mmio !== null && to.mmio !== null) {
    return [mmioEvent(from.mmio, to.mmio)];
  }
  if (from.mapping !== null && to.mapping !== null) {
    return presentEvents(mmu, from.kind, to.kind, from.mapping, to.mapping);
  }
  const arrival = arrivalOf(to.kind);
  if (from.kind === 'frozen') return [...plain('unfreeze'), ...arrival];
  if (from.mapping !== null) return [...plain(from.kind === 'table' ? 'unlink-table' : 'zap'), ...arrival];
  if (arrival.length > 0) return arrival;
  return plain(from.kind === 'mmio' ? 'zap' : 'other');
}

function mmioEvent(from: PolicyReading, to: PolicyReading): ChangeEvent {
  return from.gfn === to.gfn
    ? { code: 'generation', params: { from: from.generation, to: to.generation } }
    : { code: 'mmio-moved', params: { from: from.gfn, to: to.gfn } };
}

/** What it takes to get to an entry from one that was not present. */
function arrivalOf(kind: SpteKind): ChangeEvent[] {
  switch (kind) {
    case 'leaf':
    case 'tracked':
      return plain('fault-in');
    case 'table':
      return plain('link-table');
    case 'mmio':
      return plain('cache-mmio');
    default:
      return [];
  }
}

/** A change from one present entry to another. */
function presentEvents(
  mmu: Mmu,
  from: SpteKind,
  to: SpteKind,
  before: DecodedMapping,
  after: DecodedMapping,
): ChangeEvent[] {
  const samePage = before.pfn === after.pfn;
  if (from === 'table' && to === 'table') {
    if (!samePage) return plain('replace-table');
    return plain(!before.accessed && after.accessed ? 'cpu-accessed' : 'other');
  }
  if (from === 'table') return plain('collapse');
  if (to === 'table') return plain('split');
  if (!samePage) return plain(isMadeByNotifier(mmu, after) ? 'notifier-change' : 'change-pfn');
  if (from === 'tracked' && to === 'leaf')
    return after.access.write ? plain('restore', 'fast-page-fault') : plain('restore');
  if (from === 'leaf' && to === 'tracked') return plain('access-track');
  const events = bitEvents(before, after);
  return events.length === 0 ? plain('other') : events;
}

/** Whether the entry has what the host's notifier leaves of permissions when it moves a page. */
function isMadeByNotifier({ kernel }: Mmu, { access, hostWritable, mmuWritable }: DecodedMapping): boolean {
  if (!notifierMakesSpte(kernel) || access.write || hostWritable !== false) return false;
  return notifierKeepsMmuWritable(kernel) || mmuWritable === false;
}

/** The single bits of a leaf that changed, where the page is the same. */
function bitEvents(before: DecodedMapping, after: DecodedMapping): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  const gained = !before.access.write && after.access.write;
  if (gained) events.push(...plain(before.mmuWritable === true ? 'fast-page-fault' : 'refault'));
  if (before.access.write && !after.access.write) events.push(...plain('write-protect'));
  if (before.hostWritable !== after.hostWritable && !gained) {
    events.push({ code: 'host-protection', params: { writable: after.hostWritable === true } });
  }
  if (before.access.execute !== after.access.execute) {
    events.push({ code: 'change-exec', params: { executable: after.access.execute } });
  }
  if (before.dirty === true && after.dirty === false && after.access.write)
    events.push(...plain('clear-dirty'));
  if (before.accessed && !after.accessed) events.push(...plain('age'));
  if (!before.accessed && after.accessed) events.push(...plain('cpu-accessed'));
  if (before.dirty === false && after.dirty === true && !gained) events.push(...plain('cpu-dirty'));
  return events;
}
