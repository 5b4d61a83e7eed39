// SPDX-License-Identifier: GPL-2.0-only

import { notifierMakesSpte } from '../kernel/variants.ts';
import { notifierKeepsMmuWritable } from '../kernel/writable-variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { DecodedMapping, DecodedSpte } from '../read/decode-spte.ts';
import type { SpteKind } from '../read/spte-kind.ts';

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

/** The events in words. */
export const CHANGE_TEXTS: Readonly<Record<ChangeEvent, string>> = {
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

/** What happened between two entries. */
export function eventsOf(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): ChangeEvent[] {
  if (from.value === to.value) return ['none'];
  if (to.kind === 'frozen') return ['freeze'];
  if (from.mmio !== null && to.mmio !== null) {
    return [from.mmio.gfn === to.mmio.gfn ? 'generation' : 'mmio-moved'];
  }
  if (from.mapping !== null && to.mapping !== null) {
    return presentEvents(mmu, from.kind, to.kind, from.mapping, to.mapping);
  }
  const arrival = arrivalOf(to.kind);
  if (from.kind === 'frozen') return ['unfreeze', ...arrival];
  if (from.mapping !== null) return [from.kind === 'table' ? 'unlink-table' : 'zap', ...arrival];
  if (arrival.length > 0) return arrival;
  return [from.kind === 'mmio' ? 'zap' : 'other'];
}

/** What it takes to get to an entry from one that was not present. */
function arrivalOf(kind: SpteKind): ChangeEvent[] {
  switch (kind) {
    case 'leaf':
    case 'tracked':
      return ['fault-in'];
    case 'table':
      return ['link-table'];
    case 'mmio':
      return ['cache-mmio'];
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
    if (!samePage) return ['replace-table'];
    return [!before.accessed && after.accessed ? 'cpu-accessed' : 'other'];
  }
  if (from === 'table') return ['collapse'];
  if (to === 'table') return ['split'];
  if (!samePage) return [isMadeByNotifier(mmu, after) ? 'notifier-change' : 'change-pfn'];
  if (from === 'tracked' && to === 'leaf')
    return after.access.write ? ['restore', 'fast-page-fault'] : ['restore'];
  if (from === 'leaf' && to === 'tracked') return ['access-track'];
  const events = bitEvents(before, after);
  return events.length === 0 ? ['other'] : events;
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
