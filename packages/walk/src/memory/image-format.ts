// SPDX-License-Identifier: GPL-2.0-only
import type { PhysicalMemory } from './memory.ts';

/**
 * What a file's first bytes say that it is: an ELF core, something compressed, a `kdump` (makedumpfile's and QEMU's
 * compressed format), `flattened` (either format of makedumpfile's as it goes through a pipe), or `raw` for everything
 * else.
 */
export type ImageFormat = 'elf' | 'flattened' | 'gzip' | 'kdump' | 'raw' | 'zstd';

const MAGICS: readonly (readonly [format: ImageFormat, magic: string])[] = [
  ['elf', '\x7fELF'],
  ['gzip', '\x1f\x8b'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['kdump', 'KDUMP   '],
  ['kdump', 'DISKDUMP'],
  ['flattened', 'makedumpfile'],
];

/**
 * Tells a memory image by its first bytes.
 *
 * @param file the file, addressed by offset
 */
export function imageFormat(file: PhysicalMemory): ImageFormat {
  const found = MAGICS.find(([, magic]) => startsWith(file, magic));
  return found === undefined ? 'raw' : found[0];
}

function startsWith(file: PhysicalMemory, magic: string): boolean {
  const bytes = file.read(0n, magic.length);
  return bytes !== null && String.fromCharCode(...bytes) === magic;
}
