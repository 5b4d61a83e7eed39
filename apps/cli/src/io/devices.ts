// SPDX-License-Identifier: GPL-2.0-only
import { type Stats, statSync } from 'node:fs';

/** Numbers of the drivers of terminals and serial lines, as Linux has them in `devices.txt`: consoles, `/dev/tty`, USB, hypervisors. */
const TERMINALS: ReadonlySet<number> = new Set([
  4, 5, 136, 137, 138, 139, 140, 141, 142, 143, 166, 188, 204, 229,
]);

/** Why a device is not read; null for what may be. A character device has no size and may never end, but for a terminal. */
export function deviceReason({
  rdev,
  isCharacterDevice,
}: Pick<Stats, 'rdev' | 'isCharacterDevice'>): string | null {
  const driver = (rdev >> 8) & 0xfff;
  return isCharacterDevice() && !TERMINALS.has(driver)
    ? 'it is a device, not a file: give what it says through a pipe'
    : null;
}

/** Refuses a device by an error; what is not there is left to whoever opens it. */
export function refuseDevice(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  const why =
    stats === undefined
      ? null
      : deviceReason({ rdev: stats.rdev, isCharacterDevice: () => stats.isCharacterDevice() });
  if (why !== null) throw new Error(why);
}
