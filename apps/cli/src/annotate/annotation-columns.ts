// SPDX-License-Identifier: GPL-2.0-only
import type { AnnotatedSpte, TraceRecord } from '@spte/trace';
import { codes, findingBits } from '../entry/finding-columns.ts';
import type { ErrataLine } from '../entry/log-errata.ts';
import type { Column } from '../files/parquet-table.ts';
import { nanoseconds } from './nanoseconds.ts';

/** An entry of a line; the line alone where it shows none. */
export interface AnnotationRow {
  readonly record: TraceRecord;
  readonly annotated: ErrataLine;
  readonly spte: AnnotatedSpte | null;
}

/** The rows of a line: one for each entry, in their order; one without an entry when it shows none, so that its checks are kept. */
export function annotationRows(record: TraceRecord, annotated: ErrataLine): AnnotationRow[] {
  const { sptes } = annotated;
  return (sptes.length === 0 ? [null] : sptes).map((spte) => ({ record, annotated, spte }));
}

/** The columns of `annotate --parquet`. Names that `--ndjson` has mean the same there. */
export const ANNOTATION_COLUMNS: readonly Column<AnnotationRow>[] = [
  { name: 'line', type: 'long', of: ({ record }) => BigInt(record.line) },
  { name: 'event', type: 'text', of: ({ record }) => record.event },
  { name: 'timestamp', type: 'text', nullable: true, of: ({ record }) => record.timestamp },
  { name: 'time_ns', type: 'long', nullable: true, of: ({ record }) => timeOf(record.timestamp) },
  { name: 'cpu', type: 'long', nullable: true, of: ({ record }) => long(record.cpu) },
  { name: 'pid', type: 'long', nullable: true, of: ({ record }) => long(record.pid) },
  { name: 'task', type: 'text', nullable: true, of: ({ record }) => record.task },
  { name: 'role', type: 'text', nullable: true, of: ({ spte }) => spte?.role },
  { name: 'value', type: 'word', nullable: true, of: ({ spte }) => word(spte?.value) },
  { name: 'level', type: 'int', nullable: true, of: ({ spte }) => spte?.level },
  { name: 'kind', type: 'text', nullable: true, of: ({ spte }) => spte?.kind },
  { name: 'gfn', type: 'word', nullable: true, of: ({ record, spte }) => word(gfnOf(record, spte)) },
  { name: 'pfn', type: 'word', nullable: true, of: ({ spte }) => word(spte?.pfn) },
  { name: 'access', type: 'text', nullable: true, of: ({ spte }) => spte?.access },
  { name: 'memtype', type: 'text', nullable: true, of: ({ spte }) => spte?.memtype },
  { name: 'generation', type: 'word', nullable: true, of: ({ spte }) => word(spte?.generation) },
  { name: 'findings', type: 'texts', of: ({ spte }) => codes(spte?.findings ?? []) },
  { name: 'finding_bits', type: 'word', of: ({ spte }) => findingBits(spte?.findings ?? []) },
  { name: 'possible', type: 'texts', of: ({ spte }) => codes(spte?.possible ?? []) },
  { name: 'change_events', type: 'texts', of: ({ annotated }) => [...(annotated.change?.events ?? [])] },
  { name: 'change_allowed', type: 'flag', nullable: true, of: ({ annotated }) => annotated.change?.allowed },
  {
    name: 'change_objections',
    type: 'texts',
    of: ({ annotated }) => [...(annotated.change?.objections ?? [])],
  },
  {
    name: 'errata',
    type: 'texts',
    of: ({ annotated }) => (annotated.errata ?? []).map(({ strength, id }) => `${strength} ${id}`),
  },
  { name: 'agree', type: 'flag', nullable: true, of: ({ annotated }) => agreement(annotated) },
  { name: 'disagreements', type: 'texts', of: ({ annotated }) => disagreements(annotated) },
];

const long = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

const MAX_NANOSECONDS = (1n << 63n) - 1n;

/** Nanoseconds of `seconds.fraction`; null for a time that is written otherwise, or beyond 292 years. */
function timeOf(timestamp: string | null): bigint | null {
  if (timestamp?.includes('.') !== true) return null;
  const time = nanoseconds(timestamp);
  return time === null || time > MAX_NANOSECONDS ? null : time;
}

const WORD = /^0x[\da-f]{1,16}$/;

function word(text: string | null | undefined): bigint | null {
  return text !== null && text !== undefined && WORD.test(text) ? BigInt(text) : null;
}

/** What the entry is for; what the line is about where it shows no entry. */
function gfnOf({ fields }: TraceRecord, spte: AnnotatedSpte | null): string | null {
  if (spte !== null) return spte.gfn;
  return typeof fields['gfn'] === 'string' ? fields['gfn'] : null;
}

/** Null where a line prints nothing that could be compared. */
function agreement({ checks }: ErrataLine): boolean | null {
  return checks.length === 0 ? null : checks.every(({ agree }) => agree);
}

function disagreements({ checks }: ErrataLine): string[] {
  return checks.filter(({ agree }) => !agree).map(({ field }) => field);
}
