// SPDX-License-Identifier: GPL-2.0-only
import type { Counter } from './counter.ts';
import { hexOf, nanoseconds } from './fields.ts';
import type { BufferHead, BufferStart, Gap } from './losses.ts';
import { type MmioAccesses, UNKNOWN } from './mmio.ts';
import type { NxSplit } from './nx.ts';
import type { RepeatedFault } from './repeats.ts';
import type { ProtectedAgain, Story } from './story.ts';
import type { DirtySweep } from './sweeps.ts';
import type { FaultOutcome } from './window.ts';

/** How often what was seen, by name; the most frequent first. */
export type Counts = Readonly<Record<string, number>>;

/** How many there are, and the first of them. */
export interface Listed<Item> {
  readonly count: number;
  readonly list: readonly Item[];
}

/** What happened in a trace. Numbers in hex are strings, times are as printed. */
export interface StoryJson {
  /** Lines of the tracer. */
  readonly lines: number;
  readonly events: Counts;
  readonly timeRange: {
    readonly first: string | null;
    readonly last: string | null;
    readonly seconds: number;
  };
  readonly outOfOrderLines: number;
  readonly outOfOrderWithinTask: number;
  readonly vcpus: readonly number[];
  readonly tasks: Counts;
  readonly byCpu: Counts;
  readonly vcpusOfTask: Readonly<Record<string, readonly number[]>>;
  readonly exits: number;
  readonly exitReasons: Counts;
  readonly faults: {
    readonly total: number;
    readonly byAddressKind: Counts;
    readonly byCode: Counts;
    readonly byAccess: Counts;
    readonly byStage: Counts;
    readonly outcomes: Counts;
    readonly pages: number;
    readonly top10Addresses: readonly { readonly address: string; readonly count: number }[];
    readonly top10Pages: readonly { readonly gfnOrGvfn: string; readonly count: number }[];
  };
  readonly faultsCutByLoss: number;
  readonly mappedByAnotherVcpuFirst: number;
  readonly mmio: {
    readonly exits: number;
    readonly exitsByGfn: Counts;
    readonly gfnFrom: Counts;
    readonly installed: number;
    readonly checks: number;
    readonly stale: number;
    readonly lines: number;
    readonly emulatedWithoutMmioSpte: number;
    readonly accessesByGfn: Readonly<Record<string, MmioAccesses>>;
  };
  readonly nxSplits: Listed<NxSplit>;
  readonly nxRecoveryZaps: number;
  readonly hugeSplitLines: { readonly total: number; readonly errno0: number };
  /** Null where the trace does not show changes of entries. */
  readonly sptesChanged: Counts | null;
  readonly dirtySweeps:
    | (Listed<DirtySweep> & { readonly writeProtect: number; readonly dirtyClear: number })
    | null;
  readonly fastFixedButProtectedAgain: readonly ProtectedAgain[];
  readonly zapAlls: { readonly count: number; readonly generations: Counts };
  readonly notifiers: Readonly<Record<string, { readonly total: number; readonly byTask: Counts }>>;
  readonly agePage: Counts;
  readonly dirtyRingPushes: Counts;
  readonly repeatedFaults: Listed<RepeatedFault> & { readonly longest: number };
  readonly header: BufferHead | null;
  readonly lost: {
    readonly marks: number;
    readonly events: number;
    readonly byCpu: Counts;
    readonly list: readonly Gap[];
  };
  readonly buffersStarted: readonly BufferStart[];
  /** Figures that are too low, or lists that are not whole, for there was more than is kept. */
  readonly incomplete: readonly string[];
}

/** Items of a list of the most frequent. */
const TOP = 10;

const pageName = (page: number): string => (page === UNKNOWN ? 'unknown' : hexOf(page));

/** What happened, as data for JSON. */
export function storyJson(story: Story): StoryJson {
  const { mmio, nx, sweeps, repeats, losses } = story;
  const hasChanges =
    story.events.counts.has('kvm_tdp_mmu_spte_changed') || story.events.counts.has('kvm_changed_spte');
  return {
    lines: story.lines,
    events: story.events.json(),
    timeRange: timeRange(story),
    outOfOrderLines: story.order.late,
    outOfOrderWithinTask: story.order.lateWithinTask,
    vcpus: [...story.vcpus.counts.keys()].toSorted((a, b) => a - b),
    tasks: story.tasks.json(),
    byCpu: story.byCpu.json(),
    vcpusOfTask: Object.fromEntries(
      [...story.vcpusOfTask].map(([pid, vcpus]) => [pid, [...vcpus].toSorted((a, b) => a - b)]),
    ),
    exits: story.exitReasons.total,
    exitReasons: story.exitReasons.json(),
    faults: {
      total: story.faults,
      byAddressKind: story.kinds.json(),
      byCode: story.codes.json(),
      byAccess: story.accesses.json(),
      byStage: story.stages.json(),
      outcomes: outcomes(story),
      pages: story.pages.counts.size,
      top10Addresses: top(story.addresses).map(([address, count]) => ({ address: hexOf(address), count })),
      top10Pages: top(story.pages).map(([page, count]) => ({ gfnOrGvfn: hexOf(page), count })),
    },
    faultsCutByLoss: story.faultsCutByLoss,
    mappedByAnotherVcpuFirst: story.mappedByAnotherVcpuFirst,
    mmio: {
      exits: mmio.exits,
      exitsByGfn: mmio.exitsByPage.json(pageName),
      gfnFrom: mmio.from.json(),
      installed: mmio.installed,
      checks: mmio.checks,
      stale: mmio.stale,
      lines: mmio.lines,
      emulatedWithoutMmioSpte: story.outcomes.counts.get('emulated') ?? 0,
      accessesByGfn: Object.fromEntries(
        [...mmio.accesses].toSorted(([a], [b]) => a - b).map(([page, accesses]) => [hexOf(page), accesses]),
      ),
    },
    nxSplits: { count: nx.found.count, list: nx.found.items },
    nxRecoveryZaps: story.nxRecoveryZaps,
    hugeSplitLines: {
      total: story.splitErrnos.total,
      errno0: story.splitErrnos.counts.get(0) ?? 0,
    },
    sptesChanged: hasChanges ? story.changes.json() : null,
    dirtySweeps: hasChanges
      ? {
          count: sweeps.found.count,
          writeProtect: sweeps.writeProtect,
          dirtyClear: sweeps.dirtyClear,
          list: sweeps.found.items,
        }
      : null,
    fastFixedButProtectedAgain: story.protectedAgain.items,
    zapAlls: { count: story.generations.total, generations: story.generations.json() },
    notifiers: Object.fromEntries(
      [...story.notifiers].map(([event, byTask]) => [event, { total: byTask.total, byTask: byTask.json() }]),
    ),
    agePage: story.agePage.json(),
    dirtyRingPushes: story.ringPushes.json(),
    repeatedFaults: { count: repeats.found.count, longest: repeats.longest, list: loops(story) },
    header: losses.head,
    lost: {
      marks: losses.gaps.count,
      events: losses.events,
      byCpu: losses.byCpu.json(),
      list: losses.gaps.items,
    },
    buffersStarted: losses.starts.items,
    incomplete: incomplete(story),
  };
}

function top<Key>(counter: Counter<Key>): [Key, number][] {
  return counter.sorted().slice(0, TOP);
}

/** The outcome of a fault for which KVM asked for an entry, and set none. */
const RACE = 'requested-not-set';
const SILENT = 'silent';

/** Where there is one CPU, no other can have been faster: nothing is known of why no entry was set. */
const isAlone = ({ byCpu }: Story): boolean => byCpu.counts.size === 1;

function outcomes(story: Story): Counts {
  const { [RACE]: raced = 0, ...others } = story.outcomes.json();
  if (raced === 0) return others;
  return isAlone(story)
    ? { ...others, [SILENT]: (others[SILENT] ?? 0) + raced }
    : { ...others, [RACE]: raced };
}

function loops(story: Story): RepeatedFault[] {
  const said = isAlone(story) ? (loop: RepeatedFault) => withoutRace(loop) : (loop: RepeatedFault) => loop;
  return story.repeats.found.items.toSorted((a, b) => a.line - b.line).map(said);
}

function withoutRace(loop: RepeatedFault): RepeatedFault {
  const { [RACE]: raced = 0, ...others } = loop.outcomes;
  if (raced === 0) return loop;
  const outcome: FaultOutcome = loop.lastOutcome === RACE ? SILENT : loop.lastOutcome;
  return { ...loop, lastOutcome: outcome, outcomes: { ...others, silent: (others.silent ?? 0) + raced } };
}

function timeRange({ first, last }: Story): StoryJson['timeRange'] {
  const seconds = ((nanoseconds(last) ?? 0) - (nanoseconds(first) ?? 0)) / 1e9;
  return { first, last, seconds: Number(seconds.toFixed(9)) };
}

/** What there was more of than is kept. */
function incomplete(story: Story): string[] {
  const { mmio, nx, sweeps, repeats, losses } = story;
  const counters: Readonly<Record<string, { readonly uncounted: number }>> = {
    events: story.events,
    tasks: story.tasks,
    'faults.byCode': story.codes,
    'faults.pages': story.pages,
    'faults.top10Addresses': story.addresses,
    'mmio.exitsByGfn': mmio.exitsByPage,
  };
  const lists = {
    nxSplits: nx.found,
    dirtySweeps: sweeps.found,
    repeatedFaults: repeats.found,
    'lost.list': losses.gaps,
    fastFixedButProtectedAgain: story.protectedAgain,
  };
  return [
    ...Object.entries(counters).flatMap(([name, { uncounted }]) => (uncounted > 0 ? [name] : [])),
    ...Object.entries(lists).flatMap(([name, { count, items }]) => (count > items.length ? [name] : [])),
    ...(mmio.uncounted > 0 ? ['mmio.accessesByGfn'] : []),
  ];
}
