// SPDX-License-Identifier: GPL-2.0-only
// The dictionary: texts by number.
import {
  DICTIONARY_COUNT,
  DICTIONARY_END,
  DICTIONARY_ENTRIES,
  DICTIONARY_MAX,
  DICTIONARY_NEXT,
  DICTIONARY_SLOT_BITS,
  DICTIONARY_SLOTS,
} from '../src/wasm/state';
import { sameText } from './text';

const SLOT_MASK: u32 = (1 << DICTIONARY_SLOT_BITS) - 1;

function hash(at: usize, length: usize): u32 {
  let h: u64 = length;
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) h = (h ^ load<u64>(at + i)) * 0x9e37_79b9_7f4a_7c15;
  const rest = load<u64>(at + i) & (((<u64>1) << ((<u64>(length - i)) << 3)) - 1);
  h = (h ^ rest) * 0x9e37_79b9_7f4a_7c15;
  return <u32>(h >> 40);
}

/** The number of a text; -1 when it is new and there is no room. */
export function wordId(at: usize, end: usize): i32 {
  const length = end - at;
  const slots: usize = load<u32>(DICTIONARY_SLOTS);
  const entries: usize = load<u32>(DICTIONARY_ENTRIES);
  let slot = hash(at, length) & SLOT_MASK;
  while (true) {
    const id: u32 = load<u16>(slots + ((<usize>slot) << 1));
    if (id === 0) return addWord(slots + ((<usize>slot) << 1), entries, at, length);
    const entry = entries + ((<usize>(id - 1)) << 3);
    if (<usize>load<u32>(entry, 4) === length && sameText(load<u32>(entry), at, length)) return <i32>(id - 1);
    slot = (slot + 1) & SLOT_MASK;
  }
}

function addWord(slot: usize, entries: usize, at: usize, length: usize): i32 {
  const id = load<u32>(DICTIONARY_COUNT);
  const next: usize = load<u32>(DICTIONARY_NEXT);
  if (id >= load<u32>(DICTIONARY_MAX) || next + length > load<u32>(DICTIONARY_END)) return -1;
  memory.copy(next, at, length);
  const entry = entries + ((<usize>id) << 3);
  store<u32>(entry, next);
  store<u32>(entry, length, 4);
  store<u16>(slot, id + 1);
  store<u32>(DICTIONARY_COUNT, id + 1);
  store<u32>(DICTIONARY_NEXT, next + length);
  return <i32>id;
}
