// SPDX-License-Identifier: GPL-2.0-only
import type { TraceEntry } from '@spte/trace';

type Line = Pick<TraceEntry, 'line' | 'text'>;

/** Prints lines with their numbers: those that are wanted, and some around them. */
export interface LinesAround {
  readonly take: (entry: Line, wanted: boolean) => void;
}

/** Characters of lines that wait, at most: what is longer is left out, the first lines first. */
const MAX_WAITING = 1 << 22;

/**
 * Prints as grep does: `12: …` for a line that is wanted, `11- …` for one around it, and `--` where lines are left out
 * between two groups.
 *
 * @param most lines before and behind each that is wanted
 */
export function linesAround(most: number, print: (line: string) => void): LinesAround {
  let waiting: Line[] = [];
  let length = 0;
  let left = 0;
  let last = 0;
  const wait = (entry: Line): void => {
    waiting.push(entry);
    length += entry.text.length;
    while (waiting.length > most || length > MAX_WAITING) length -= waiting.shift()?.text.length ?? 0;
  };
  const separate = (line: number): void => {
    if (most > 0 && last > 0 && line > last + 1) print('--');
  };
  const release = (): void => {
    for (const { line, text } of waiting) print(`${line}- ${text}`);
    waiting = [];
    length = 0;
  };
  return {
    take(entry, wanted) {
      if (wanted) {
        separate(waiting[0]?.line ?? entry.line);
        release();
        print(`${entry.line}: ${entry.text}`);
      } else if (left > 0) print(`${entry.line}- ${entry.text}`);
      else {
        wait(entry);
        return;
      }
      left = wanted ? most : left - 1;
      last = entry.line;
    },
  };
}
