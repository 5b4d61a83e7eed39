// SPDX-License-Identifier: GPL-2.0-only
import { bitNumbers } from '../bits/bits.ts';
import type { Coded } from '../bits/coded.ts';
import { PT } from '../cpu/entry-format.ts';
import { makeSpteWarns } from '../kernel/make-spte-variants.ts';
import { notifierMakesSpte } from '../kernel/variants.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { softwareBits } from '../mmu/extensions.ts';
import { observe } from '../observe/observe.ts';
import { because } from '../read/because.ts';
import { type DecodedMapping, type DecodedSpte, decodeSpte } from '../read/decode-spte.ts';
import { movedByNotifier } from '../rules/changed-pte.ts';
import type { ChangeEvent, ChangeEventParams, PlainEventCode } from './change-events.ts';
import { changesInPlace, changesOfTables, type InPlace, trackings } from './changes-in-place.ts';
import { neverMade } from './never-made.ts';
import type { Objection, PlainObjectionCode } from './objection.ts';
import { type Step, transitions } from './transitions.ts';

/** What happened to an entry, and what of it KVM does not do. */
export interface Happened {
  readonly events: readonly ChangeEvent[];
  readonly objections: readonly Objection[];
  /** Whether TLBs may hold what goes; null where that is a question of bits. */
  readonly flush: boolean | null;
}

/** Finds out what happened between two entries. */
export function whatHappened(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): Happened {
  const differing = from.value ^ to.value;
  const event = (code: PlainEventCode, by: string): ChangeEvent => ({
    code,
    params: {},
    because: because(mmu, by, differing),
  });
  if (differing === 0n)
    return { events: [event('none', 'handle_changed_spte')], objections: [], flush: false };
  const refused = (code: PlainEventCode, by: string, ...objections: readonly Objection[]): Happened => ({
    events: [event(code, by)],
    objections,
    flush: null,
  });
  if (from.kind === 'unknown' || to.kind === 'unknown') {
    const objections: Objection[] = [];
    if (from.kind === 'unknown') objections.push({ code: 'old-unknown', params: {} });
    if (to.kind === 'unknown') objections.push({ code: 'new-unknown', params: {} });
    return refused('other', 'handle_changed_spte', ...objections);
  }
  const [before, after] = [countedKind(from), countedKind(to)];
  const transition = transitions.find((row) => row.from.includes(before) && row.to.includes(after));
  if (transition !== undefined) {
    const { steps, flush } = transition;
    const events = steps.map(({ event: code, by }: Step) => event(code, by));
    return { events, objections: objectionsTo(mmu, from, to), flush };
  }
  if (from.mmio !== null && to.mmio !== null) return mmioChange(mmu, from.mmio, to.mmio, differing);
  if (from.mapping === null || to.mapping === null) {
    return refused('other', 'handle_changed_spte', { code: 'nonpresent-replaced', params: {} });
  }
  if (from.mapping.pfn === to.mapping.pfn) return inPlace(mmu, from, to);
  if (to.kind === 'table') {
    return refused('replace-table', 'handle_changed_spte', { code: 'table-replaced', params: {} });
  }
  if (isMadeByNotifier(mmu, from, to, to.mapping)) {
    const events = [event('notifier-change', 'kvm_mmu_changed_pte_notifier_make_spte')];
    return { events, objections: [], flush: true };
  }
  return refused('change-pfn', 'handle_changed_spte', { code: 'pfn-changed', params: {} });
}

/** What an entry counts as: one of a plugin's own kind as the kind of core's that the plugin says. */
const countedKind = ({ kind, own }: DecodedSpte): SpteKind => own?.countsAs ?? kind;

/**
 * What the kinds do not say: what an empty entry is, that a leaf allows something, and that a table takes the place of
 * a huge page.
 */
function objectionsTo(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): Objection[] {
  const { empty } = mmu.layout;
  if (to.kind === 'empty' && (to.value & ~softwareBits(mmu, 'nonpresent')) !== empty)
    return [{ code: 'empty-value', params: { expected: empty } }];
  const isHuge = ({ value }: DecodedSpte): boolean => (value & PT.pageSize.mask) !== 0n;
  const small = to.kind === 'table' ? from : to;
  const otherSize = from.mapping !== null && to.mapping !== null && !isHuge(small);
  if (otherSize) return [{ code: 'not-huge', params: {} }];
  const never = to.mapping === null ? 0n : neverMade(mmu, to);
  return [
    ...objectionToLeaf(mmu, withPermissions(mmu, to)),
    ...(never === 0n ? [] : [{ code: 'never-made' as const, params: { bits: bitNumbers(never) } }]),
  ];
}

function mmioChange(mmu: Mmu, from: PolicyReading, to: PolicyReading, differing: bigint): Happened {
  const objections: Objection[] = [];
  if (from.gfn !== to.gfn) {
    objections.push({ code: 'mmio-moved', params: { from: from.gfn, to: to.gfn } });
  }
  const source = because(mmu, 'make_mmio_spte', differing);
  return { events: [{ ...mmioEvent(from, to), because: source }], objections, flush: false };
}

/** Another gfn, another generation, or, where neither differs, another access by the guest: cached once more. */
function mmioEvent(from: PolicyReading, to: PolicyReading): Coded<ChangeEventParams> {
  if (from.gfn !== to.gfn) return { code: 'mmio-moved', params: { from: from.gfn, to: to.gfn } };
  if (from.generation === to.generation) return { code: 'cache-mmio', params: {} };
  return { code: 'generation', params: { from: from.generation, to: to.generation } };
}

/** Whether the entry is what the host's notifier made of the old one when it moved the page. */
function isMadeByNotifier(mmu: Mmu, from: DecodedSpte, to: DecodedSpte, { pfn }: DecodedMapping): boolean {
  if (!notifierMakesSpte(mmu.kernel)) return false;
  return observe(mmu, (mmu) => movedByNotifier(mmu, from.value, pfn)).value === to.value;
}

/** A mapping, or a table, that stays what it was but for some bits. */
function inPlace(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): Happened {
  const before = withPermissions(mmu, from);
  const after = withPermissions(mmu, to);
  const tracking = trackings.find((row) => row.from === from.kind && row.to === to.kind);
  const change: InPlace = {
    mmu,
    before: before.mapping as DecodedMapping,
    after: after.mapping as DecodedMapping,
    tracked: to.kind === 'tracked',
    set: after.value & ~before.value & ~(tracking?.set(mmu) ?? 0n),
    cleared: before.value & ~after.value & ~(tracking?.cleared(mmu) ?? 0n),
  };
  const events: ChangeEvent[] = [];
  if (tracking !== undefined) {
    const source = because(mmu, tracking.by, from.value ^ to.value);
    events.push({ code: tracking.event, params: {}, because: source });
  }
  const rows = to.kind === 'table' ? changesOfTables : changesInPlace;
  // A tracked leaf was not used since: accessed is clear.
  let left = change.set | change.cleared | (change.tracked ? after.value & mmu.masks.accessed : 0n);
  for (const { event, by, bits, params, clears } of rows) {
    const own = bits(change) & left;
    if (own === 0n) continue;
    left = (left & ~own) | ((clears?.(change) ?? 0n) & before.value & after.value);
    events.push({ code: event, params: params(change), because: because(mmu, by, own) } as ChangeEvent);
  }
  const place = to.kind === 'table' ? 'table' : 'leaf';
  const owners = mmu.extensions.filter((one) => (softwareBits({ extensions: [one] }, place) & left) !== 0n);
  if (owners.length > 0) {
    const own = left & softwareBits({ extensions: owners }, place);
    const plugins = owners.map(({ name }) => name);
    const params = { plugins, bits: bitNumbers(own) };
    events.push({ code: 'software-bits', params, because: because(mmu, `plugin ${plugins.join()}`, own) });
    left &= ~own;
  }
  if (events.length === 0) {
    events.push({ code: 'other', params: {}, because: because(mmu, 'handle_changed_spte', left) });
  }
  const objections = [...objectionToLeaf(mmu, after), ...objectionsToBits(mmu, left)];
  return { events, objections, flush: null };
}

/**
 * A leaf allows something, now or when it is used again. Where nested entries are synchronized there may be nothing left
 * to allow; since 6.0 that is a WARN.
 */
function objectionToLeaf({ masks, kernel, root }: Mmu, { kind, mapping }: DecodedSpte): Objection[] {
  if (mapping === null || kind === 'table') return [];
  const { read, write, execute } = mapping.access;
  const isKept = root.kind === 'ept12' && masks.present === 0n && !makeSpteWarns(kernel).noAccess;
  return read || write || execute || isKept ? [] : [{ code: 'grants-nothing', params: {} }];
}

/** A tracked leaf as it was before its permissions were taken away; any other entry as it is. */
function withPermissions(mmu: Mmu, entry: DecodedSpte): DecodedSpte {
  const restored = entry.mapping?.restored ?? null;
  return restored === null ? entry : decodeSpte(mmu, restored, entry.level);
}

/** Objections to changes of bits that nothing in KVM changes. */
function objectionsToBits({ masks, layout }: Mmu, left: bigint): Objection[] {
  const encryption = masks.meMask | masks.meValue;
  const named: readonly (readonly [code: PlainObjectionCode, mask: bigint])[] = [
    ['memtype-changed', masks.memtype],
    ['encryption-changed', encryption],
    ['ad-type-changed', layout.adType.mask],
  ];
  const objections: Objection[] = named
    .filter(([, mask]) => (left & mask) !== 0n)
    .map(([code]) => ({ code, params: {} }));
  const rest = left & ~(masks.memtype | encryption | layout.adType.mask);
  if (rest !== 0n) objections.push({ code: 'bits-changed', params: { bits: bitNumbers(rest) } });
  return objections;
}
