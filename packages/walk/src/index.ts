// SPDX-License-Identifier: GPL-2.0-only
/**
 * Walks KVM's page tables in memory images: every entry with its range and findings, lazily; summaries, translations,
 * differences. Images are opened by `@spte/vmcore`.
 *
 * @module
 */
export { bytesMemory, type PhysicalMemory } from '@spte/vmcore';
export {
  type AddedEntry,
  type ChangedEntry,
  diffWalks,
  type RemovedEntry,
  type WalkChange,
} from './compare/diff-walks.ts';
export { summarizeWalk, type WalkSummarizer, walkSummarizer } from './summary/summarize-walk.ts';
export type {
  FindingSummary,
  KindCounts,
  LevelSummary,
  MemtypeSummary,
  ReadOnlySummary,
  Share,
  WalkSummary,
} from './summary/walk-summary.ts';
export type { WalkEntry } from './walk/entry.ts';
export {
  type EntryFinding,
  entryFindingNext,
  entryFindingText,
  type TableBelow,
  type WalkFinding,
  type WalkFindingCode,
  type WalkFindingParams,
} from './walk/findings.ts';
export type { ProgressListener, WalkProgress } from './walk/progress.ts';
export { walkFallbacks } from './walk/read-entry.ts';
export { entryBytes, type WalkRoot } from './walk/root.ts';
export { sampleEntries } from './walk/sample-entries.ts';
export { type Translation, type TranslationOutcome, translate } from './walk/translate.ts';
export { type AbortSignalLike, type WalkOptions, walk } from './walk/walk.ts';
