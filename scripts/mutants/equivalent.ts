// SPDX-License-Identifier: GPL-2.0-only
import { lineAt, type Mutation } from './mutation.ts';

/** Mutations that change nothing that anybody could notice. Found by what stands there, not by a line number. */
export interface Equivalent {
  readonly file: string;
  /** The line, without its indentation; every line of the file when absent. */
  readonly line?: string;
  /**
   * The text before and after; or whatever changes places there, in a list or a call; or whatever makes a number one
   * more or one less.
   */
  readonly change: readonly [before: string, after: string] | 'order' | 'arguments' | 'number';
  readonly why: string;
}

/** Numbers that say how much is done at once, or how often something is looked at. */
const PACE: readonly (readonly [file: string, line: string])[] = [
  ['apps/cli/src/annotate/sections.ts', 'const CHUNK = 1 << 20;'],
  ['apps/cli/src/annotate/sections.ts', 'const MIN_BYTES = 1 << 24;'],
  ['apps/cli/src/annotate/sections.ts', 'const MAX_PRINTED_BYTES = 1 << 25;'],
  ['apps/cli/src/annotate/workers.ts', 'const PROGRESS_MS = 100;'],
  ['apps/cli/src/annotate/workers.ts', 'const CHUNK = 1 << 20;'],
  ['apps/cli/src/annotate/workers.ts', 'const AHEAD = 2;'],
  ['apps/cli/src/files/image.ts', 'const BLOCK = 1 << 16;'],
  ['apps/cli/src/files/parquet-table.ts', 'const COPIED = 1 << 20;'],
  ['apps/cli/src/files/read-input.ts', 'const CHUNK = 1 << 18;'],
  ['apps/cli/src/files/trace-dat.ts', 'const BATCH = 256;'],
  ['apps/cli/src/io/output.ts', 'const CHUNK = 1 << 16;'],
  ['apps/cli/src/io/progress.ts', 'const PATIENCE_MS = 1000;'],
  ['apps/cli/src/io/progress.ts', 'const STEP_MS = 100;'],
  ['apps/cli/src/walk/write-columns.ts', 'const BREATH = 1 << 13;'],
  ['packages/vmcore/src/containers/elf-core.ts', 'const CHUNK = 512;'],
];

/** Sizes that are larger than what has to fit in. */
const ROOM: readonly (readonly [file: string, line: string])[] = [
  ['packages/host/src/node-devices.ts', 'const RECORD = 1 << 14;'],
  ['packages/trace/src/columns/column-reader.ts', 'const MEMORY = 5 << 20;'],
  ['packages/trace/src/columns/column-store.ts', 'const PROGRAM_BYTES = 1 << 14;'],
  ['packages/trace/src/annotate/tally.ts', 'const PARTS = 64;'],
  ['packages/trace/src/lines/parse-line.ts', 'const MAX_NAME = 64;'],
  ['packages/trace/src/ndjson/json-pieces.ts', 'const MAX_PIECE = 1 << 14;'],
  ['packages/trace/src/ndjson/ndjson.ts', 'const MEMORY = 8 << 20;'],
];

/** Lists of which it does not matter what stands first. */
const SETS: readonly (readonly [file: string, line: string | null, why: string])[] = [
  [
    'packages/core/src/judge/address-dependence.ts',
    null,
    'every test of a list is put to an entry, and every mask of a union counts',
  ],
  ['packages/host/src/cache-bits.ts', null, 'a CPU is of one model'],
  ['packages/trace/src/events/trace-events.ts', null, 'a line fits one form of its event at most'],
  [
    'packages/vmcore/src/kernel/kallsyms.ts',
    null,
    'the mode is the one in which a symbol of known address has it: no two give it the same',
  ],
  [
    'packages/core/src/judge/checks.ts',
    "const LEAVES: readonly SpteKind[] = ['leaf', 'tracked'];",
    'an entry is of one kind',
  ],
  [
    'packages/core/src/judge/checks.ts',
    "const PRESENT: readonly SpteKind[] = [...LEAVES, 'table'];",
    'an entry is of one kind',
  ],
  [
    'packages/trace/src/annotate/printed-check.ts',
    "kvm_mmu_set_spte: { of: 'attributes', fields: ['access', 'r', 'x', 'u'] },",
    'asked only what it holds',
  ],
  [
    'packages/trace/src/annotate/printed-check.ts',
    "check_mmio_spte: { of: 'value', fields: ['kvm_gen', 'spte-gen', 'spte_gen', 'valid'] },",
    'asked only what it holds',
  ],
  [
    'packages/trace/src/annotate/printed-check.ts',
    "handle_mmio_page_fault: { of: 'before', fields: ['gfn', 'access'] },",
    'asked only what it holds',
  ],
  [
    'packages/trace/src/annotate/printed-check.ts',
    "mark_mmio_spte: { of: 'before', fields: ['gfn', 'access', 'gen'] },",
    'asked only what it holds',
  ],
  [
    'packages/trace/src/annotate/printed-check.ts',
    "export const LEAVING_EVENTS: readonly string[] = ['check_mmio_spte', 'kvm_mmio_spte', 'kvm_exit'];",
    'places in it are compared with each other only',
  ],
  [
    'apps/cli/src/io/clean-up.ts',
    "const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;",
    'each signal is heard, whichever first',
  ],
  [
    'apps/cli/src/commands/walk.ts',
    'if ([summary, translate, diff].filter((value) => value !== undefined).length > 1) {',
    'they are counted',
  ],
  [
    'apps/cli/src/annotate/render-line.ts',
    'const key = [keyOf(old), keyOf(now), old.pfn === now.pfn, now.level].join();',
    'a key is a key in every order, as both sides are built alike',
  ],
];

/** Models of a family between two rows of the table of C-bits. */
const MODELS: readonly (readonly [file: string, line: string])[] = [
  ['packages/host/src/presets.ts', 'const MILAN = 0x01;'],
  ['packages/host/src/presets.ts', 'const GENOA = 0x11;'],
];

export const equivalents: readonly Equivalent[] = [
  {
    file: 'packages/trace/src/annotate/remember-sptes.ts',
    line: 'const GUEST = 6;',
    change: ['6', '7'],
    why: 'one more row, which stays empty',
  },
  ...PACE.map(
    ([file, line]): Equivalent => ({
      file,
      line,
      change: 'number',
      why: 'how much is done at once, or how often, and not what',
    }),
  ),
  ...ROOM.map(
    ([file, line]): Equivalent => ({
      file,
      line,
      change: 'number',
      why: 'more room than is needed is enough',
    }),
  ),
  ...MODELS.map(
    ([file, line]): Equivalent => ({
      file,
      line,
      change: 'number',
      why: 'the model beside it has the same row',
    }),
  ),
  ...SETS.map(
    ([file, line, why]): Equivalent => ({
      file,
      ...(line !== null && { line }),
      change: 'order',
      why,
    }),
  ),
  {
    file: 'packages/vmcore/src/containers/image-format.ts',
    change: 'order',
    why: 'a file begins with one of these at most',
  },
  {
    file: 'packages/core/src/read/shape.ts',
    line: 'a.length === b.length &&',
    change: ['===', '!=='],
    why: 'a shape that is found anew is the same',
  },
  {
    file: 'packages/core/src/read/shape.ts',
    line: 'return name === other.name && mask === other.mask && meaning === other.meaning;',
    change: ['===', '!=='],
    why: 'a shape that is found anew is the same',
  },
  {
    file: 'packages/walk/src/compare/diff-walks.ts',
    line: 'if (a.gpa !== b.gpa) return a.gpa < b.gpa ? -1 : 1;',
    change: ['<', '<='],
    why: 'the two differ',
  },
  {
    file: 'packages/walk/src/summary/leaf-shares.ts',
    change: 'arguments',
    why: 'a sum of two shares is the same either way',
  },
  {
    file: 'packages/walk/src/summary/summarize-walk.ts',
    line: 'kinds: summaries.reduce((sum, { kinds }) => addKinds(sum, kinds), NO_KINDS),',
    change: ['sum, kinds', 'kinds, sum'],
    why: 'a sum of two counts is the same either way',
  },
  {
    file: 'packages/trace/src/lines/header.ts',
    line: 'for (let unit = 1; at > start && isDigit(text.charCodeAt(at - 1)); unit *= 10) {',
    change: ['>', '>='],
    why: 'a blank stands before the start, or nothing',
  },
];

/** Whether a mutation is one that is listed; which ones it is found by. */
export function equivalentsOf(source: string, mutation: Mutation): readonly Equivalent[] {
  const { file, kind, start, before, after } = mutation;
  const inFile = equivalents.filter((one) => one.file === file);
  if (inFile.length === 0) return inFile;
  const line = lineAt(source, start);
  return inFile.filter((one) => {
    if (one.line !== undefined && one.line !== line) return false;
    if (one.change === 'order' || one.change === 'arguments') return kind === one.change;
    if (one.change === 'number') return (kind === 'limit' || kind === 'shift') && /^\d/.test(before);
    return one.change[0] === before && one.change[1] === after;
  });
}

/**
 * @param found what {@link equivalentsOf} gave for all mutations
 * @throws Error when a line of the list matches nothing any more: it is to be removed
 */
export function checkEquivalents(found: ReadonlySet<Equivalent>): void {
  const lost = equivalents.find((one) => !found.has(one));
  if (lost !== undefined) {
    throw new Error(`equivalent.ts: no longer to be found: ${lost.file}: ${lost.line ?? 'any line'}`);
  }
}
