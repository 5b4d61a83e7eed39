// SPDX-License-Identifier: GPL-2.0-only
// Appends a line to the columns of its form.

import * as FORM from '../src/wasm/column-form';
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
import { wordId } from './dictionary';
import { time, timeDigits } from './header';

export function addRow(form: usize): i32 {
  const row: usize = load<u32>(form, FORM.ROWS);
  if (row >= load<u32>(form, FORM.MAX_ROWS)) return FORM_FULL;
  const fields: usize = load<u32>(form, FORM.FIELD_COUNT);
  for (let i: usize = 0; i < fields; i++) {
    const field = form + FORM.FIELDS + i * FORM.FIELD_BYTES;
    const column: usize = load<u32>(field, FORM.FIELD_COLUMN);
    const kind = load<i32>(field, FORM.FIELD_KIND);
    if (kind === FORM.HEX || kind === FORM.DECIMAL) {
      // A u64 or a f64: eight bytes either way.
      store<u64>(column + (row << 3), load<u64>(VALUES + (i << 3)));
    } else if (kind === FORM.WORD) {
      const id = wordId(load<u32>(STARTS + (i << 2)), load<u32>(ENDS + (i << 2)));
      if (id < 0) return WORDS_FULL;
      store<i32>(column + (row << 2), id);
    } else store<u8>(column + row, load<u8>(VALUES + (i << 3)));
  }
  const task = taskId();
  if (task < -1) return WORDS_FULL;
  store<i32>(<usize>load<u32>(form, FORM.TASKS) + (row << 2), task);
  store<f64>(<usize>load<u32>(form, FORM.LINES) + (row << 3), load<f64>(LINE));
  store<u64>(<usize>load<u32>(form, FORM.TIMES) + (row << 3), timeDigits === 255 ? 0 : time);
  store<u8>(<usize>load<u32>(form, FORM.TIME_DIGITS) + row, <u8>timeDigits);
  store<f64>(<usize>load<u32>(form, FORM.CPUS) + (row << 3), load<f64>(WHO_CPU));
  store<f64>(<usize>load<u32>(form, FORM.PIDS) + (row << 3), load<f64>(WHO_PID));
  store<u32>(form, <u32>row + 1, FORM.ROWS);
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
