// SPDX-License-Identifier: GPL-2.0-only

/** A mistake on the command line, or an input that cannot be read: one line on stderr, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An input of which too much is missing to answer: one line on stderr, exit status 5. */
export class DamagedError extends UsageError {}

/** Characters of hostile text that an error repeats, at most. */
const MAX_SHOWN = 60;

/** Text that somebody typed, fit to be shown on a terminal. */
export function shown(text: string, most: number = MAX_SHOWN): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}

/** The same of a path: one that is cut names no file. */
const MAX_PATH_SHOWN = 1024;

const shownPath = (path: string): string => shown(path, MAX_PATH_SHOWN);

/** What an error of `node:fs` and its like means for a file that was named on the command line. */
export function unreadable(path: string, error: unknown): UsageError {
  return new UsageError(`cannot read ${shownPath(path)}: ${reasonOf(error, REASONS_OF[path])}`);
}

/** The same for a file that was to be written. */
export function unwritable(path: string, error: unknown): UsageError {
  return new UsageError(`cannot write ${shownPath(path)}: ${reasonOf(error)}`);
}

/** The standard output takes no more, so that nothing more is said there: status 2, and a line on the standard error. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/** What an error of writing means. */
export function unprintable(error: unknown): OutputError {
  return new OutputError(`cannot write the standard output: ${reasonOf(error)}`, { cause: error });
}

/** Whether the reader of the standard output has gone. */
export function isReaderGone({ cause }: OutputError): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EPIPE';
}

/** Why a file cannot be read or written; what is known of this very file goes first. */
function reasonOf(error: unknown, own: Reasons = {}): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const said = error instanceof Error ? error.message : String(error);
  return own[code] ?? REASONS[code] ?? said;
}

/** What the packages say about wrong arguments, and the system about files; anything else is a bug of this command. */
export function isMistake(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof OutputError) return true;
  if (error instanceof RangeError || error instanceof TypeError) return true;
  return error instanceof Error && 'syscall' in error;
}

type Reasons = Readonly<Record<string, string>>;

const REASONS: Reasons = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'it is not a folder',
  ENOSPC: 'there is no room left',
  EDQUOT: 'there is no room left for this user',
  EFBIG: 'it would be larger than is allowed',
  EIO: 'an error of the device',
  ELOOP: 'its links lead in a circle',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** What errors mean for files that the kernel makes, by their paths. */
const REASONS_OF: Readonly<Record<string, Reasons>> = {
  '/proc/kcore': {
    EACCES: 'permission denied: only root may read it',
    ENOENT: 'this kernel has none (CONFIG_PROC_KCORE), or it is hidden from this container',
    EPERM:
      'the kernel forbids it: it is locked down (confidentiality, see /sys/kernel/security/lockdown), or CAP_SYS_RAWIO is missing, as in a container',
  },
};
