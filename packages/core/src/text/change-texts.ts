// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import type { ChangeEvent, ChangeEventParams } from '../explain/change-events.ts';
import type { ObjectionParams } from '../explain/objection.ts';
import { type Answer, type Texts, textOf } from './catalogue.ts';
import { findingText } from './finding-texts.ts';
import { readOnlyText } from './reading-texts.ts';
import { bitsText } from './words.ts';

const EVENTS: Texts<ChangeEventParams> = {
  none: () => 'nothing changed',
  'fault-in': () => 'a page was mapped',
  'link-table': () => 'a lower table was linked',
  'cache-mmio': () => 'the gfn was found to be MMIO, and that is cached',
  zap: () => 'the entry was zapped',
  freeze: () => 'the entry was frozen while a CPU tears it down or replaces it',
  unfreeze: () => 'a frozen entry got its next value',
  'unlink-table': () => 'a table was unlinked with all below it',
  split: () => 'a huge page was split into a lower table',
  collapse: () => 'a table was replaced by a huge page',
  'replace-table': () => 'a table was replaced by another',
  'access-track': () => 'permissions were saved and taken away, to notice the next access',
  restore: () => 'permissions came back after an access to a tracked page',
  'fast-page-fault': () => 'a write fault made the page writable without mmu_lock',
  refault: () => 'a fault mapped the same page again, writable now',
  'write-protect': ({ for: what }) => `writes were forbidden: ${readOnlyText(what)}`,
  'clear-dirty': () => 'the dirty bit was cleared, to log the next write',
  age: () => 'the accessed bit was cleared, to notice the next access',
  'cpu-accessed': () => 'accessed was set',
  'cpu-dirty': () => 'dirty was set',
  'change-exec': ({ executable }) => `fetches were ${executable ? 'allowed' : 'forbidden'} (nx_huge_pages)`,
  'change-read': ({ readable }) => `reads were ${readable ? 'allowed' : 'forbidden'}`,
  'change-user': ({ allowed }) => `users were ${allowed ? 'let in' : 'shut out'}`,
  'host-protection': ({ writable }) => `the host made the page ${writable ? 'writable' : 'read-only'}`,
  'notifier-change': () => 'the host moved the page (up to 6.9 the SPTE follows, read-only)',
  generation: ({ from, to }) =>
    `the MMIO entry was remade for another memslot generation, ${hex(from)} to ${hex(to)}`,
  'mmio-moved': ({ from, to }) =>
    `the MMIO entry was replaced by one for another gfn, ${hex(from)} to ${hex(to)}`,
  'change-pfn': () => 'a present leaf was replaced by one for another page',
  'software-bits': ({ plugins, bits }) => `${plugins.join(' and ')} changed ${bitsText(bits)} of its own`,
  other: () => 'other bits changed',
};

/** One thing that happened to an entry, in words. */
export function changeEventText(event: ChangeEvent): string {
  return textOf(EVENTS, event);
}

/** What happened to an entry, in words. */
export function changeText({ events }: { readonly events: readonly ChangeEvent[] }): string {
  return events.map(changeEventText).join('; ');
}

const OBJECTIONS: Texts<ObjectionParams> = {
  'old-unknown': () => 'the old value is not an entry of this kernel',
  'new-unknown': () => 'the new value is not an entry of this kernel',
  'pfn-changed': () =>
    'KVM zaps a leaf before it maps another page: the TDP MMU would BUG ("Invalid SPTE change")',
  'new-is-wrong': ({ finding }) => `the new value is wrong: ${findingText(finding)}`,
  'grants-nothing': () => 'the new value allows no access and saved none: KVM makes no such leaf',
  'never-made': ({ bits }) => `KVM makes no new entry that has ${bitsText(bits)} like this`,
  'nonpresent-replaced': () => 'what is not present is not replaced by something else that is not',
  'empty-value': ({ expected }) => `an entry that maps nothing is ${hex(expected)} here`,
  'table-replaced': () => 'a table is unlinked before another is linked: KVM never moves one',
  'not-huge': () => 'only a huge page is split into a table, and only to one is a table collapsed',
  'mmio-moved': ({ from, to }) =>
    `an MMIO entry is cleared before one for another gfn is written (${hex(from)}, ${hex(to)})`,
  'ad-type-changed': () => 'how accessed and dirty are kept never changes in place',
  'bits-changed': ({ bits }) => `nothing in KVM changes ${bitsText(bits)} like this in place`,
  'plugin-failed': ({ plugin, hook, message }) =>
    `plugin ${plugin} does not say whether it objects, its hook ${hook} failed: ${message}`,
  'memtype-changed': () => 'the memory type of a present leaf never changes in place',
  'encryption-changed': () => 'the encryption bit of a present leaf never changes in place',
};

/** Why KVM does not make a change, in words. */
export function objectionText(objection: Answer): string {
  return textOf(OBJECTIONS, objection);
}
