// SPDX-License-Identifier: GPL-2.0-only
import { OTHER_EVENTS } from './other-events.ts';
import type { FieldKind } from './pattern.ts';
import type { SpteRole } from './record.ts';

/** How a field of the binary record is written in raw mode, and what it is. */
export interface RawField {
  readonly kind: FieldKind;
  readonly role: SpteRole | null;
}

const plain = (kind: FieldKind, names: string): [string, RawField][] =>
  names.split(' ').map((name) => [name, { kind, role: null }]);

const spte = (name: string, role: SpteRole): [string, RawField] => [name, { kind: 'hex', role }];

/** Fields by their name in the record, which differs from the one in the text. Those not listed are words. */
const RAW_FIELDS: ReadonlyMap<string, RawField> = new Map([
  ...plain(
    'hex',
    'gfn pfn addr gpa gva cr2_or_gpa pferr access gen kvm_gen spte_gen mmu_used_pages root eptp',
  ),
  ...plain('hex', '__probe_ip __probe_func __probe_ret_ip'),
  ...plain('decimal', 'level as_id errno vcpu_id mmu_valid_gen role root_count unsync created ret r x u'),
  ...plain('pointer', 'sptep vcpu'),
  spte('spte', 'spte'),
  spte('old_spte', 'old'),
  spte('new_spte', 'new'),
  spte('old', 'old'),
  spte('new', 'new'),
  spte('pte', 'guest'),
]);

/**
 * Fields of the events about shadow pages. Their text is more than trace-cmd understands: not knowing how the kernel
 * prints a field, it prints them all in decimal.
 */
const PAGE_FIELDS: ReadonlyMap<string, RawField> = new Map([...RAW_FIELDS, ...plain('decimalHex', 'gfn')]);

/** Fields of exits and faults. Other events have an `error_code` in words. */
const FAULT_FIELDS: ReadonlyMap<string, RawField> = new Map([
  ...RAW_FIELDS,
  ...plain('hex', 'guest_rip info1 info2 intr_info error_code requests fault_address'),
  ...plain('decimal', 'exit_reason isa'),
]);

/** Fields of events that show no entry. */
export const OTHER_FIELDS: ReadonlyMap<string, RawField> = new Map([
  ...RAW_FIELDS,
  ...plain('hex', 'val hva start end offset'),
  ...plain('decimal', 'type len referenced index slot immediate_exit'),
]);

const FIELDS_OF: ReadonlyMap<string, ReadonlyMap<string, RawField>> = new Map([
  ['kvm_mmu_get_page', PAGE_FIELDS],
  ['kvm_mmu_prepare_zap_page', PAGE_FIELDS],
  ['kvm_mmu_sync_page', PAGE_FIELDS],
  ['kvm_mmu_unsync_page', PAGE_FIELDS],
  ['kvm_exit', FAULT_FIELDS],
  ['kvm_page_fault', FAULT_FIELDS],
  ...[...OTHER_EVENTS.keys()].map((event) => [event, OTHER_FIELDS] as const),
]);

/** The fields of an event as raw mode prints them. */
export function rawFieldsOf(event: string): ReadonlyMap<string, RawField> {
  return FIELDS_OF.get(event) ?? RAW_FIELDS;
}

/** A field that this package does not know: kept as it is. */
export const UNKNOWN_FIELD: RawField = { kind: 'word', role: null };
