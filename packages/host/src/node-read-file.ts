// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of a file that are read, at most. The texts of real machines have a fourth of that. */
export const MAX_FILE: number = 1 << 22;

/** Bytes that are read at once. */
const CHUNK = 1 << 16;

/** What was read of a file. */
export interface FileBytes {
  readonly bytes: Buffer;
  /** Whether there is no more of it. */
  readonly isWhole: boolean;
}

/**
 * Reads the beginning of a file, which is all of it unless it is very long. The size of a file is not trusted: those of
 * `/proc` say 0.
 *
 * @param most bytes
 * @throws Error when it is a device, a pipe or a socket, which might never end or never begin, and of `node:fs` when it
 *   cannot be read
 */
export function readFile(path: string, most: number = MAX_FILE): FileBytes {
  // A pipe without a writer would be waited for.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() && !stats.isDirectory()) throw new Error('it is a device or a pipe, not a file');
    const pieces: Buffer[] = [];
    let length = 0;
    while (length <= most) {
      const piece = Buffer.allocUnsafe(CHUNK);
      const count = readSync(fd, piece, 0, CHUNK, null);
      if (count === 0) break;
      pieces.push(piece.subarray(0, count));
      length += count;
    }
    return { bytes: Buffer.concat(pieces).subarray(0, most), isWhole: length <= most };
  } finally {
    closeSync(fd);
  }
}
