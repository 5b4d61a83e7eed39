// SPDX-License-Identifier: GPL-2.0-only
import type { AnnotatedLine } from '@spte/trace';
import type { Range } from './filter-options.ts';

/** Events about a page of page tables, which maps what all its entries map. */
const TABLE_EVENTS: ReadonlySet<string> = new Set([
  'kvm_mmu_get_page',
  'kvm_mmu_prepare_zap_page',
  'kvm_mmu_sync_page',
  'kvm_mmu_unsync_page',
]);

/**
 * Fields with a guest physical address. That of a fast fix is called `gva`, and is none: such fixes are made in tables
 * only that map guest physical addresses, or while the guest has no paging.
 */
const ADDRESS_FIELDS: Readonly<Record<string, readonly string[]>> = {
  fast_page_fault: ['gva', 'cr2_or_gpa'],
  kvm_mmu_set_accessed_bit: ['gpa'],
  kvm_mmu_set_dirty_bit: ['gpa'],
};

/** The guest physical addresses that a line is about: what its entries map, or would map, and where its fault is. */
export function placesOf({ event, fields, sptes, explains }: AnnotatedLine): Range[] {
  const level = typeof fields['level'] === 'number' ? fields['level'] : null;
  const pages =
    sptes.length > 0
      ? sptes.map(({ gfn, level }) => pagesAt(gfn, level))
      : [pagesAt(fields['gfn'], TABLE_EVENTS.has(event) ? tableLevel(fields, level) : level)];
  const { address, info2 } = explains ?? {};
  const points = [
    ...(ADDRESS_FIELDS[event] ?? []).map((name) => fields[name]),
    address?.kind === 'gva' ? undefined : address?.value,
    info2?.['kind'] === 'gpa' ? info2['value'] : undefined,
  ].map(point);
  return [...pages, ...points].filter((place) => place !== null);
}

/** A table maps what an entry of the next level would. One that shadows a table of the guest has the page of that. */
function tableLevel(fields: AnnotatedLine['fields'], level: number | null): number | null {
  return fields['direct'] === true && level !== null ? level + 1 : null;
}

const HEX = /^0x[\da-f]{1,16}$/;

const PAGE_SHIFT = 12n;
const LEVEL_BITS = 9n;
/** Levels that there are, and one above. */
const MAX_LEVEL = 6;

/** What an entry of a level maps; the page alone where it is not known. */
function pagesAt(gfn: unknown, level: number | null): Range | null {
  const place = point(gfn);
  if (place === null) return null;
  const above = level === null || level < 1 || level > MAX_LEVEL ? 0 : level - 1;
  const shift = PAGE_SHIFT + LEVEL_BITS * BigInt(above);
  const from = ((place.from << PAGE_SHIFT) >> shift) << shift;
  return { from, to: from + (1n << shift) - 1n };
}

function point(text: unknown): Range | null {
  if (typeof text !== 'string' || !HEX.test(text)) return null;
  const at = BigInt(text);
  return { from: at, to: at };
}
