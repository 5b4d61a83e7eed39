// SPDX-License-Identifier: GPL-2.0-only

/** What a tracer says of events that it could not keep. */
export interface LostEvents {
  /** How many, as far as it says. */
  readonly lost: number;
  /** How often it says so. */
  readonly lostMarks: number;
}

/**
 * How tracers mark lost events, at the beginning of a line: `trace_pipe`, trace-cmd, the header of `trace` with what is
 * in the buffer and what was written to it, and where in `trace` the events of a CPU begin whose first are gone.
 */
const MARKS: readonly RegExp[] = [
  /^CPU:\d{1,6} \[LOST(?: (?<lost>\d{1,15}))? EVENTS\]/,
  /^CPU:\d{1,6} \[(?:(?<lost>\d{1,15}) )?EVENTS DROPPED\]/,
  /^# entries-in-buffer\/entries-written: (?<kept>\d{1,15})\/(?<written>\d{1,15})(?!\d)/,
  /^##### CPU \d{1,6} buffer started ####/,
];

/** The same by `perf script --show-lost-events`, behind the beginning of a line. */
const PERF_WORD = 'PERF_RECORD_LOST';
const PERF_MARK = /^PERF_RECORD_LOST(?:_SAMPLES)? {1,8}lost (?<lost>\d{1,15})/;

/** Reads a mark of lost events; null for any other line. */
export function readLostEvents(text: string, start: number): LostEvents | null {
  const perf = text.indexOf(PERF_WORD, start);
  const groups =
    perf < 0
      ? marked(text.slice(start, start + MAX_MARK).trimStart())
      : matched(PERF_MARK, text.slice(perf, perf + MAX_MARK));
  if (groups === null) return null;
  const { lost, kept, written } = groups;
  if (kept === undefined) return { lost: Number(lost ?? 0), lostMarks: 1 };
  const gone = Number(written) - Number(kept);
  return gone > 0 ? { lost: gone, lostMarks: 1 } : null;
}

/** Characters of a mark, at most, with blanks before it. */
const MAX_MARK = 128;

type Groups = Readonly<Partial<Record<'lost' | 'kept' | 'written', string>>>;

function matched(mark: RegExp, text: string): Groups | null {
  const match = mark.exec(text);
  return match === null ? null : { ...match.groups };
}

function marked(text: string): Groups | null {
  if (!text.startsWith('#') && !text.startsWith('CPU:')) return null;
  for (const mark of MARKS) {
    const groups = matched(mark, text);
    if (groups !== null) return groups;
  }
  return null;
}
