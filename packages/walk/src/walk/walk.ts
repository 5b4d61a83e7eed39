// SPDX-License-Identifier: GPL-2.0-only
import type { Candidate, Mmu } from '@spte/core';
import type { PhysicalMemory } from '@spte/vmcore';
import { entryOf, tableBelow, type WalkEntry } from './entry.ts';
import { type BlankTest, type Frame, frameOf, isBlankAt } from './frame.ts';
import { doneShare, type ProgressListener } from './progress.ts';
import { entryReader } from './read-entry.ts';
import { repeatCounter } from './repeats.ts';
import { type OpenRoot, openRoot, type WalkRoot } from './root.ts';
import { ENTRY_BYTES } from './table.ts';

/** What an `AbortSignal` offers that a walk needs. */
export interface AbortSignalLike {
  /** Throws the reason once the walk is no longer wanted. */
  throwIfAborted(): void;
}

/** How to walk. */
export interface WalkOptions {
  /**
   * Contexts beside that of the MMU that the table may be of, none when absent: what is wrong with an entry in some of
   * them only is possible.
   */
  readonly others?: readonly Candidate[] | undefined;
  /** Whether empty entries are wanted too, those that are zero included; false when absent. */
  readonly empty?: boolean | undefined;
  /**
   * Stops the walk: it is asked before each table is read, and what it throws is thrown. While a walk runs without an
   * `await`, nothing but `onProgress` can abort its controller.
   */
  readonly signal?: AbortSignalLike | undefined;
  /** Hears how far the walk has come, after each table that was read. */
  readonly onProgress?: ProgressListener | undefined;
}

/**
 * Walks a page table: every non-empty entry, in address order, a table before what is below it.
 *
 * Lazy: a table (4096 bytes) is read when the walk gets to the entry that points to it, and at most one for each level
 * is kept. A table that several entries point to is walked for each of them, but after 65,536 such repeats no table
 * twice. Tables are not followed into a loop, a hole, or addresses that the machine does not have; the entry says so in
 * its findings.
 *
 * ```ts
 * for (const { level, gpa, spte, kind } of walk(mmu, memory, { root: 0x83dd000n })) console.log(level, gpa, spte, kind);
 * ```
 *
 * @throws TypeError, RangeError at once when the root is not the address of a table, or not in this memory
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { bytesMemory, walk } from '@spte/walk';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * const image = new Uint8Array(0x2000);
 * new DataView(image.buffer).setBigUint64(0x1028, 0x42b4e67n, true);
 * const entries = [...walk(mmu, bytesMemory(image), { root: 0x1000n, level: 1 })];
 * entries.map(({ gpa, kind }) => `${gpa} ${kind}`).join(); // 20480 leaf
 * ```
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { bytesMemory, walk } from '@spte/walk';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * const image = new Uint8Array(0x2000);
 * // A table that is not in the image is a finding, and the walk goes on.
 * new DataView(image.buffer).setBigUint64(0x1000, 0x7f00000827n, true);
 * const [entry] = walk(mmu, bytesMemory(image), { root: 0x1000n, level: 2 });
 * entry?.findings.map(({ code }) => code); // [ 'table-hole' ]
 * ```
 */
export function walk(
  mmu: Mmu,
  memory: PhysicalMemory,
  root: WalkRoot,
  options: WalkOptions = {},
): Generator<WalkEntry, void, void> {
  return walkFrom(mmu, memory, openRoot(mmu, memory, root), options);
}

function* walkFrom(
  mmu: Mmu,
  memory: PhysicalMemory,
  root: OpenRoot,
  { empty = false, signal, onProgress, others = [] }: WalkOptions,
): Generator<WalkEntry, void, void> {
  const read = entryReader(mmu, others);
  const isBlank = blankTest(mmu);
  const isRepeat = repeatCounter();
  const stack: Frame[] = [];
  let tables = 0;

  const enter = (next: Frame): Frame => {
    stack.push(next);
    tables++;
    onProgress?.({ tables, gpa: next.gpa, done: doneShare(stack, isBlank) });
    return next;
  };
  signal?.throwIfAborted();
  let frame: Frame | undefined = enter(frameOf(root.table, root.gpa));
  while (frame !== undefined) {
    const { table } = frame;
    const index = frame.index++;
    if (index === table.size) {
      stack.pop();
      frame = stack.at(-1);
      continue;
    }
    if (!empty && isBlankAt(table, index, isBlank)) continue;
    const spte = table.view.getBigUint64(index * ENTRY_BYTES, true);
    const reading = read(spte, table);
    if (reading.kind === 'table') signal?.throwIfAborted();
    const below = tableBelow(mmu, memory, spte, table, reading, stack, isRepeat);
    const entry = entryOf(frame, index, spte, reading, below);
    yield entry;
    if (below.table !== null) frame = enter(frameOf(below.table, entry.gpa));
  }
}

/** Every kernel leaves 0 or its own constant in empty entries. */
function blankTest({ layout }: Mmu): BlankTest {
  const emptyLow = Number(BigInt.asUintN(32, layout.empty));
  const emptyHigh = Number(layout.empty >> 32n);
  return (low, high) => (low | high) === 0 || (low === emptyLow && high === emptyHigh);
}
