// SPDX-License-Identifier: GPL-2.0-only
// Writes a line as JSON, from pieces that JavaScript has made by the rules and that are kept by what they depend on.

import * as FORM from '../src/wasm/json-form';
import * as PIECE from '../src/wasm/pieces';
import { COUNT, FIRST } from '../src/wasm/seen';
import {
  ADDRESS,
  BEFORE,
  CHECK_KEY,
  CHECK_SLOTS,
  CHECKS_TEXT,
  CHECKS_TEXT_LENGTH,
  ENDS,
  LINE,
  LINE_TEXT,
  LINE_TEXT_LENGTH,
  MAX_APART,
  MISS_ROW,
  MISS_SLOT,
  MISS_VALUE,
  MISS_WORDS,
  OUT,
  OUT_LIMIT,
  PAGE_SIZE,
  PENDING,
  PENDING_COUNT,
  PFN,
  SIGNIFICANT,
  SPTE_PIECES,
  SPTE_SLOTS,
  STARTS,
  TASK,
  TASK_BYTES,
  TASK_EVENT,
  TASK_LINE,
  TASK_VALUE,
  USUAL,
  VALUES,
  WHO_CPU,
  WHO_PID,
} from '../src/wasm/state';
import {
  DECLINED,
  MISSING_CHANGE,
  MISSING_CHECKS,
  MISSING_FAULT,
  MISSING_PLAN,
  MISSING_SPTE,
  OUT_FULL,
  TAKEN,
} from '../src/wasm/status';
import { timeDigits, timeEnd, timeStart } from './header';
import { copyText, escapes, writeDecimal, writeHex } from './write';

const SLOT_MASK: usize = (1 << PIECE.SLOT_BITS) - 1;

const QUOTE_ZERO_X: u32 = 0x78_30_22;
const QUOTE: u8 = 34;
const ZERO: u8 = 48;
const MINUS: u8 = 45;

export function writeLine(form: usize): i32 {
  let out: usize = load<u32>(OUT);
  if (out > <usize>load<u32>(OUT_LIMIT)) return OUT_FULL;
  const line = load<f64>(LINE);
  out = copyText(out, load<u32>(LINE_TEXT), load<u32>(LINE_TEXT_LENGTH));
  out = writeDecimal(out, <u64>line);
  out = copyText(out, load<u32>(form, FORM.HEAD), load<u32>(form, FORM.HEAD_LENGTH));
  out = writeTime(out);
  out = writeFields(out, form);
  if (out === 0) return DECLINED;
  const level = levelOf(form);
  const count: usize = load<u32>(form, FORM.SPTE_COUNT);
  let spte: usize = load<u32>(form, FORM.SPTES);
  for (let i: usize = 0; i < count; i++, spte += FORM.SPTE_BYTES) {
    const value = valueOf(spte);
    const piece =
      load<u32>(spte, FORM.IS_GUEST) === 0 ? sptePiece(value, level) : pieceOf(0, PIECE.GUEST | level, value);
    if (piece === PIECE.NONE) return MISSING_SPTE;
    store<u32>(SPTE_PIECES + (i << 2), piece);
    if (i > 0) store<u8>(out++, 44);
    out = writePiece(out, piece + PIECE.TEXTS, spte, form);
  }
  const pending = findPending();
  store<u32>(BEFORE, isNear(pending, line) ? pending : 0);
  const checks = checksPiece(form, count);
  if (checks === PIECE.NONE) return MISSING_CHECKS;
  if (checks === PIECE.REFUSED) return DECLINED;
  const change = changePiece(form);
  if (change === PIECE.NONE) return MISSING_CHANGE;
  const fault = faultPiece(form);
  if (fault === PIECE.NONE) return lacking;
  out = copyText(out, load<u32>(CHECKS_TEXT), load<u32>(CHECKS_TEXT_LENGTH));
  if (checks > PIECE.REFUSED) {
    const text = checks + PIECE.CHECKS_KEY + (keyWords(form) << 3);
    out = copyText(out, text, load<u32>(checks, PIECE.CHECKS_LENGTH));
    count1(checks, line);
  }
  store<u8>(out++, 93);
  if (change > PIECE.REFUSED) {
    const text = change + PIECE.CHECKS_KEY + (CHANGE_WORDS << 3);
    out = copyText(out, text, load<u32>(change, PIECE.CHECKS_LENGTH));
    count1(change, line);
  }
  if (fault > PIECE.REFUSED) {
    out = writeFault(out, fault + PIECE.CHECKS_KEY + ((<usize>load<u32>(fault, PIECE.KEY_WORDS)) << 3));
  }
  // }\n
  store<u16>(out, 0x0a_7d);
  store<u32>(OUT, out + 2);
  count1(form, line);
  for (let i: usize = 0; i < count; i++) count1(load<u32>(SPTE_PIECES + (i << 2)), line * 8 + <f64>i);
  leave(form, pending, line, fault);
  return TAKEN;
}

/** Counts a use. */
function count1(place: usize, where: f64): void {
  const uses = load<f64>(place, COUNT);
  if (uses === 0) store<f64>(place, where, FIRST);
  store<f64>(place, uses + 1, COUNT);
}

function writeTime(to: usize): usize {
  if (timeDigits === 255) {
    // null
    store<u32>(to, 0x6c6c_756e);
    return to + 4;
  }
  store<u8>(to, QUOTE);
  const out = copyText(to + 1, timeStart, timeEnd - timeStart);
  store<u8>(out, QUOTE);
  return out + 1;
}

/** The fields with what stands before and after them; 0 when one is not printed as JSON has it. */
function writeFields(to: usize, form: usize): usize {
  let out = to;
  const count: usize = load<u32>(form, FORM.FIELD_COUNT);
  let field = form + FORM.FIELDS;
  for (let i: usize = 0; i < count; i++, field += FORM.FIELD_BYTES) {
    out = copyText(out, load<u32>(field, FORM.FIELD_TEXT), load<u32>(field, FORM.FIELD_TEXT_LENGTH));
    const start: usize = load<u32>(STARTS + (i << 2));
    const length = <usize>load<u32>(ENDS + (i << 2)) - start;
    const kind = load<i32>(field, FORM.FIELD_KIND);
    if (kind === FORM.HEX) out = writeHexField(out, start, length);
    else if (kind === FORM.DECIMAL) {
      if (!isPlainDecimal(start, length)) return 0;
      out = copyText(out, start, length);
    } else if (kind === FORM.WORD) {
      if (escapes(start, length)) return 0;
      store<u8>(out, QUOTE);
      out = copyText(out + 1, start, length);
      store<u8>(out++, QUOTE);
    } else if (kind === FORM.SWITCH) {
      const on = load<u64>(VALUES + (i << 3)) !== 0;
      // true, false
      store<u64>(out, on ? 0x6575_7274 : 0x65_736c_6166);
      out += on ? 4 : 5;
    } else out = writeHexString(out, load<u64>(VALUES + (i << 3)));
  }
  return copyText(out, load<u32>(field, FORM.FIELD_TEXT), load<u32>(field, FORM.FIELD_TEXT_LENGTH));
}

/** Hex as it was printed. */
function writeHexField(to: usize, start: usize, length: usize): usize {
  store<u32>(to, QUOTE_ZERO_X);
  v128.store(to + 3, v128.load(start));
  store<u8>(to + 3 + length, QUOTE);
  return to + 4 + length;
}

function writeHexString(to: usize, value: u64): usize {
  store<u32>(to, QUOTE_ZERO_X);
  const out = writeHex(to + 3, value);
  store<u8>(out, QUOTE);
  return out + 1;
}

/** Whether digits are what JSON makes of their number: no zeros before it, and no -0. */
function isPlainDecimal(start: usize, length: usize): bool {
  if (load<u8>(start) === MINUS) return load<u8>(start + 1) !== ZERO;
  return length === 1 || load<u8>(start) !== ZERO;
}

/** How a field of the form is written. */
function kindOf(form: usize, field: usize): i32 {
  return load<i32>(form + FORM.FIELDS + field * FORM.FIELD_BYTES, FORM.FIELD_KIND);
}

/** The value of an SPTE of the form. */
function valueOf(spte: usize): u64 {
  return load<u64>(VALUES + ((<usize>load<u32>(spte, FORM.SPTE_FIELD)) << 3));
}

/** 1..5, or 0 when the line does not say. */
function levelOf(form: usize): u32 {
  const field: usize = load<u32>(form, FORM.LEVEL);
  if (field === 0) return 0;
  const level = load<f64>(VALUES + ((field - 1) << 3));
  return level >= 1 && level <= 5 ? <u32>level : 0;
}

/** What is said of an SPTE, by its attributes where its address tells nothing, else by its value. */
function sptePiece(value: u64, level: u32): usize {
  const address = value & load<u64>(ADDRESS);
  const told = address ^ load<u64>(USUAL);
  const rows = SIGNIFICANT + ((<usize>level) << 4);
  const clear = load<u64>(rows);
  const set = load<u64>(rows, 8);
  if (address !== 0 && (told & ((value & load<u64>(PAGE_SIZE)) === 0 ? clear : set)) === 0) {
    const piece = pieceOf(value ^ address, level, value);
    if (piece !== PIECE.DIFFER) {
      if (piece === PIECE.NONE || load<u32>(piece, PIECE.STRICT) === 0 || (told & (clear | set)) === 0)
        return piece;
    }
  }
  return pieceOf(value, level | PIECE.WHOLE, value);
}

function pieceOf(key: u64, row: u32, value: u64): usize {
  const slots: usize = load<u32>(SPTE_SLOTS);
  let slot = <usize>(((key ^ ((<u64>row) << 24)) * 0x9e37_79b9_7f4a_7c15) >> (64 - PIECE.SLOT_BITS));
  while (true) {
    const place = slots + slot * PIECE.SPTE_SLOT_BYTES;
    const piece: usize = load<u32>(place, PIECE.SLOT_PIECE);
    if (piece === PIECE.NONE) {
      store<u32>(MISS_ROW, row);
      store<u32>(MISS_SLOT, slot);
      store<u64>(MISS_VALUE, value);
      return PIECE.NONE;
    }
    if (load<u64>(place, PIECE.SLOT_KEY) === key && load<u32>(place, PIECE.SLOT_ROW) === row) return piece;
    slot = (slot + 1) & SLOT_MASK;
  }
}

function writePiece(to: usize, from: usize, spte: usize, form: usize): usize {
  const value = valueOf(spte);
  let out = to;
  let at = from;
  while (true) {
    const length: usize = load<u16>(at);
    const hole: i32 = load<u16>(at, PIECE.HOLE);
    out = copyText(out, at + PIECE.TEXT, length);
    if (hole === PIECE.VALUE_HOLE) out = writeHexString(out, value);
    else if (hole === PIECE.PFN_HOLE) out = writeHexString(out, (value & load<u64>(PFN)) >> 12);
    else if (hole === PIECE.GFN_HOLE) out = writeGfn(out, form);
    else if (hole === PIECE.ROLE_HOLE)
      out = copyText(out, load<u32>(spte, FORM.ROLE), load<u32>(spte, FORM.ROLE_LENGTH));
    else return out;
    at += PIECE.TEXT + length;
  }
}

/** The gfn of the line as it stands in its fields. */
function writeGfn(to: usize, form: usize): usize {
  const field: usize = load<u32>(form, FORM.GFN);
  if (field === 0) {
    store<u32>(to, 0x6c6c_756e);
    return to + 4;
  }
  const i = field - 1;
  if (kindOf(form, i) === FORM.DECIMAL_HEX) {
    return writeHexString(to, load<u64>(VALUES + (i << 3)));
  }
  const start: usize = load<u32>(STARTS + (i << 2));
  return writeHexField(to, start, <usize>load<u32>(ENDS + (i << 2)) - start);
}

/** Which task, or CPU where the trace does not say: pid, cpu or -1. */
function task(): f64 {
  const pid = load<f64>(WHO_PID);
  return pid >= 0 ? pid : load<f64>(WHO_CPU);
}

/** Where the task's last line is kept; 0 for none. */
function findPending(): usize {
  const first: usize = load<u32>(PENDING);
  const who = task();
  for (let at = pendingEnd(); at > first; ) {
    at -= TASK_BYTES;
    if (load<f64>(at, TASK) === who) return at;
  }
  return 0;
}

/** Whether what is kept is near enough for this line to be compared with it. */
function isNear(pending: usize, line: f64): bool {
  return pending !== 0 && line - load<f64>(pending, TASK_LINE) <= <f64>load<u32>(MAX_APART);
}

/** Takes away what was kept for the task, and keeps this line if it shows an MMIO SPTE, or is an exit. */
function leave(form: usize, pending: usize, line: f64, fault: usize): void {
  if (pending !== 0) forget(pending);
  const event = load<u32>(form, FORM.LEAVES);
  if (event === 0) return;
  if (load<u32>(PENDING_COUNT) >= load<u32>(MAX_APART)) forget(load<u32>(PENDING));
  const at = pendingEnd();
  store<f64>(at, task(), TASK);
  const value = fault > PIECE.REFUSED ? load<u32>(fault, PIECE.LEFT) : valueOf(load<u32>(form, FORM.SPTES));
  store<u64>(at, value, TASK_VALUE);
  store<f64>(at, line, TASK_LINE);
  store<u32>(at, event, TASK_EVENT);
  store<u32>(PENDING_COUNT, load<u32>(PENDING_COUNT) + 1);
}

/** Where the next line of a task would be kept. */
function pendingEnd(): usize {
  return <usize>load<u32>(PENDING) + <usize>load<u32>(PENDING_COUNT) * TASK_BYTES;
}

/** Takes away one line that is kept; the others stay in their order. */
function forget(pending: usize): void {
  const next = pending + TASK_BYTES;
  memory.copy(pending, next, pendingEnd() - next);
  store<u32>(PENDING_COUNT, load<u32>(PENDING_COUNT) - 1);
}

/** What the checks of the line say; more than `REFUSED` for a piece, `DIFFER` when there are none. */
function checksPiece(form: usize, sptes: usize): usize {
  const depends = load<i32>(form, FORM.CHECKS);
  if (depends === FORM.NO_CHECKS) return PIECE.DIFFER;
  store<u64>(CHECK_KEY, form);
  let words: usize = 2;
  if (depends === FORM.OF_PIECE) store<u64>(CHECK_KEY, load<u32>(SPTE_PIECES), 8);
  else if (depends === FORM.OF_VALUE) {
    store<u64>(CHECK_KEY, valueOf(load<u32>(form, FORM.SPTES)), 8);
  } else {
    const before: usize = load<u32>(BEFORE);
    if (before === 0 || load<u32>(before, TASK_EVENT) !== load<u32>(form, FORM.AFTER)) return PIECE.DIFFER;
    store<u64>(CHECK_KEY, load<u64>(before, TASK_VALUE), 8);
  }
  const count = keyWords(form);
  const fields: usize = load<u32>(form, FORM.KEY_FIELDS);
  for (; words < count; words++) {
    const field: usize = load<u32>(fields + ((words - 2) << 2));
    if (!addToKey(words, field, kindOf(form, field))) return PIECE.REFUSED;
  }
  return findChecks(words);
}

/** How many words the key of checks has: the form, what the checks depend on, and their fields. */
function keyWords(form: usize): usize {
  return 2 + <usize>load<u32>(form, FORM.KEY_FIELD_COUNT);
}

/** Adds a field to the key of checks; false when it is too long. */
function addToKey(word: usize, field: usize, kind: i32): bool {
  let value = load<u64>(VALUES + (field << 3));
  if (kind === FORM.WORD) {
    const start: usize = load<u32>(STARTS + (field << 2));
    const length = <usize>load<u32>(ENDS + (field << 2)) - start;
    if (length > 7) return false;
    value = load<u64>(start) & (((<u64>1) << ((<u64>length) << 3)) - 1);
  }
  store<u64>(CHECK_KEY + (word << 3), value);
  return true;
}

/** Words of the key of a change: its form, its two entries, and whether they have the same address. */
const CHANGE_WORDS: usize = 4;

/** What became of an entry; `DIFFER` where the line does not show that. */
function changePiece(form: usize): usize {
  if (load<u32>(form, FORM.CHANGES) === 0) return PIECE.DIFFER;
  const spte: usize = load<u32>(form, FORM.SPTES);
  const differing = valueOf(spte) ^ valueOf(spte + FORM.SPTE_BYTES);
  store<u64>(CHECK_KEY, form);
  store<u64>(CHECK_KEY, load<u32>(SPTE_PIECES), 8);
  store<u64>(CHECK_KEY, load<u32>(SPTE_PIECES, 4), 16);
  store<u64>(CHECK_KEY, <u64>((differing & load<u64>(ADDRESS)) === 0), 24);
  return findChecks(CHANGE_WORDS);
}

/** Why there is no piece of a line that is explained. */
let lacking: i32 = 0;

/** What is said of an exit or a fault; `DIFFER` when the line is none, `NONE` when that is lacking. */
function faultPiece(form: usize): usize {
  if (load<u32>(form, FORM.EXPLAINED) === 0) return PIECE.DIFFER;
  store<u64>(CHECK_KEY, form);
  let words: usize = 1;
  let fields: usize = load<u32>(form, FORM.PLAN_FIELDS);
  for (let i: usize = 0; i < <usize>load<u32>(form, FORM.PLAN_FIELD_COUNT); i++) {
    words = addPlanField(words, load<u32>(fields + (i << 2)), form);
    if (words === 0) {
      lacking = DECLINED;
      return PIECE.NONE;
    }
  }
  lacking = MISSING_PLAN;
  const plan = findChecks(words);
  if (plan === PIECE.NONE) return plan;
  store<u64>(CHECK_KEY, plan);
  store<u64>(CHECK_KEY, exitBefore(form), 8);
  words = 2;
  const mask = load<u32>(plan, PIECE.PLAN);
  fields = load<u32>(form, FORM.WORD_FIELDS);
  for (let i: usize = 0; i < <usize>load<u32>(form, FORM.WORD_FIELD_COUNT); i++) {
    if (((mask >> <u32>i) & 1) === 0) continue;
    const field: usize = load<u32>(fields + (i << 2));
    store<u64>(CHECK_KEY + (words++ << 3), load<u64>(VALUES + (field << 3)));
  }
  lacking = MISSING_FAULT;
  return findChecks(words);
}

/** Characters of a word in a plan's key, and one more. */
const PLAN_TEXT: usize = 32;

/** Adds a field to the key of a plan; returns its words, 0 when the field is too long. */
function addPlanField(words: usize, field: usize, form: usize): usize {
  const at = CHECK_KEY + (words << 3);
  if (kindOf(form, field) !== FORM.WORD) {
    store<u64>(at, load<u64>(VALUES + (field << 3)));
    return words + 1;
  }
  const start: usize = load<u32>(STARTS + (field << 2));
  const length = <usize>load<u32>(ENDS + (field << 2)) - start;
  if (length >= PLAN_TEXT) return 0;
  memory.fill(at, 0, PLAN_TEXT);
  memory.copy(at, start, length);
  return words + (PLAN_TEXT >> 3);
}

/** What the exit before this fault of the same task says of the machine, as JavaScript numbers it. */
function exitBefore(form: usize): u64 {
  const before: usize = load<u32>(BEFORE);
  if (before === 0 || load<u32>(before, TASK_EVENT) !== load<u32>(form, FORM.AFTER)) return 0;
  return load<u64>(before, TASK_VALUE);
}

/** Writes what is said of an exit or a fault, with the fields of this line in it. */
function writeFault(to: usize, from: usize): usize {
  let out = to;
  let at = from;
  while (true) {
    const length: usize = load<u16>(at);
    const hole: i32 = load<u16>(at, PIECE.HOLE);
    out = copyText(out, at + PIECE.TEXT, length);
    if (hole === PIECE.END) return out;
    out = writeHexString(out, load<u64>(VALUES + ((<usize>(hole - PIECE.FIELD_HOLE)) << 3)));
    at += PIECE.TEXT + length;
  }
}

function findChecks(words: usize): usize {
  let hash: u64 = 0;
  for (let i: usize = 0; i < words; i++) {
    hash = (hash ^ load<u64>(CHECK_KEY + (i << 3))) * 0x9e37_79b9_7f4a_7c15;
    hash ^= hash >> 32;
  }
  const slots: usize = load<u32>(CHECK_SLOTS);
  let slot = <usize>hash & SLOT_MASK;
  while (true) {
    const piece: usize = load<u32>(slots + slot * PIECE.CHECK_SLOT_BYTES);
    if (piece === PIECE.NONE) {
      store<u32>(MISS_SLOT, slot);
      store<u32>(MISS_WORDS, words);
      return PIECE.NONE;
    }
    let i: usize = 0;
    while (i < words && load<u64>(piece + PIECE.CHECKS_KEY + (i << 3)) === load<u64>(CHECK_KEY + (i << 3)))
      i++;
    if (i === words) return piece;
    slot = (slot + 1) & SLOT_MASK;
  }
}
