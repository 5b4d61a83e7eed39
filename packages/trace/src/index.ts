// SPDX-License-Identifier: GPL-2.0-only
/**
 * What kernels print about SPTEs, and about the exits and faults that make KVM look at them, as typed records: ftrace,
 * trace-cmd, perf, kernel logs; what they mean; and whether what kernels print beside a value is what the value says.
 *
 * @module
 */
export {
  type AnnotatedLine,
  type Annotator,
  annotate,
  createAnnotator,
} from './annotate/annotate.ts';
export type { AnnotatedChange } from './annotate/annotate-change.ts';
export type {
  AnnotatedFinding,
  AnnotatedSpte,
  PossibleAnnotatedFinding,
} from './annotate/annotate-spte.ts';
export type { AnnotatorOptions } from './annotate/annotator-options.ts';
export type { ExplainedFault, SaidAddress } from './annotate/explain-fault.ts';
export { isRefused, type LineClaim, type LineClaims, lineClaims } from './annotate/line-claim.ts';
export { type MachineHints, machineHints } from './annotate/machine-hints.ts';
export {
  type Check,
  type Checker,
  checkRecord,
  createChecker,
  MAX_LINES_APART,
} from './annotate/printed-check.ts';
export {
  type AnnotationCounter,
  type AnnotationSightings,
  type AnnotationTally,
  annotationCounter,
  type LineFindingCode,
  type Seen,
  type Sighting,
} from './annotate/tally.ts';
export { type ColumnOptions, type ColumnReader, columnReader } from './columns/column-reader.ts';
export type { Column, ColumnBatch, ColumnOf } from './columns/columns.ts';
export type {
  FieldValue,
  RecordForm,
  SpteRole,
  TracedSpte,
  TraceEntry,
  TraceRecord,
} from './events/record.ts';
export { type HierarchyBlock, hierarchyBlocks } from './lines/hierarchy.ts';
export { type LossMark, readLossMark } from './lines/lost-events.ts';
export { parseLine } from './lines/parse-line.ts';
export { readEvent } from './lines/read-event.ts';
export { readTrace, readTraceSync } from './lines/read-trace.ts';
export { beginsAnew, type TraceCounts, type TraceReader, traceReader } from './lines/reader.ts';
export { type NdjsonAnnotator, type NdjsonOptions, ndjsonAnnotator } from './ndjson/ndjson.ts';
