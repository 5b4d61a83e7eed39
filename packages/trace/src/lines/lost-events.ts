// SPDX-License-Identifier: GPL-2.0-only

/** What a tracer says of events that it could not keep. */
export interface LostEvents {
  /** How many, as far as it says. */
  readonly lost: number;
  /** How often it says so. */
  readonly lostMarks: number;
}

/** What a tracer says of events that are not in its output. */
export interface LossMark {
  /**
   * `gap`: events of a CPU were lost between its last line and the next. `head`: what the buffer held and what was written to it,
   * of all CPUs. `start`: where the events of a CPU begin whose first are gone.
   */
  readonly kind: 'gap' | 'head' | 'start';
  /** Null where it is not said, and of `head`. */
  readonly cpu: number | null;
  /** How many events are gone; null where it is not said. */
  readonly lost: number | null;
  /** Events that were kept, and how many CPUs there are; of `head` alone. */
  readonly kept: number | null;
  readonly cpus: number | null;
}

/**
 * How tracers mark lost events, at the beginning of a line: `trace_pipe`, trace-cmd, the header of `trace` with what is
 * in the buffer and what was written to it, and where in `trace` the events of a CPU begin whose first are gone.
 */
const MARKS: readonly (readonly [LossMark['kind'], RegExp])[] = [
  ['gap', /^CPU:(?<cpu>\d{1,6}) \[LOST(?: (?<lost>\d{1,15}))? EVENTS\]/],
  ['gap', /^CPU:(?<cpu>\d{1,6}) \[(?:(?<lost>\d{1,15}) )?EVENTS DROPPED\]/],
  [
    'head',
    /^# entries-in-buffer\/entries-written: (?<kept>\d{1,15})\/(?<written>\d{1,15})(?!\d)(?: {1,8}#P:(?<cpus>\d{1,6}))?/,
  ],
  ['start', /^##### CPU (?<cpu>\d{1,6}) buffer started ####/],
];

/** The same by `perf script --show-lost-events`, behind the beginning of a line with the CPU in it. */
const PERF_WORD = 'PERF_RECORD_LOST';
const PERF_MARK = /^PERF_RECORD_LOST(?:_SAMPLES)? {1,8}lost (?<lost>\d{1,15})/;
const PERF_CPU = /\[(\d{1,6})\]/;

/** Characters of a mark, at most, with blanks before it. */
const MAX_MARK = 128;

/**
 * Reads a mark of lost events; null for any other line.
 *
 * @example
 * ```ts
 * import { readLossMark } from '@spte/trace';
 *
 * readLossMark('CPU:1 [LOST 540 EVENTS]'); // { kind: 'gap', cpu: 1, lost: 540, kept: null, cpus: null }
 * readLossMark('# tracer: nop'); // null
 * ```
 */
export function readLossMark(text: string, start = 0): LossMark | null {
  const perf = text.indexOf(PERF_WORD, start);
  if (perf < 0) return marked(text.slice(start, start + MAX_MARK).trimStart());
  const mark = PERF_MARK.exec(text.slice(perf, perf + MAX_MARK));
  const [, cpu] = PERF_CPU.exec(text.slice(start, Math.min(perf, start + MAX_MARK))) ?? [];
  return mark === null ? null : lossMark('gap', { ...mark.groups, cpu });
}

/** What is lost by a line; null for a line that says nothing of it. */
export function readLostEvents(text: string, start: number): LostEvents | null {
  const mark = readLossMark(text, start);
  if (mark === null || (mark.kind === 'head' && mark.lost === 0)) return null;
  return { lost: mark.lost ?? 0, lostMarks: 1 };
}

type Groups = Readonly<Partial<Record<'cpu' | 'lost' | 'kept' | 'written' | 'cpus', string | undefined>>>;

function marked(text: string): LossMark | null {
  if (!text.startsWith('#') && !text.startsWith('CPU:')) return null;
  for (const [kind, mark] of MARKS) {
    const match = mark.exec(text);
    if (match !== null) return lossMark(kind, { ...match.groups });
  }
  return null;
}

function lossMark(kind: LossMark['kind'], { cpu, lost, kept, written, cpus }: Groups): LossMark {
  const gone = kept === undefined ? lost : Math.max(0, Number(written) - Number(kept));
  return {
    kind,
    cpu: numberOf(cpu),
    lost: numberOf(gone),
    kept: numberOf(kept),
    cpus: numberOf(cpus),
  };
}

const numberOf = (digits: string | number | undefined): number | null =>
  digits === undefined ? null : Number(digits);
