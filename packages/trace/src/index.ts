// SPDX-License-Identifier: GPL-2.0-only
/**
 * What kernels print about SPTEs, as typed records: ftrace, trace-cmd, perf, kernel logs; and whether what they print
 * beside a value is what the value says.
 *
 * @module
 */
export { type AnnotatedLine, annotate, createAnnotator } from './annotate.ts';
export type { AnnotatedFinding, AnnotatedSpte } from './annotate-spte.ts';
export { type Check, type Checker, checkRecord, createChecker, MOST_LINES_APART } from './check.ts';
export { type ColumnOptions, type ColumnReader, columnReader } from './column-reader.ts';
export type { Column, ColumnBatch, ColumnOf } from './columns.ts';
export { type HierarchyBlock, hierarchyBlocks } from './hierarchy.ts';
export { type NdjsonAnnotator, type NdjsonOptions, ndjsonAnnotator } from './ndjson.ts';
export { parseLine } from './parse-line.ts';
export { readTrace, readTraceSync } from './read-trace.ts';
export { beginsAnew, type TraceCounts, type TraceReader, traceReader } from './reader.ts';
export type { FieldValue, RecordForm, SpteRole, TracedSpte, TraceEntry, TraceRecord } from './record.ts';
export {
  type AnnotationCounter,
  type AnnotationSightings,
  type AnnotationTally,
  annotationCounter,
  type Seen,
  type Sighting,
} from './tally.ts';
