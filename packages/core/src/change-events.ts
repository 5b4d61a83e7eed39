// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from './contract.ts';
import type { DecodedSpte } from './decode-spte.ts';
import { isPresentKind } from './spte-kind.ts';

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
