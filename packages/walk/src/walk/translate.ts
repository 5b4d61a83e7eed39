// SPDX-License-Identifier: GPL-2.0-only
import {
  checkU64,
  gfnRoundForLevel,
  hex,
  type Mmu,
  PAGE_SHIFT,
  type ReadOnlyReason,
  readOnlyReason,
  readOnlyText,
  type SpteKind,
  spteToPfn,
} from '@spte/core';
import type { PhysicalMemory } from '@spte/vmcore';
import { entryOf, tableBelow, type WalkEntry } from './entry.ts';
import { entryFindingText, type WalkFindingCode } from './findings.ts';
import { type Frame, frameOf } from './frame.ts';
import { readEntry } from './read-entry.ts';
import { openRoot, type WalkRoot } from './root.ts';
import { ENTRY_BYTES } from './table.ts';

/**
 * How a translation ends: at an entry of some kind, `leaf` and `tracked` with an address; at a table that is not there;
 * or before it begins, at a gpa that the root does not map (`beyond-root`).
 */
export type TranslationOutcome = Exclude<SpteKind, 'table'> | WalkFindingCode | 'beyond-root';

/** What a gpa translates to, and by which entries. */
export interface Translation {
  /** The guest physical address that was asked for, in bytes. */
  readonly gpa: bigint;
  /** The entries from the root down, as a walk would yield them; the last one decides. */
  readonly steps: readonly WalkEntry[];
  /** Where it ends: `leaf` and `tracked` have an address. */
  readonly outcome: TranslationOutcome;
  /** Host physical address in bytes; null where there is none. */
  readonly hpa: bigint | null;
  /** Why the leaf at its end does not let the CPU write; null where it does, and for every other outcome. */
  readonly readOnly: ReadOnlyReason | null;
  /** The outcome in a sentence. */
  readonly text: string;
}

const TEXTS: { readonly [Outcome in Exclude<TranslationOutcome, WalkFindingCode>]: string } = {
  leaf: 'mapped',
  tracked: 'mapped, but access-tracked: the next access faults and gives the permissions back',
  mmio: 'MMIO: nothing is mapped, accesses are emulated',
  frozen: 'frozen: a CPU was changing the entry',
  empty: 'not mapped',
  unknown: "the entry is not one of KVM's",
  'beyond-root': 'the root does not reach that far',
};

/**
 * Translates one guest physical address, and shows each step.
 *
 * A walk stops at the same places: nothing is followed into a loop, a hole, or addresses that the machine does not have.
 *
 * @param gpa guest physical address in bytes
 * @throws TypeError, RangeError when `gpa` is not a 64-bit word, the root is not the address of a table, or not in this
 *   memory
 *
 * @example
 * ```ts
 * import { createMmu, makeNonleafSpte } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { bytesMemory, translate } from '@spte/walk';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * const image = new Uint8Array(0x3000);
 * const entries = new DataView(image.buffer);
 * entries.setBigUint64(0x1000, makeNonleafSpte(mmu, 0x2000n, false), true);
 * entries.setBigUint64(0x2028, 0x42b4e67n, true);
 * translate(mmu, bytesMemory(image), { root: 0x1000n, level: 2 }, 0x5678n).text; // mapped: 0x5678 is at 0x42b4678
 * translate(mmu, bytesMemory(image), { root: 0x1000n, level: 2 }, 0x6000n).outcome; // empty
 * ```
 */
export function translate(mmu: Mmu, memory: PhysicalMemory, root: WalkRoot, gpa: bigint): Translation {
  checkU64('gpa', gpa);
  const start = openRoot(mmu, memory, root);
  const stack: Frame[] = [frameOf(start.table, start.gpa)];
  const steps: WalkEntry[] = [];
  for (const frame of stack) {
    const { table } = frame;
    const index = (gpa - frame.gpa) / frame.bytes;
    if (gpa < frame.gpa || index >= BigInt(table.size)) break;
    const at = Number(index);
    const spte = table.view.getBigUint64(at * ENTRY_BYTES, true);
    const reading = readEntry(mmu, spte, table);
    const below = tableBelow(mmu, memory, spte, table, reading, stack);
    const step = entryOf(frame, at, spte, reading, below);
    steps.push(step);
    if (below.table !== null) stack.push(frameOf(below.table, step.gpa));
    else if (below.finding !== null) {
      const text = entryFindingText(below.finding);
      return { gpa, steps, outcome: below.finding.code, hpa: null, readOnly: null, text };
    }
  }
  return { gpa, steps, ...ending(mmu, gpa, steps.at(-1)) };
}

function ending(mmu: Mmu, gpa: bigint, last: WalkEntry | undefined): Omit<Translation, 'gpa' | 'steps'> {
  // A table that leads nowhere has a finding, so that none is last here.
  const outcome = last === undefined ? 'beyond-root' : (last.kind as Exclude<SpteKind, 'table'>);
  if (last === undefined || (outcome !== 'leaf' && outcome !== 'tracked')) {
    return { outcome, hpa: null, readOnly: null, text: TEXTS[outcome] };
  }
  const page = gfnRoundForLevel(spteToPfn(mmu, last.spte), last.level) << PAGE_SHIFT;
  const hpa = page + (gpa - last.gpa);
  const readOnly = readOnlyReason(mmu, last.spte, last.kind);
  const why = readOnly === null ? '' : `, read-only: ${readOnlyText(readOnly)}`;
  return { outcome, hpa, readOnly, text: `${TEXTS[outcome]}: ${hex(gpa)} is at ${hex(hpa)}${why}` };
}
