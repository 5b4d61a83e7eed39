// SPDX-License-Identifier: GPL-2.0-only
/**
 * Walks KVM's page tables in memory images: every entry with its range and findings, lazily; summaries, translations,
 * differences. Files are opened by `@spte/walk/node`.
 *
 * @module
 */
export {
  type AddedEntry,
  type ChangedEntry,
  diffWalks,
  type RemovedEntry,
  type WalkChange,
} from './diff-walks.ts';
export { type ElfCoreMemory, elfCoreMemory } from './elf-core.ts';
export type { WalkEntry } from './entry.ts';
export type { EntryFinding, WalkFinding, WalkFindingCode } from './findings.ts';
export { ImageError } from './image-error.ts';
export { type ImageFormat, imageFormat } from './image-format.ts';
export { bytesMemory, type PhysicalMemory } from './memory.ts';
export type { ProgressListener, WalkProgress } from './progress.ts';
export { entryBytes, type WalkRoot } from './root.ts';
export { disjointSegments, type Segment, segmentedMemory } from './segments.ts';
export { summarizeWalk, type WalkSummarizer, walkSummarizer } from './summarize.ts';
export type {
  FindingSummary,
  KindCounts,
  LevelSummary,
  MemtypeSummary,
  Share,
  WalkSummary,
} from './summary.ts';
export { type Translation, type TranslationOutcome, translate } from './translate.ts';
export { type AbortSignalLike, type WalkOptions, walk } from './walk.ts';
