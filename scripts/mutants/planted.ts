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
    what: 'walk --summary: executable shows the share of writable',
    file: 'apps/cli/src/commands/render-walk.ts',
    find: "share('executable', executable)",
    replace: "share('executable', writable)",
  },
  {
    what: 'ties of --which the wrong way round',
    file: 'packages/core/src/explain/rank-contexts.ts',
    find: 'b.telling - a.telling',
    replace: 'a.telling - b.telling',
  },
];
