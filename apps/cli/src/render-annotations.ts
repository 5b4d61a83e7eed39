// SPDX-License-Identifier: GPL-2.0-only
import type { AnnotatedLine, TraceCounts } from '@spte/trace';
import { columns } from './columns.ts';
import type { Paint } from './paint.ts';

/** What a whole trace comes to. */
export interface Annotations {
  readonly lines: number;
  readonly recognised: number;
  readonly passed: number;
  readonly continued: number;
  readonly damaged: number;
  readonly sptes: number;
  readonly checks: number;
  readonly disagreements: number;
  readonly findings: number;
  readonly findingsByCode: Readonly<Record<string, Found>>;
  readonly disagreementsByField: Readonly<Record<string, Found>>;
  readonly events: Readonly<Record<string, number>>;
  readonly kinds: Readonly<Record<string, number>>;
}

interface Found {
  readonly count: number;
  /** Line of the first. */
  readonly first: number;
}

/** Adds up annotated lines. */
export interface AnnotationCounter {
  readonly add: (line: AnnotatedLine) => void;
  readonly annotations: (counts: TraceCounts) => Annotations;
}

const most = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));

const bump = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

const found = (counts: Map<string, Found>, name: string, line: number): void => {
  const { count, first } = counts.get(name) ?? { count: 0, first: line };
  counts.set(name, { count: count + 1, first });
};

export function annotationCounter(): AnnotationCounter {
  const events = new Map<string, number>();
  const kinds = new Map<string, number>();
  const findingsByCode = new Map<string, Found>();
  const disagreementsByField = new Map<string, Found>();
  const sum = { sptes: 0, checks: 0, disagreements: 0, findings: 0 };
  return {
    add({ line, event, sptes, checks }) {
      bump(events, event);
      for (const { kind, findings } of sptes) {
        sum.sptes++;
        bump(kinds, kind);
        for (const { code } of findings) {
          sum.findings++;
          found(findingsByCode, code, line);
        }
      }
      for (const { field, agree } of checks) {
        sum.checks++;
        if (agree) continue;
        sum.disagreements++;
        found(disagreementsByField, field, line);
      }
    },
    annotations: ({ lines, recognised, passed, continued, damaged }) => ({
      lines,
      recognised,
      passed,
      continued,
      damaged,
      ...sum,
      findingsByCode: Object.fromEntries(findingsByCode),
      disagreementsByField: Object.fromEntries(disagreementsByField),
      events: most(events),
      kinds: most(kinds),
    }),
  };
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
    ...columns(foundRows(annotations.disagreementsByField)).map((line) => `  ${line}`),
    paint(findings === 0 ? 'green' : 'red', `  ${findings === 0 ? 'no' : findings} findings`),
    ...columns(foundRows(annotations.findingsByCode)).map((line) => `  ${line}`),
  ];
  if (disagreements > checks / 4) {
    text.push(
      paint(
        'yellow',
        '  much disagrees: was this written on another machine? Say which: --host, --kernel, --vendor',
      ),
    );
  }
  const events = Object.entries(annotations.events);
  if (events.length > 0) text.push('  events');
  text.push(
    ...columns(events.slice(0, TOP).map(([event, count]) => [event, String(count)])).map(
      (line) => `  ${line}`,
    ),
  );
  return text.join('\n');
}

const foundRows = (found: Readonly<Record<string, Found>>): string[][] =>
  Object.entries(found).map(([name, { count, first }]) => [name, String(count), `first in line ${first}`]);
