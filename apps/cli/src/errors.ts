// SPDX-License-Identifier: GPL-2.0-only

/** A mistake of whoever typed the command, or an input that cannot be read: one line on stderr, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Longest piece of hostile text that an error repeats. */
const SHOWN = 60;

/** Text that somebody typed, fit to be shown on a terminal. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

/** What an error of `node:fs` and its like means for a file that was named on the command line. */
export function unreadable(path: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const said = error instanceof Error ? error.message : String(error);
  return new UsageError(`cannot read ${shown(path)}: ${REASONS[code] ?? said}`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
};
