// SPDX-License-Identifier: GPL-2.0-only
import type { PhysicalMemory } from '../memory/memory.ts';

/**
 * What a file's first bytes say that it is: an ELF core, something compressed, a `kdump` (makedumpfile's and QEMU's
 * compressed format), `flattened` (either format of makedumpfile's as it goes through a pipe), one that is known and
 * cannot be read (`libvirt`, `migration`, `lime`, `windows`, `vmware`, `xz`, `bzip2`, `lz4`), or `raw` for everything else.
 */
export type ImageFormat =
  | 'elf'
  | 'flattened'
  | 'gzip'
  | 'kdump'
  | 'raw'
  | 'zstd'
  | 'libvirt'
  | 'migration'
  | 'lime'
  | 'windows'
  | 'vmware'
  | 'xz'
  | 'bzip2'
  | 'lz4';

const MAGICS: readonly (readonly [format: ImageFormat, magic: string])[] = [
  ['elf', '\x7fELF'],
  ['gzip', '\x1f\x8b'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['kdump', 'KDUMP   '],
  ['kdump', 'DISKDUMP'],
  ['flattened', 'makedumpfile'],
  ['libvirt', 'LibvirtQemud'],
  ['migration', 'QEVM'],
  ['lime', 'EMiL'],
  ['windows', 'PAGEDU64'],
  ['windows', 'PAGEDUMP'],
  ['vmware', '\xd2\xbe\xd2\xbe'],
  ['vmware', '\xd3\xbe\xd2\xbe'],
  ['xz', '\xfd7zXZ\0'],
  ['bzip2', 'BZh'],
  ['lz4', '\x04\x22\x4d\x18'],
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

/** What each format is that cannot be read, and what to do. */
export const UNREADABLE: {
  readonly [Name in Exclude<ImageFormat, 'elf' | 'flattened' | 'kdump' | 'raw'>]: string;
} = {
  gzip: 'gzip: decompress it first, with `gzip -d`',
  zstd: 'zstd: decompress it first, with `zstd -d`',
  xz: 'xz: decompress it first, with `xz -d`',
  bzip2: 'bzip2: decompress it first, with `bzip2 -d`',
  lz4: 'lz4: decompress it first, with `lz4 -d`',
  libvirt:
    'a migration stream of libvirt, not an image of memory: dump again with `virsh dump --memory-only`, or `--memory-only --format kdump-zlib`',
  migration: 'a migration stream of QEMU, not an image of memory: dump again with `dump-guest-memory`',
  lime: 'an image in the LiME format: dump again with `format=raw` or `format=padded`, or take a kdump',
  windows: 'a crash dump of Windows: this reads Linux x86-64',
  vmware: 'a suspended state or snapshot of VMware: give its .vmem file, which is raw memory, instead',
};
