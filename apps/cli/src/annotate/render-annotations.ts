// SPDX-License-Identifier: GPL-2.0-only
import type { AnnotationTally, Seen, TraceCounts } from '@spte/trace';
import { alignRows } from '../io/align.ts';
import type { Paint } from '../io/paint.ts';

/** What a whole trace comes to. */
export interface Annotations extends AnnotationTally, TraceCounts {}

/** Counts, and what the lines say. */
export function annotationsOf(
  { lines, recognised, passed, continued, damaged }: TraceCounts,
  tally: AnnotationTally,
): Annotations {
  return { lines, recognised, passed, continued, damaged, ...tally };
}

/** Events that are named. */
const TOP = 12;

export function renderAnnotations(paint: Paint, annotations: Annotations): string {
  const { lines, recognised, passed, damaged, sptes, checks, disagreements, findings } = annotations;
  const text = [
    paint(
      'bold',
      `${lines} lines: ${recognised} with entries, ${passed} passed through${damaged > 0 ? `, ${damaged} of them damaged` : ''}`,
    ),
    `  ${sptes} entries: ${Object.entries(annotations.kinds)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}`,
    paint(disagreements === 0 ? 'green' : 'red', `  ${checks} checks, ${disagreements} disagree`),
    ...alignRows(foundRows(annotations.disagreementsByField)).map((line) => `  ${line}`),
    paint(findings === 0 ? 'green' : 'red', `  ${findings === 0 ? 'no' : findings} findings`),
    ...alignRows(foundRows(annotations.findingsByCode)).map((line) => `  ${line}`),
  ];
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

const foundRows = (found: Readonly<Record<string, Seen>>): string[][] =>
  Object.entries(found).map(([name, { count, first }]) => [name, String(count), `first in line ${first}`]);
