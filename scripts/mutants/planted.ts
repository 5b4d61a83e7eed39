// SPDX-License-Identifier: GPL-2.0-only
// Changes that somebody planted once and that no test noticed. Each is caught today and must stay so.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Edit } from './mutation.ts';

export interface Plan {
  /** What is wrong then. */
  readonly what: string;
  /** The folder below which the text stands: texts move between files more often than they change. */
  readonly within: string;
  /** Stands exactly once in the TypeScript files of that folder. */
  readonly find: string;
  readonly replace: string;
}

/** Where a text stands, as often as it does. */
function placesOf(root: string, { within, find }: Plan): { readonly file: string; readonly start: number }[] {
  const files = readdirSync(join(root, within), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${within}/${name.replaceAll('\\', '/')}`);
  return files.flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8');
    const starts = source.split(find).slice(0, -1);
    let end = 0;
    return starts.map((before) => {
      const start = end + before.length;
      end = start + find.length;
      return { file, start };
    });
  });
}

/**
 * The edit of a plan.
 *
 * @throws RangeError when its text is nowhere in the folder, or in several places
 */
export function editOf(root: string, plan: Plan): Edit {
  const { what, within, find, replace } = plan;
  const [place, ...more] = placesOf(root, plan);
  if (place === undefined || more.length > 0) {
    const times = place === undefined ? 'nowhere' : `${more.length + 1} times`;
    throw new RangeError(`planted.ts: "${what}": ${JSON.stringify(find)} stands ${times} in ${within}`);
  }
  return { ...place, end: place.start + find.length, before: find, after: replace };
}

export const planted: readonly Plan[] = [
  {
    what: 'fetch shows the outcome of a write',
    within: 'packages/core/src',
    find: 'outcomeText(fetch)',
    replace: 'outcomeText(write)',
  },
  {
    what: 'the executable share of walk --summary is that of writable',
    within: 'apps/cli/src',
    find: "share('executable', executable)",
    replace: "share('executable', writable)",
  },
  {
    what: 'ties of --which are the wrong way round',
    within: 'packages/core/src',
    find: 'b.recognised - a.recognised',
    replace: 'a.recognised - b.recognised',
  },
  {
    what: 'a warning costs as much as an error',
    within: 'packages/core/src',
    find: 'warning: 1',
    replace: 'warning: 3',
  },
  {
    what: 'the text of age is false',
    within: 'packages/core/src',
    find: 'the accessed bit was cleared',
    replace: 'the dirty bit was cleared',
  },
  {
    what: 'the text of zap is false',
    within: 'packages/core/src',
    find: "'the entry was zapped'",
    replace: "'the entry was frozen'",
  },
  {
    what: 'the text of collapse is false',
    within: 'packages/core/src',
    find: 'a table was replaced by a huge page',
    replace: 'a huge page was replaced by a table',
  },
  {
    what: 'the text of write-protect is false',
    within: 'packages/core/src',
    find: 'writes were forbidden',
    replace: 'reads were forbidden',
  },
  {
    what: 'a bad memory type is called allowed',
    within: 'packages/core/src',
    find: 'is reserved: an EPT misconfiguration',
    replace: 'is allowed: an EPT misconfiguration',
  },
  {
    what: 'the hint on memory types names bad ones',
    within: 'packages/core/src',
    find: 'KVM writes 0, 1, 4, 5 or 6',
    replace: 'KVM writes 2 or 3',
  },
  {
    what: 'the guess at a PAE root is loose',
    within: 'packages/core/src',
    find: '~bits(9, 8)',
    replace: '~bits(9, 5)',
  },
  {
    what: 'the guess at an entry of a guest is loose',
    within: 'packages/core/src',
    find: 'const used = PT.present.mask | PT.accessed.mask',
    replace: 'const used = PT.present.mask',
  },
  {
    what: 'events are tallied least first',
    within: 'packages/trace/src',
    find: 'b.count - a.count || a.first',
    replace: 'a.count - b.count || a.first',
  },
  {
    what: 'what was held is never given back',
    within: 'packages/trace/src',
    find: 'held -= bytes',
    replace: 'held -= 0 * bytes',
  },
  {
    what: 'walk remembers patterns without an end',
    within: 'packages/walk/src/walk',
    find: 'MAX_PATTERNS = 1 << 12',
    replace: 'MAX_PATTERNS = 1 << 30',
  },
  {
    what: 'the summary of a walk remembers patterns without an end',
    within: 'packages/walk/src/summary',
    find: 'MAX_PATTERNS = 1 << 12',
    replace: 'MAX_PATTERNS = 1 << 30',
  },
  {
    what: 'the annotator remembers values without an end',
    within: 'packages/trace/src',
    find: 'MAX_VALUES = 1 << 14',
    replace: 'MAX_VALUES = 1 << 30',
  },
  {
    what: 'a line may be wrapped without an end',
    within: 'packages/trace/src',
    find: 'MAX_WRAPPED = 4',
    replace: 'MAX_WRAPPED = 1 << 30',
  },
  {
    what: 'the header of a line may be of any length',
    within: 'packages/trace/src',
    find: 'MAX_HEADER: usize = 256',
    replace: 'MAX_HEADER: usize = 1 << 30',
  },
  {
    what: 'errors are green',
    within: 'apps/cli/src',
    find: "error: 'red'",
    replace: "error: 'green'",
  },
  {
    what: 'a whole run of bits is shown as one with holes',
    within: 'packages/core/src/text',
    find: 'high}:$',
    replace: 'high}..$',
  },
  {
    what: 'a bit that only one of two builds has is said to be in the other',
    within: 'packages/core/src',
    find: '(a.value & mask) !== 0n',
    replace: '(a.value & mask) !== 1n',
  },
  {
    what: 'the first entry of a call is answered as one of another class',
    within: 'packages/batch/src',
    find: 'let base = table.classBase(key, seenHi, seenLo)',
    replace: 'let base = table.classBase(key, 1, 0)',
  },
];
