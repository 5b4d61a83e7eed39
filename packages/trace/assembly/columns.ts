// SPDX-License-Identifier: GPL-2.0-only
// Appends a line to the columns of its form.

import {
  ENDS,
  LINE,
  STARTS,
  VALUES,
  WHO_CPU,
  WHO_LENGTH,
  WHO_PID,
  WHO_TASK,
  WHO_TASK_END,
  WHO_TASK_ID,
} from '../src/wasm/state';
import { FORM_FULL, TAKEN, WORDS_FULL } from '../src/wasm/status';
import { time, timeDigits } from './header';
import { wordId } from './words';

// A form: how many rows it has and may have, where its columns are, and its fields: eight bytes each, how the column
// holds it and where.
const ROWS: usize = 0;
const MOST_ROWS: usize = 4;
const LINES: usize = 8;
const TIMES: usize = 12;
const TIME_DIGITS: usize = 16;
const CPUS: usize = 20;
const PIDS: usize = 24;
const TASKS: usize = 28;
const FIELD_COUNT: usize = 32;
const FIELDS: usize = 36;

// How a column holds its values, as in src/kernel.ts.
const BITS: u32 = 0;
const NUMBER: u32 = 1;
const TEXT: u32 = 2;

export function addRow(form: usize): i32 {
  const row: usize = load<u32>(form, ROWS);
  if (row >= load<u32>(form, MOST_ROWS)) return FORM_FULL;
  const fields: usize = load<u32>(form, FIELD_COUNT);
  for (let i: usize = 0; i < fields; i++) {
    const field = form + (i << 3);
    const column: usize = load<u32>(field, FIELDS + 4);
    const kind = load<u32>(field, FIELDS);
    if (kind <= NUMBER) {
      // A u64 or a f64: eight bytes either way.
      store<u64>(column + (row << 3), load<u64>(VALUES + (i << 3)));
    } else if (kind === TEXT) {
      const id = wordId(load<u32>(STARTS + (i << 2)), load<u32>(ENDS + (i << 2)));
      if (id < 0) return WORDS_FULL;
      store<i32>(column + (row << 2), id);
    } else store<u8>(column + row, load<u8>(VALUES + (i << 3)));
  }
  const task = taskId();
  if (task < -1) return WORDS_FULL;
  store<i32>(<usize>load<u32>(form, TASKS) + (row << 2), task);
  store<f64>(<usize>load<u32>(form, LINES) + (row << 3), load<f64>(LINE));
  store<u64>(<usize>load<u32>(form, TIMES) + (row << 3), timeDigits === 255 ? 0 : time);
  store<u8>(<usize>load<u32>(form, TIME_DIGITS) + row, <u8>timeDigits);
  store<f64>(<usize>load<u32>(form, CPUS) + (row << 3), load<f64>(WHO_CPU));
  store<f64>(<usize>load<u32>(form, PIDS) + (row << 3), load<f64>(WHO_PID));
  store<u32>(form, <u32>row + 1, ROWS);
  return TAKEN;
}

/** The number of the task's name; -1 for none, -2 when the dictionary is full. */
function taskId(): i32 {
  let id = load<i32>(WHO_TASK_ID);
  const start: usize = load<u32>(WHO_TASK);
  if (id >= 0 || start === 0) return id;
  id = wordId(start, load<u32>(WHO_TASK_END));
  if (id < 0) return -2;
  // Remembered with the beginning of the line.
  if (load<u32>(WHO_LENGTH) !== 0) store<i32>(WHO_TASK_ID, id);
  return id;
}
