// SPDX-License-Identifier: GPL-2.0-only
import { counted } from '@spte/core';
import type { AnnotationTally, Seen, TraceCounts } from '@spte/trace';
import type { ErrataSeen } from '../entry/errata-counter.ts';
import type { SplatsSeen } from '../entry/splat-counter.ts';
import { alignRows } from '../io/align.ts';
import type { Paint } from '../io/paint.ts';
import { type Filtered, filteredText } from './matches.ts';

/** What a whole trace comes to. */
export interface Annotations extends AnnotationTally, TraceCounts {
  /** Known bugs that lines show, by name. */
  readonly errata: ErrataSeen;
  /** Splats of KVM's MMU that show no entry, by what they are. */
  readonly splats: SplatsSeen;
  /** What the filters left, of which all else is said; absent without any. */
  readonly filtered?: Filtered;
}

/** Counts, and what the lines say. */
export function annotationsOf(
  { lines, recognised, passed, continued, damaged, lost, lostMarks }: TraceCounts,
  tally: AnnotationTally,
  { errata, splats, filtered }: Pick<Annotations, 'errata' | 'splats' | 'filtered'>,
): Annotations {
  const all = { lines, recognised, passed, continued, damaged, lost, lostMarks, ...tally, errata, splats };
  return filtered === undefined ? all : { ...all, filtered };
}

/** What the tracer lost, and what that means. */
export function lossText({ lost, lostMarks }: Pick<TraceCounts, 'lost' | 'lostMarks'>): string {
  const events = lost === 0 ? 'events' : `${counted(lost, 'event')} or more`;
  return `the tracer lost ${events} (${counted(lostMarks, 'mark')}): the trace is not complete`;
}

/** Why a check agrees though the texts differ. */
const LOST_LETTER = 'without its first letter, which some kernels lose while the option hash-ptr is off';

/** Events that are named. */
const TOP = 12;

export function renderAnnotations(paint: Paint, annotations: Annotations): string {
  const { lines, recognised, passed, damaged, sptes, checks, disagreements } = annotations;
  const text = [
    paint(
      'bold',
      `${counted(lines, 'line')}: ${recognised} read, ${passed} passed through${damaged > 0 ? `, ${damaged} of them damaged` : ''}`,
    ),
    ...filteredLines(paint, annotations),
    `  ${[counted(sptes, 'entry', 'entries'), ...kindCounts(annotations)].join(': ')}`,
    paint(
      disagreements === 0 ? 'green' : 'red',
      `  ${counted(checks, 'check')}, ${disagreements === 1 ? '1 disagrees' : `${disagreements} disagree`}`,
    ),
    ...alignRows(foundRows(annotations.disagreementsByField)).map((line) => `  ${line}`),
    ...alignRows(foundRows(annotations.lostLettersByField)).map((line) => `  ${line}, ${LOST_LETTER}`),
    ...findingLines(paint, annotations),
    ...splatLines(paint, annotations),
    ...errataLines(paint, annotations),
  ];
  if (annotations.lostMarks > 0) text.push(paint('yellow', `  ${lossText(annotations)}`));
  if (disagreements > checks / 4) {
    text.push(
      paint(
        'yellow',
        '  many checks disagree: was this trace recorded on another machine? Say which: --host, --kernel, --vendor',
      ),
    );
  }
  const events = Object.entries(annotations.events);
  if (events.length > 0) text.push('  events');
  text.push(
    ...alignRows(events.slice(0, TOP).map(([event, count]) => [event, String(count)])).map(
      (line) => `  ${line}`,
    ),
  );
  return text.join('\n');
}

/** What is said where nothing was looked at. */
const NOTHING_SHOWN = {
  none: 'nothing was recognised: no line shows an entry, an exit or a fault',
  splats: 'no line shows an entry, an exit or a fault',
};

/** What the filters left. */
function filteredLines(paint: Paint, { filtered }: Annotations): string[] {
  if (filtered === undefined) return [];
  return [paint(filtered.lines === 0 ? 'yellow' : 'bold', `  ${filteredText(filtered)}`)];
}

/** What was found; and that nothing was looked at, which is something else. */
function findingLines(paint: Paint, annotations: Annotations): string[] {
  const { findings, possible, findingsByCode, possibleByCode } = annotations;
  const rows = (found: Readonly<Record<string, Seen>>): string[] =>
    alignRows(foundRows(found)).map((line) => `  ${line}`);
  const lines =
    findings > 0
      ? [paint('red', `  ${counted(findings, 'finding')}`), ...rows(findingsByCode)]
      : lookedAt(annotations) > 0
        ? [paint('green', '  no findings')]
        : [
            paint(
              'yellow',
              `  ${NOTHING_SHOWN[Object.keys(annotations.splats).length === 0 ? 'none' : 'splats']}`,
            ),
          ];
  if (possible === 0) return lines;
  return [
    ...lines,
    paint('yellow', `  ${counted(possible, 'possible finding')}, by what the trace may be of`),
    ...rows(possibleByCode),
  ];
}

/** What splats there are beside those that show entries. */
function splatLines(paint: Paint, { splats }: Annotations): string[] {
  const rows = alignRows(foundRows(splats));
  return rows.length === 0
    ? []
    : [paint('yellow', '  splats that show no entry'), ...rows.map((line) => `  ${line}`)];
}

/** Which known bugs lines show. */
function errataLines(paint: Paint, { errata }: Annotations): string[] {
  const rows = Object.entries(errata).map(([id, { strength, count, first }]) => [
    id,
    strength,
    String(count),
    `first in line ${first}`,
  ]);
  return rows.length === 0
    ? []
    : [paint('cyan', '  known bugs'), ...alignRows(rows).map((line) => `  ${line}`)];
}

/** Entries, exits and faults that were looked at, wanted or not. */
export function lookedAt({ sptes, events, filtered }: Annotations): number {
  return filtered?.looked ?? sptes + (events['kvm_exit'] ?? 0) + (events['kvm_page_fault'] ?? 0);
}

/** The kinds of the entries, in one text; none where there are no entries. */
function kindCounts({ kinds }: Annotations): string[] {
  const counts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  return counts.length === 0 ? [] : [counts.join(', ')];
}

const foundRows = (found: Readonly<Record<string, Seen>>): string[][] =>
  Object.entries(found).map(([name, { count, first }]) => [name, String(count), `first in line ${first}`]);
