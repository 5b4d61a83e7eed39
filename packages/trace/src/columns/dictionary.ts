// SPDX-License-Identifier: GPL-2.0-only
import { utf8Bytes, utf8Decoder } from '../text/utf8.ts';
import type { Kernel } from '../wasm/kernel.ts';
import * as STATE from '../wasm/state.ts';

/** Texts by number. */
export interface Dictionary {
  /** The number of a text; -1 when it is new and there is no room. */
  id(text: string): number;
  /** The texts so far, by their numbers. */
  list(): readonly string[];
  /** Forgets them all. */
  clear(): void;
}

/** Texts, at most, and the bytes of all of them. */
const MAX_TEXTS = 2048;
const TEXTS_BYTES = 1 << 17;
const SLOTS_BYTES = 2 << STATE.DICTIONARY_SLOT_BITS;
/** UTF-16 codes of a text, at most, of which each has up to three bytes. */
export const MAX_TEXT = 256;
const MAX_TEXT_BYTES = 3 * MAX_TEXT;

/** A dictionary that the kernel shares. */
export function sharedDictionary({ arena, exports }: Kernel): Dictionary {
  if (exports === null) return plainDictionary(MAX_TEXTS);
  const slots = arena.take(SLOTS_BYTES);
  const entries = arena.take(8 * MAX_TEXTS);
  const scratch = arena.take(MAX_TEXT_BYTES);
  const texts = arena.take(TEXTS_BYTES);
  let list: string[] = [];
  arena.set(STATE.DICTIONARY_SLOTS, slots);
  arena.set(STATE.DICTIONARY_ENTRIES, entries);
  arena.set(STATE.DICTIONARY_MAX, MAX_TEXTS);
  arena.set(STATE.DICTIONARY_END, texts + TEXTS_BYTES);

  const dictionary: Dictionary = {
    id(text) {
      const bytes = utf8Bytes(text);
      arena.bytes.set(bytes, scratch);
      return exports.wordId(scratch, scratch + bytes.length);
    },
    list() {
      for (let id = list.length; id < arena.get(STATE.DICTIONARY_COUNT); id++) {
        const at = arena.get(entries + 8 * id);
        list.push(utf8Decoder().decode(arena.bytes.subarray(at, at + arena.get(entries + 8 * id + 4))));
      }
      return list;
    },
    clear() {
      list = [];
      arena.bytes.fill(0, slots, slots + SLOTS_BYTES);
      arena.set(STATE.DICTIONARY_COUNT, 0);
      arena.set(STATE.DICTIONARY_NEXT, texts);
      // The task at hand had a number.
      arena.set(STATE.WHO_LENGTH, 0);
    },
  };
  dictionary.clear();
  return dictionary;
}

/** A dictionary of this number of texts at most. */
export function plainDictionary(most: number): Dictionary {
  const ids = new Map<string, number>();
  return {
    id(text) {
      const known = ids.get(text);
      if (known !== undefined || ids.size === most) return known ?? -1;
      ids.set(text, ids.size);
      return ids.size - 1;
    },
    list: () => [...ids.keys()],
    clear: () => ids.clear(),
  };
}
