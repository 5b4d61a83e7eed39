// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reads Linux x86-64 crash dumps by symbol and type, without debuginfo: kdump-compressed, flattened, split, ELF, raw and
 * `/proc/kcore`. Files are opened by `@spte/vmcore/node`; `fetchedFile()` reads a `Blob`.
 *
 * @module
 */
export { Btf, BtfError, type BtfMember, type BtfType } from './btf/btf.ts';
export { type Place, placeOf } from './btf/member.ts';
export type { Codec, Decoder, Decoders } from './codecs/decoders.ts';
export { decodeLzo } from './codecs/lzo.ts';
export { decodeSnappy } from './codecs/snappy.ts';
export type { ContainerName, Dump, GapReason, Page, PageGap, PageRun } from './containers/dump.ts';
export { type ElfCoreMemory, elfCoreMemory } from './containers/elf-core.ts';
export { type FlattenedFile, flattenedFile } from './containers/flattened.ts';
export { type ImageFormat, imageFormat } from './containers/image-format.ts';
export { type DumpOptions, openDump } from './containers/open-dump.ts';
export { disjointSegments, type Segment, segmentedMemory } from './containers/segments.ts';
export { Kallsyms, type KallsymsTables, type KernelSymbol } from './kernel/kallsyms.ts';
export { KernelMemory, type PageTables } from './kernel/kernel-memory.ts';
export { listNodes, treeNodes, type XarrayOffsets, xarrayEntries } from './kernel/lists.ts';
export { type DumpFault, isMissing, KernelError, MissingMemory, tryRead } from './kernel/missing-memory.ts';
export type { Module, ModuleSymbol, Parameter } from './kernel/modules.ts';
export { type Kernel, openKernel, type ParameterTypes } from './kernel/open-kernel.ts';
export { Struct, StructType, Types } from './kernel/struct.ts';
export { Vmcoreinfo } from './kernel/vmcoreinfo.ts';
export {
  type AsyncFile,
  type BlobLike,
  blobFile,
  type FetchedFile,
  fetchedFile,
} from './memory/fetch-memory.ts';
export { ImageError } from './memory/image-error.ts';
export { bytesMemory, type PhysicalMemory, readExactly } from './memory/memory.ts';
