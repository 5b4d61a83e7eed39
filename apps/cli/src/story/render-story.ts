// SPDX-License-Identifier: GPL-2.0-only
import type { Counts, RepeatedFault, StoryJson } from '@spte/story';
import type { Paint } from '../io/paint.ts';

/** A section: what it is called, and what it says; nothing where there is nothing to say. */
interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Columns of a line of text. */
const WIDTH = 80;
/** Items of a list that are shown. */
const FEW = 5;

const number = (value: number): string => value.toLocaleString('en-US');

const count = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`;

/** A time, which every line of a tracer has. */
const at = (time: string | null): string => time ?? '?';

/** What became of faults, in words. */
const OUTCOMES: Readonly<Record<string, string>> = {
  mapped: 'the page was mapped',
  'fast-fixed': 'allowed again without the MMU lock',
  'fast-spurious': 'nothing to do: the entry allows it',
  'mmio-installed': 'no memory there: an MMIO entry made',
  'mmio-hit': 'met an MMIO entry',
  'mmio-cached': 'met an MMIO entry, known to the vCPU',
  emulated: 'emulated without an MMIO entry',
  split: 'a huge page was split',
  'guest-fault': "refused by the guest's own tables",
  'retry-own-invalidation': 'invalidated meanwhile, tried again',
  'requested-not-set': 'lost a race: another CPU changed the entry',
  silent: 'nothing printed: KVM lets the guest try again',
  'unknown-lost': 'not known: events were lost',
};

/** The story for people. */
export function renderStory(paint: Paint, story: StoryJson, context: string, path: string): string {
  const sections = [
    faults(story),
    loops(story),
    pages(story),
    mmio(story),
    nx(story),
    dirty(story),
    zaps(story),
    notifiers(story),
    losses(story),
  ].filter(({ lines }) => lines.length > 0);
  return [
    ...wrapped(context),
    ...head(story),
    ...sections.flatMap(({ title, lines }) => [
      '',
      paint('bold', title),
      ...lines.map((line) => `  ${line}`),
    ]),
    '',
    `More: spte annotate ${path}`,
    `      spte story ${path} --json`,
  ].join('\n');
}

/** Words in lines of no more than the width. */
function wrapped(text: string, first = '', indent = '  '): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const longer = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    if (longer.length <= WIDTH) line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line];
}

function head({ lines, timeRange, tasks, vcpusOfTask, byCpu, exits, faults }: StoryJson): string[] {
  const { first, last, seconds } = timeRange;
  const rate = (value: number): string => (seconds > 0 ? ` (${number(Math.round(value / seconds))}/s)` : '');
  const vcpus = Object.keys(vcpusOfTask).length;
  return [
    `${count(lines, 'line')}, ${at(first)} to ${at(last)}: ${seconds.toFixed(3)} s, ${count(Object.keys(byCpu).length, 'CPU')}, ${count(Object.keys(tasks).length, 'task')}`.slice(
      0,
      WIDTH,
    ),
    `${count(vcpus, 'vCPU thread')}, ${count(exits, 'exit')}${rate(exits)}, ${count(faults.total, 'fault')}${rate(faults.total)}`,
  ];
}

/** Counts as a table: how many, and what. */
function table(counts: Counts, say: (name: string) => string = String, most = FEW): string[] {
  const entries = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  const shown = entries.slice(0, most).map(([name, value]) => `${number(value).padStart(9)}  ${say(name)}`);
  const rest = entries.length - shown.length;
  return (rest > 0 ? [...shown, `${''.padStart(9)}  and ${number(rest)} more`] : shown).map((line) =>
    line.slice(0, WIDTH - 2),
  );
}

function faults({ faults: { total, outcomes, byCode } }: StoryJson): Section {
  if (total === 0) return { title: '', lines: [] };
  const codes = table(byCode, (code) => `error code ${code}`);
  return {
    title: 'Faults',
    lines: [...table(outcomes, (name) => `${name}: ${OUTCOMES[name] ?? ''}`, 13), ...codes],
  };
}

function pages({ faults: { pages: different, top10Pages } }: StoryJson): Section {
  const most = top10Pages.filter(({ count: many }) => many > 1).slice(0, FEW);
  const counts = Object.fromEntries(most.map(({ gfnOrGvfn, count: many }) => [gfnOrGvfn, many]));
  return {
    title: `Most faults (of ${count(different, 'page')})`,
    lines: table(counts, (page) => `page ${page}`),
  };
}

function loops({ repeatedFaults: { count: all, longest, list } }: StoryJson): Section {
  const most = list.toSorted((a, b) => b.count - a.count).slice(0, FEW);
  const rest = all - most.length;
  return {
    title: `The same fault again and again: ${count(all, 'loop')}, at most ${count(longest, 'time')}`,
    lines: [...most.flatMap(loop), ...(rest > 0 ? [`and ${count(rest, 'more loop', 'more loops')}`] : [])],
  };
}

function loop({
  task,
  vcpu,
  address,
  code,
  count: times,
  line,
  start,
  end,
  lastOutcome,
  lastUnmapByAnotherTask: unmap,
}: RepeatedFault): string[] {
  const who = vcpu === null ? `pid ${task}` : `pid ${task} vcpu ${vcpu}`;
  const suspect =
    unmap === null
      ? []
      : [`  suspect: ${unmap.task} unmapped ${unmap.start} at ${at(unmap.time)} (line ${unmap.line})`];
  return [
    `${count(times, 'time')}  ${address} code ${code} by ${who}, line ${line}`,
    `  ${at(start)} to ${at(end)}, in the end: ${lastOutcome}`,
    ...suspect,
  ].map((text) => text.slice(0, WIDTH - 2));
}

function mmio({
  mmio: { exits, exitsByGfn, installed, stale, lines: accesses },
  timeRange,
}: StoryJson): Section {
  if (exits + accesses === 0) return { title: '', lines: [] };
  const { seconds } = timeRange;
  const rate = seconds > 0 ? `, ${number(Math.round(exits / seconds))} exits a second` : '';
  return {
    title: `MMIO: ${count(exits, 'exit')}, ${count(accesses, 'access', 'accesses')}${rate}`,
    lines: [
      ...table(exitsByGfn, (gfn) => (gfn === 'unknown' ? 'at a gfn that no line tells' : `gfn ${gfn}`)),
      ...(installed > 0
        ? [`${count(installed, 'entry', 'entries')} made, ${number(stale)} found stale`]
        : []),
    ],
  };
}

function nx({ nxSplits, nxRecoveryZaps }: StoryJson): Section {
  return {
    title: `Huge pages split for execution (NX): ${number(nxSplits.count)}, recovery zapped ${count(nxRecoveryZaps, 'table')}`,
    lines: [
      ...nxSplits.list
        .slice(0, FEW)
        .map(({ address, time, line }) => `${address} at ${at(time)}, line ${line}`),
      ...(nxSplits.count > FEW ? [`and ${number(nxSplits.count - FEW)} more`] : []),
      ...(nxSplits.count === 0 && nxRecoveryZaps > 0 ? ['the splits were before this trace'] : []),
    ],
  };
}

function dirty({ dirtySweeps, dirtyRingPushes, faults: { outcomes } }: StoryJson): Section {
  const rings = Object.values(dirtyRingPushes).reduce((sum, many) => sum + many, 0);
  const list = dirtySweeps?.list ?? [];
  const fixed = outcomes['fast-fixed'] ?? 0;
  const swept = list
    .slice(0, FEW)
    .map(({ start, pages: some, gfnMin, gfnMax, task }) =>
      `${at(start)}  ${count(some, 'page')}, gfn ${gfnMin} to ${gfnMax}, by ${task}`.slice(0, WIDTH - 2),
    );
  const all = dirtySweeps?.count ?? 0;
  return {
    title: `Dirty logging: ${count(all, 'sweep')}, ${count(fixed, 'fault')} fixed without the lock`,
    lines: [
      ...swept,
      ...(all > swept.length ? [`and ${count(all - swept.length, 'more sweep', 'more sweeps')}`] : []),
      ...(rings > 0 ? [`${count(rings, 'page')} pushed into dirty rings`] : []),
    ],
  };
}

function zaps({ zapAlls: { count: all, generations } }: StoryJson): Section {
  return {
    title: `Everything zapped: ${count(all, 'time')} (a memory slot was deleted or moved)`,
    lines:
      all === 0
        ? []
        : [
            `generations: ${Object.entries(generations)
              .map(([name, many]) => `${name} (${many})`)
              .join(', ')}`.slice(0, WIDTH - 2),
          ],
  };
}

function notifiers({ notifiers: byEvent, agePage, sptesChanged }: StoryJson): Section {
  const said = Object.entries(byEvent).flatMap(([event, { total, byTask }]) => {
    const [most = ''] = Object.keys(byTask);
    return [`${number(total).padStart(9)}  ${event}, most by ${most}`.slice(0, WIDTH - 2)];
  });
  const aged = (sptesChanged?.['age'] ?? 0) + (agePage['YOUNG'] ?? 0);
  return {
    title: 'The host looks at or takes back memory',
    lines: [...said, ...(aged > 0 ? [`${number(aged).padStart(9)}  entries aged`] : [])],
  };
}

function losses({ lost, faultsCutByLoss, header, outOfOrderLines, incomplete }: StoryJson): Section {
  const gone = header === null ? 0 : header.written - header.inBuffer;
  return {
    title: 'What is missing',
    lines: [
      ...(lost.marks > 0
        ? [
            `${count(lost.marks, 'gap')}, ${count(lost.events, 'event')} lost; ${count(faultsCutByLoss, 'fault')} cut`,
          ]
        : []),
      ...(gone > 0 ? [`${count(gone, 'event')} written before the first line are gone`] : []),
      ...(outOfOrderLines > 0 ? [`${count(outOfOrderLines, 'line')} out of order`] : []),
      ...(incomplete.length > 0
        ? [`more than is counted: ${incomplete.join(', ')}`.slice(0, WIDTH - 2)]
        : []),
    ],
  };
}
