// SPDX-License-Identifier: GPL-2.0-only
import type { Decoders } from '../codecs/decoders.ts';
import { ImageError } from '../memory/image-error.ts';
import type { PhysicalMemory } from '../memory/memory.ts';
import type { Dump } from './dump.ts';
import { elfDump } from './elf-dump.ts';
import { flattenedFile } from './flattened.ts';
import { imageFormat, UNREADABLE } from './image-format.ts';
import { type KdumpFile, kdumpFile } from './kdump.ts';
import { rawDump } from './raw-dump.ts';
import { splitDump } from './split.ts';

/** How to open a dump. */
export interface DumpOptions {
  /** Decoders of zlib and zstd; pages that need one that is not given are gaps. */
  readonly decoders?: Decoders | undefined;
  /** What the file is, where its first bytes are not to be trusted or, as of a device, not to be read. */
  readonly format?: 'elf' | 'raw' | undefined;
}

/**
 * Opens a crash dump: kdump-compressed, flattened, split, an ELF core, `/proc/kcore`, or raw memory.
 *
 * Nothing but headers is read: what it costs does not depend on the size of the dump.
 *
 * @param files the file, addressed by offset; the parts of a split dump in any order
 * @throws ImageError when it cannot be read; the message says what it is and what to do
 */
export function openDump(files: readonly PhysicalMemory[], options: DumpOptions = {}): Dump {
  const dumps = files.map((file) => openOne(file, options));
  const [first] = dumps;
  if (first === undefined) throw new ImageError('no file was given');
  const parts = dumps.filter((dump): dump is KdumpFile => 'header' in dump);
  if (dumps.length === 1 && (parts[0]?.header.part ?? null) === null) return first;
  if (parts.length < dumps.length) {
    throw new ImageError('several files were given, and one of them is not a part of a split dump');
  }
  return splitDump(parts);
}

function openOne(file: PhysicalMemory, options: DumpOptions): Dump | KdumpFile {
  const format = options.format ?? imageFormat(file);
  if (format === 'raw') return rawDump(file);
  if (format === 'elf') return elfDump(file);
  if (format === 'kdump') return kdumpFile(file, options.decoders ?? {});
  if (format === 'flattened') return openFlattened(file, options);
  throw new ImageError(UNREADABLE[format]);
}

function openFlattened(file: PhysicalMemory, options: DumpOptions): Dump | KdumpFile {
  const inner = flattenedFile(file);
  const format = imageFormat(inner);
  if (format !== 'kdump' && format !== 'elf') {
    throw new ImageError(
      'a flattened file that holds neither a kdump nor an ELF core: it is damaged or cut off',
    );
  }
  const dump = openOne(inner, options);
  return {
    ...dump,
    container: 'flattened',
    complete: dump.complete && !inner.isCutOff,
    notes: inner.isCutOff ? [...dump.notes, 'the flattened file has no end: it is cut off'] : dump.notes,
  };
}
