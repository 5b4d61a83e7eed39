// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How long nothing has been written to what is left behind, in milliseconds. A process of another container may live. */
const AGE = 3_600_000;

/**
 * Removes temporary files and folders of processes that were killed before they could.
 *
 * @param makerOf the number of the process that made the file of that name; undefined for a file of another kind
 */
export function removeLeftovers(folder: string, makerOf: (name: string) => string | undefined): void {
  for (const entry of readdirSync(folder)) {
    const pid = makerOf(entry);
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(folder, entry);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || Date.now() - stats.mtimeMs < AGE) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
