// SPDX-License-Identifier: GPL-2.0-only

import { utf8Bytes, utf8Decoder } from '../text/utf8.ts';
import type { Kernel } from '../wasm/kernel.ts';
import * as STATE from '../wasm/state.ts';

/** Texts by number. */
export interface Words {
  /** The number of a text; -1 when it is new and there is no room. */
  id(text: string): number;
  /** The texts so far, by their numbers. */
  list(): readonly string[];
  /** Forgets them all. */
  clear(): void;
}

/** Most texts. */
const MOST_WORDS = 2048;
const SLOT_BYTES = 2 * 8192;
const TEXT_BYTES = 1 << 17;
/** Longest text, in UTF-16 codes and in bytes. */
export const LONGEST_WORD = 256;
const LONGEST = 3 * LONGEST_WORD;

/** A dictionary that the kernel shares. */
export function createWords({ arena, exports }: Kernel): Words {
  if (exports === null) return plainWords(MOST_WORDS);
  const slots = arena.take(SLOT_BYTES);
  const entries = arena.take(8 * MOST_WORDS);
  const scratch = arena.take(LONGEST);
  const texts = arena.take(TEXT_BYTES);
  let list: string[] = [];
  arena.set(STATE.WORD_SLOTS, slots);
  arena.set(STATE.WORD_ENTRIES, entries);
  arena.set(STATE.WORD_MOST, MOST_WORDS);
  arena.set(STATE.WORD_END, texts + TEXT_BYTES);

  const words: Words = {
    id(text) {
      const bytes = utf8Bytes(text);
      arena.bytes.set(bytes, scratch);
      return exports.wordId(scratch, scratch + bytes.length);
    },
    list() {
      for (let id = list.length; id < arena.get(STATE.WORD_COUNT); id++) {
        const at = arena.get(entries + 8 * id);
        list.push(utf8Decoder().decode(arena.bytes.subarray(at, at + arena.get(entries + 8 * id + 4))));
      }
      return list;
    },
    clear() {
      list = [];
      arena.bytes.fill(0, slots, slots + SLOT_BYTES);
      arena.set(STATE.WORD_COUNT, 0);
      arena.set(STATE.WORD_NEXT, texts);
      // The task at hand had a number.
      arena.set(STATE.WHO_LENGTH, 0);
    },
  };
  words.clear();
  return words;
}

/** A dictionary of so many texts. */
export function plainWords(most: number): Words {
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
