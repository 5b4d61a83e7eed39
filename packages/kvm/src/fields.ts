// SPDX-License-Identifier: GPL-2.0-only
import type { Struct } from '@spte/vmcore';

/** A flag of a bit field; false where this kernel has no such flag. */
export function flagIn(struct: Struct, path: string): boolean {
  return struct.has(path) && struct.get(path) !== 0n;
}
