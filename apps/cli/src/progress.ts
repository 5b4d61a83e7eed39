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

/** A bar on the standard error, once the work has taken a second; nothing where that is no terminal. */
export function progressBar({ errorTerminal, complain }: Io, what: string): Progress {
  let next = performance.now() + PATIENCE_MS;
  let visible = false;
  return {
    at(share) {
      if (!errorTerminal || performance.now() < next) return;
      next = performance.now() + STEP_MS;
      visible = true;
      const full = Math.round(share * WIDTH);
      complain(`\r${what} [${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${Math.floor(share * 100)}%`);
    },
    done() {
      if (visible) complain('\r\u001b[K');
      visible = false;
    },
  };
}

/** How much of a file was read, on a terminal; nothing where its size is not known. */
export function fileProgress(
  io: Io,
  path: string,
  what: string,
): { readonly read: (bytes: number) => void; readonly done: () => void } {
  const bar = progressBar(io, what);
  const stats = path === '-' ? undefined : statSync(pathOf(io, path), { throwIfNoEntry: false });
  const size = stats?.isFile() === true ? stats.size : 0;
  let done = 0;
  return {
    read(bytes) {
      done += bytes;
      if (size > 0) bar.at(Math.min(done / size, 1));
    },
    done: bar.done,
  };
}
