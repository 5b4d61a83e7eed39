// SPDX-License-Identifier: GPL-2.0-only
// Changes that somebody planted once and that no test noticed. Each is caught today and must stay so.
import type { Edit } from './mutation.ts';

export interface Plan {
  /** What is wrong then. */
  readonly what: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The edit of a plan. */
export function edited(source: string, { what, file, find, replace }: Plan): Edit {
  const start = source.indexOf(find);
  if (start === -1 || source.includes(find, start + 1)) {
    const times = start === -1 ? 'no longer' : 'more than once';
    throw new Error(`planted.ts: "${what}" does not apply: ${file} holds its text ${times}`);
  }
  return { file, start, end: start + find.length, before: find, after: replace };
}

export const planted: readonly Plan[] = [
  {
    what: 'fetch shows the outcome of a write',
    file: 'packages/core/src/text/render.ts',
    find: 'renderOutcome(fetch)',
    replace: 'renderOutcome(write)',
  },
  {
    what: 'the executable share of walk --summary is that of writable',
    file: 'apps/cli/src/walk/render-walk.ts',
    find: "share('executable', executable)",
    replace: "share('executable', writable)",
  },
  {
    what: 'ties of --which are the wrong way round',
    file: 'packages/core/src/explain/rank-contexts.ts',
    find: 'b.telling - a.telling',
    replace: 'a.telling - b.telling',
  },
  {
    what: 'a warning costs as much as an error',
    file: 'packages/core/src/explain/rank-contexts.ts',
    find: 'warning: 1',
    replace: 'warning: 3',
  },
  {
    what: 'the text of age is false',
    file: 'packages/core/src/explain/change-events.ts',
    find: 'the accessed bit was cleared',
    replace: 'the dirty bit was cleared',
  },
  {
    what: 'the text of zap is false',
    file: 'packages/core/src/explain/change-events.ts',
    find: "'the entry was zapped'",
    replace: "'the entry was frozen'",
  },
  {
    what: 'the text of collapse is false',
    file: 'packages/core/src/explain/change-events.ts',
    find: 'a table was replaced by a huge page',
    replace: 'a huge page was replaced by a table',
  },
  {
    what: 'the text of write-protect is false',
    file: 'packages/core/src/explain/change-events.ts',
    find: 'writes were forbidden',
    replace: 'reads were forbidden',
  },
  {
    what: 'a bad memory type is called allowed',
    file: 'packages/core/src/judge/checks.ts',
    find: 'is reserved: an EPT misconfiguration',
    replace: 'is allowed: an EPT misconfiguration',
  },
  {
    what: 'the hint on memory types names bad ones',
    file: 'packages/core/src/judge/checks.ts',
    find: 'KVM writes 0, 1, 4, 5 or 6',
    replace: 'KVM writes 2 or 3',
  },
  {
    what: 'the guess at a PAE root is loose',
    file: 'packages/core/src/read/guess-unknown.ts',
    find: '& ~bits(9, 8)) === PT.present.mask',
    replace: '& ~bits(9, 5)) === PT.present.mask',
  },
  {
    what: 'the guess at an entry of a guest is loose',
    file: 'packages/core/src/read/guess-unknown.ts',
    find: '&& accessed && high === 0n',
    replace: '&& high === 0n',
  },
  {
    what: 'events are tallied least first',
    file: 'packages/trace/src/annotate/tally.ts',
    find: 'b.count - a.count || a.first',
    replace: 'a.count - b.count || a.first',
  },
  {
    what: 'what was held is never given back',
    file: 'packages/trace/src/dat/ledger.ts',
    find: 'held -= bytes',
    replace: 'held -= 0 * bytes',
  },
  {
    what: 'walk remembers patterns without an end',
    file: 'packages/walk/src/walk/read-entry.ts',
    find: 'MAX_PATTERNS = 1 << 12',
    replace: 'MAX_PATTERNS = 1 << 30',
  },
  {
    what: 'the summary of a walk remembers patterns without an end',
    file: 'packages/walk/src/summary/summarize-walk.ts',
    find: 'MAX_PATTERNS = 1 << 12',
    replace: 'MAX_PATTERNS = 1 << 30',
  },
  {
    what: 'the annotator remembers values without an end',
    file: 'packages/trace/src/annotate/remember-sptes.ts',
    find: 'MOST_VALUES = 1 << 14',
    replace: 'MOST_VALUES = 1 << 30',
  },
  {
    what: 'a line may be wrapped without an end',
    file: 'packages/trace/src/lines/reader.ts',
    find: 'MAX_WRAPPED = 4',
    replace: 'MAX_WRAPPED = 1 << 30',
  },
  {
    what: 'the header of a line may be of any length',
    file: 'packages/trace/src/text/limits.ts',
    find: 'MAX_HEADER: usize = 256',
    replace: 'MAX_HEADER: usize = 1 << 30',
  },
  {
    what: 'errors are green',
    file: 'apps/cli/src/io/paint.ts',
    find: "[/^\\s+error: /, 'red']",
    replace: "[/^\\s+error: /, 'green']",
  },
  {
    what: 'a whole run of bits is shown as one with holes',
    file: 'packages/core/src/text/render.ts',
    find: 'high}:$',
    replace: 'high}..$',
  },
  {
    what: 'a bit that only one of two builds has is said to be in the other',
    file: 'packages/core/src/explain/compare-mmus.ts',
    find: '(first.value & mask) !== 0n',
    replace: '(first.value & mask) !== 1n',
  },
];
