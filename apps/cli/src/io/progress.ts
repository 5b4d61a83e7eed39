// SPDX-License-Identifier: GPL-2.0-only
import { statSync } from 'node:fs';
import { type Io, pathOf } from './io.ts';

/** How far something long has come, on a terminal. */
export interface Progress {
  /** `share`: 0..1. */
  readonly at: (share: number) => void;
  /** Takes the bar away. */
  readonly done: () => void;
}

/** Work shorter than this shows nothing. */
const PATIENCE_MS = 1000;
const STEP_MS = 100;
const WIDTH = 30;

/** A bar on the standard error, once the work has taken a second; nothing when that is not a terminal. */
export function progressBar({ errorTerminal, draw }: Io, what: string): Progress {
  let next = performance.now() + PATIENCE_MS;
  let visible = false;
  return {
    at(share) {
      if (!errorTerminal || performance.now() < next) return;
      next = performance.now() + STEP_MS;
      visible = true;
      const full = Math.round(share * WIDTH);
      draw(`\r${what} [${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${Math.floor(share * 100)}%`);
    },
    done() {
      if (visible) draw('\r\u001b[K');
      visible = false;
    },
  };
}

/** How far the reading of a file has come. */
export interface ReadProgress {
  /** Takes how many bytes more were read. */
  readonly read: (bytes: number) => void;
  /** Takes the bar away. */
  readonly done: () => void;
}

/** Bytes of a file; 0 where that is not known. */
export function fileSize(io: Io, path: string): number {
  const stats = path === '-' ? undefined : statSync(pathOf(io, path), { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.size : 0;
}

/** How much of a file was read, on a terminal; nothing where its size is not known. */
export function fileProgress(io: Io, path: string, what: string): ReadProgress {
  const bar = progressBar(io, what);
  const size = fileSize(io, path);
  let done = 0;
  return {
    read(bytes) {
      done += bytes;
      if (size > 0) bar.at(Math.min(done / size, 1));
    },
    done: bar.done,
  };
}
