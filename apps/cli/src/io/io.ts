// SPDX-License-Identifier: GPL-2.0-only
import { resolve } from 'node:path';

/** The bytes of a trace.dat, in a file. */
export interface DatBytes {
  readonly size: number;
  /** Fills `into` from an offset on; throws where the file has become shorter. */
  readonly read: (into: Uint8Array, offset: number) => void;
  readonly close: () => void;
}

/** The world around a run of the command. */
export interface Io {
  /** Writes to the standard output; resolves when more may be written. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Writes to the standard error. */
  readonly complain: (text: string) => void;
  /** Draws on the standard error where that is a terminal: text that may move the cursor. */
  readonly draw: (text: string) => void;
  /** The standard input. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Inputs that can be read only once and were looked into, by their paths as typed: what they give, from the beginning. */
  readonly held?: ReadonlyMap<string, AsyncIterable<Uint8Array>>;
  /** A trace.dat among them, which was put into a file, by its path as typed. */
  readonly spooled?: ReadonlyMap<string, DatBytes>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder against which paths are resolved. */
  readonly cwd: string;
  /** Whether the standard output is a terminal. */
  readonly terminal: boolean;
  /** Whether the standard error is a terminal: progress is shown there. */
  readonly errorTerminal: boolean;
  /** Threads that a command uses unless told how many, when it has work for several. */
  readonly cores: number;
  /** Bytes of a text that a thread takes at a time; when absent, that depends on the size of the text. */
  readonly sectionBytes?: number;
}

/** A path as typed, seen from where it was typed. */
export function pathOf({ cwd }: Io, path: string): string {
  return resolve(cwd, path);
}
