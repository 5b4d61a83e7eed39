// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, type Candidate, type Mmu, PT, type SignificantBits, spteToPfn } from '@spte/core';
import type { Arena } from '@spte/wasm';
import type { AnnotatedChange } from '../annotate/annotate-change.ts';
import { type AnnotatedSpte, isMmioElsewhere } from '../annotate/annotate-spte.ts';
import type { Check } from '../annotate/printed-check.ts';
import { isLikeOthers, significantByLevel, usualBits } from '../annotate/remember-sptes.ts';
import type { BulkCounter } from '../annotate/tally.ts';
import type { TracedSpte } from '../events/record.ts';
import { utf8Bytes } from '../text/utf8.ts';
import * as PIECE from '../wasm/pieces.ts';
import * as STATE from '../wasm/state.ts';
import { takeSeen } from './json-forms.ts';

const SLOTS = 1 << PIECE.SLOT_BITS;
/** Slots in use, of either kind, at most. */
const MAX_USED = SLOTS / 2;

const PIECES_BYTES = 5 << 20;
/** Bytes of a piece, at most, with what it needs beside its text. */
const MAX_PIECE = 1 << 14;

/** What comes after a text of a piece. */
const HOLES: Readonly<Record<string, number>> = {
  value: PIECE.VALUE_HOLE,
  gfn: PIECE.GFN_HOLE,
  pfn: PIECE.PFN_HOLE,
  role: PIECE.ROLE_HOLE,
};
const HOLE = /"@(value|gfn|pfn|role)"/;

/** In place of a field, by its number: no text of a line that the kernel takes has such a character. */
export function fieldHole(index: number): string {
  return `\u0001${index}`;
}
const FIELD_HOLE = /"\\u0001(\d+)"/;

/** Pieces of lines as JSON, kept where the kernel finds them by what they depend on. */
export interface Pieces {
  /** Makes the piece that the kernel misses about an SPTE. */
  addSpte(): void;
  /** Makes the piece that the kernel misses about the checks of a line. */
  addChecks(checks: readonly Check[]): void;
  /** Makes the piece that the kernel misses about what became of an entry. */
  addChange(change: AnnotatedChange): void;
  /** Says of which words of a line that is explained the values decide: a bit for each that it has. */
  addPlan(mask: number): void;
  /**
   * Makes the piece that the kernel misses about an exit or a fault.
   *
   * @param text JSON, with {@link fieldHole} in place of fields
   * @param left what is kept for the task's next line
   */
  addFault(text: string, left: number): void;
  /** Counts what lines have used since the last time. */
  settle(): void;
}

/**
 * Makes room for pieces, and tells the kernel the masks of an MMU.
 *
 * @param others contexts beside that of the MMU
 * @param about the rules
 * @param counter counts what is used
 */
export function createPieces(
  arena: Arena,
  mmu: Mmu,
  others: readonly Candidate[],
  about: (spte: TracedSpte, gfn: string | null) => AnnotatedSpte,
  counter: BulkCounter,
): Pieces {
  const { view, bytes } = arena;
  const slots = arena.take(PIECE.SPTE_SLOT_BYTES * SLOTS);
  const checkSlots = arena.take(PIECE.CHECK_SLOT_BYTES * SLOTS);
  const start = arena.take(PIECES_BYTES);
  const end = start + PIECES_BYTES;
  let next = start;
  let used = 0;
  /** What the pieces say, by address. */
  const saids = new Map<number, AnnotatedSpte>();
  const checked = new Map<number, readonly Check[]>();
  const changed = new Map<number, AnnotatedChange>();
  const significant = significantByLevel(mmu, others);
  const usual = usualBits(mmu);

  arena.set(STATE.SPTE_SLOTS, slots);
  arena.set(STATE.CHECK_SLOTS, checkSlots);
  setMasks(view, mmu, significant);

  const settle = (): void => {
    for (const [place, said] of saids) counter.addSpte(said, takeSeen(view, place));
    for (const [place, checks] of checked) counter.addChecks(checks, takeSeen(view, place));
    for (const [place, change] of changed) counter.addChange(change, takeSeen(view, place));
  };

  /** Whether there is room for one more; else all are forgotten, and the kernel will miss them again. */
  const hasRoom = (): boolean => {
    if (used < MAX_USED && next + MAX_PIECE <= end) return true;
    settle();
    saids.clear();
    checked.clear();
    changed.clear();
    bytes.fill(0, slots, end);
    next = start;
    used = 0;
    return false;
  };

  /** Puts a piece, or what stands in its place, into the slot that the kernel found free. */
  const fillSlot = (key: bigint, row: number, piece: number): void => {
    const slot = slots + PIECE.SPTE_SLOT_BYTES * arena.get(STATE.MISS_SLOT);
    view.setBigUint64(slot + PIECE.SLOT_KEY, key, true);
    arena.put(slot, { [PIECE.SLOT_ROW]: row, [PIECE.SLOT_PIECE]: piece });
    used++;
  };

  const writeText = (text: string): void => {
    for (let i = 0; i < text.length; i++) bytes[next++] = text.charCodeAt(i);
  };

  /** Writes texts, and after each but the last what comes there. */
  const writeParts = (parts: readonly string[], holeOf: (hole: string) => number): void => {
    for (let i = 0; i < parts.length; i += 2) {
      const text = utf8Bytes(parts[i] as string);
      const hole = parts[i + 1];
      view.setUint16(next, text.length, true);
      view.setUint16(next + PIECE.HOLE, hole === undefined ? PIECE.END : holeOf(hole), true);
      bytes.set(text, next + PIECE.TEXT);
      next += PIECE.TEXT + text.length;
    }
  };

  /** Begins a piece with so much before its text; returns where. */
  const beginPiece = (text: number): number => {
    const piece = (next + 7) & ~7;
    next = piece + text;
    return piece;
  };

  const writeSpte = (said: AnnotatedSpte, alike: boolean): number => {
    const piece = beginPiece(PIECE.TEXTS);
    saids.set(piece, said);
    arena.set(piece + PIECE.STRICT, Number(alike && said.findings.length + said.possible.length > 0));
    const gfn = said.kind === 'mmio' ? said.gfn : '@gfn';
    const moving = alike ? { value: '@value', pfn: said.pfn === null ? null : '@pfn' } : {};
    const parts = JSON.stringify({ ...said, role: '@role', gfn, ...moving }).split(HOLE);
    writeParts(parts, (hole) => HOLES[hole] as number);
    return piece;
  };

  /** Begins what is found by the key of checks. */
  const beginKeyed = (): number => {
    const piece = beginPiece(PIECE.CHECKS_KEY);
    const words = arena.get(STATE.MISS_WORDS);
    bytes.copyWithin(next, STATE.CHECK_KEY, STATE.CHECK_KEY + 8 * words);
    next += 8 * words;
    arena.set(checkSlots + PIECE.CHECK_SLOT_BYTES * arena.get(STATE.MISS_SLOT), piece);
    used++;
    return piece;
  };

  /** Writes a text that is found by the key of checks, where there is room. */
  const writeKeyed = (text: string, remember: (piece: number) => void): void => {
    if (!hasRoom()) return;
    const piece = beginKeyed();
    arena.set(piece + PIECE.CHECKS_LENGTH, text.length);
    writeText(text);
    remember(piece);
  };

  return {
    addSpte() {
      if (!hasRoom()) return;
      const row = arena.get(STATE.MISS_ROW);
      const value = view.getBigUint64(STATE.MISS_VALUE, true);
      const role = (row & PIECE.GUEST) === 0 ? 'spte' : 'guest';
      const spte: TracedSpte = { role, value, level: row & PIECE.LEVEL_MASK || null };
      const said = about(spte, null);
      if (role === 'guest') fillSlot(0n, row, writeSpte(said, true));
      else if ((row & PIECE.WHOLE) !== 0) fillSlot(value, row, writeSpte(said, false));
      else {
        const alike =
          isLikeOthers(said, (value & ADDRESS) ^ usual, significant[row] as SignificantBits) &&
          !isMmioElsewhere(spte, others);
        fillSlot(value & ~ADDRESS, row, alike ? writeSpte(said, true) : PIECE.DIFFER);
      }
    },
    addChecks(checks) {
      writeKeyed(checks.map((check) => JSON.stringify(check)).join(','), (piece) =>
        checked.set(piece, checks),
      );
    },
    addChange(change) {
      writeKeyed(`,"change":${JSON.stringify(change)}`, (piece) => changed.set(piece, change));
    },
    addPlan(mask) {
      if (hasRoom()) arena.set(beginKeyed() + PIECE.PLAN, mask);
    },
    addFault(text, left) {
      if (!hasRoom()) return;
      const piece = beginKeyed();
      arena.put(piece, { [PIECE.LEFT]: left, [PIECE.KEY_WORDS]: arena.get(STATE.MISS_WORDS) });
      writeParts(text.split(FIELD_HOLE), (field) => PIECE.FIELD_HOLE + Number(field));
    },
    settle,
  };
}

function setMasks(view: DataView, mmu: Mmu, significant: readonly SignificantBits[]): void {
  view.setBigUint64(STATE.ADDRESS, ADDRESS, true);
  view.setBigUint64(STATE.PAGE_SIZE, PT.pageSize.mask, true);
  view.setBigUint64(STATE.PFN, pfnBits(mmu), true);
  view.setBigUint64(STATE.USUAL, usualBits(mmu), true);
  for (const [level, { bit7Clear, bit7Set }] of significant.entries()) {
    view.setBigUint64(STATE.SIGNIFICANT + 16 * level, bit7Clear, true);
    view.setBigUint64(STATE.SIGNIFICANT + 16 * level + 8, bit7Set, true);
  }
}

/** Which address bits are a pfn. */
function pfnBits(mmu: Mmu): bigint {
  let found = 0n;
  for (let bit = 1n << 12n; (bit & ADDRESS) !== 0n; bit <<= 1n) found |= spteToPfn(mmu, bit) << 12n;
  return found;
}
