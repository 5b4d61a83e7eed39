// SPDX-License-Identifier: GPL-2.0-only
import { resolve } from 'node:path';

/** What a run of the command has to do with the world around it. */
export interface Io {
  /** Writes to the standard output; resolves when more may be written. */
  readonly write: (text: string | Uint8Array) => Promise<void>;
  /** Writes to the standard error. */
  readonly complain: (text: string) => void;
  /** The standard input. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder against which paths are resolved. */
  readonly cwd: string;
  /** Whether the standard output is a terminal. */
  readonly terminal: boolean;
  /** Whether the standard error is a terminal: progress is shown there. */
  readonly errorTerminal: boolean;
  /** Threads that work at the same time, where a command has work for several and nobody says how many. */
  readonly cores: number;
  /** Bytes of a text that a thread takes at a time; by the size of the text when absent. */
  readonly sectionBytes?: number;
}

/** A path as typed, seen from where it was typed. */
export function pathOf({ cwd }: Io, path: string): string {
  return resolve(cwd, path);
}
