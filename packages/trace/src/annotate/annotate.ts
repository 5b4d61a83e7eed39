// SPDX-License-Identifier: GPL-2.0-only
import { coversHit, type Fallback, type Mmu } from '@spte/core';
import type { FieldValue, TracedSpte, TraceRecord } from '../events/record.ts';
import { type AnnotatedChange, annotateChange, rememberChanges, showsChange } from './annotate-change.ts';
import { type AnnotatedSpte, annotateSpte } from './annotate-spte.ts';
import type { AnnotatorOptions } from './annotator-options.ts';
import type { ExplainedFault } from './explain-fault.ts';
import { type FollowedLine, followLines } from './follow-lines.ts';
import { type Check, checkRecord, lastLines } from './printed-check.ts';
import { annotatorFallbacks, rememberSptes } from './remember-sptes.ts';

/** A line with everything that can be said about it, ready for JSON. */
export interface AnnotatedLine {
  readonly line: number;
  readonly event: string;
  readonly timestamp: string | null;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly sptes: readonly AnnotatedSpte[];
  readonly checks: readonly Check[];
  /** Of a line that shows the old and the new value of an entry. */
  readonly change?: AnnotatedChange;
  /** What the exit or the fault of the line means; absent for other lines, and where nobody was to be asked. */
  readonly explains?: ExplainedFault;
}

/**
 * Says what the SPTEs of a line are, what is wrong with them, and whether the kernel printed beside them what they
 * give.
 *
 * @param checks those of {@link createChecker} where lines are compared; of this line alone when absent
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { annotate, parseLine } from '@spte/trace';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * const record = parseLine('kvm_mmu_set_spte: gfn 10 spte 797fe67 (r-xu) level 1 at 1a1080');
 * const line = record && annotate(record, mmu);
 * // The entry may be written, and the line says that it may not.
 * line?.checks; // [ { field: 'access', printed: 'r-xu', computed: 'rwxu', agree: false } ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { annotate, parseLine } from '@spte/trace';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const record = parseLine(
 *   'kvm_tdp_mmu_spte_changed: as id 0 gfn 10 level 1 old_spte 600000455299b77 new_spte 600000455299b75',
 * );
 * const change = record && annotate(record, mmu).change;
 * [change?.events, change?.allowed]; // [ [ 'write-protect' ], true ]
 * ```
 */
export function annotate(
  record: TraceRecord,
  mmu: Mmu,
  checks: readonly Check[] = checkRecord(record, mmu),
): AnnotatedLine {
  return annotated(
    record,
    { checks, explains: undefined },
    (spte, gfn) => annotateSpte(spte, mmu, gfn),
    (old, now) => annotateChange(mmu, [], old, now),
  );
}

/** Annotates records in their order. */
export interface Annotator {
  (record: TraceRecord): AnnotatedLine;
  /** What is slower than it could be, and why: nothing with the vendors and policies of this repository. */
  readonly fallbacks: readonly Fallback[];
}

/**
 * Makes a function that annotates the records of a trace in their order, and compares lines that belong together. It
 * remembers what entries like the one at hand were, so that a large trace takes little longer than to read it.
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { createAnnotator, parseLine } from '@spte/trace';
 * import { svm } from '@spte/vendor-svm';
 *
 * const annotate = createAnnotator(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
 * const say = (line: string) => {
 *   const record = parseLine(line);
 *   return record && annotate(record);
 * };
 * say('kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080')?.sptes[0]?.kind; // leaf
 * say('kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080')?.checks; // [ { field: 'access', printed: 'rwxu', computed: 'rwxu', agree: true } ]
 * // Nobody writes bit 45 on a machine of 40 address bits.
 * say('kvm_mmu_set_spte: gfn 10 spte 20000797fe67 (rwxu) level 1 at 1a1080')?.sptes[0]?.findings.map(({ code }) => code); // [ 'reserved-bits' ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { createAnnotator, parseLine } from '@spte/trace';
 * import { svm, svmExits } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * const annotate = createAnnotator(mmu, { exits: [svmExits] });
 * const record = parseLine('kvm_page_fault: vcpu 0 rip 0x2000 address 0x10000 error_code 0x100000006');
 * const explains = record && annotate(record).explains;
 * explains?.address; // { kind: 'gpa', value: '0x10000' }
 * [explains?.error_code?.['access'], explains?.error_code?.['stage']]; // [ [ 'write' ], 'final access' ]
 * ```
 */
export function createAnnotator(mmu: Mmu, { exits = [], others = [] }: AnnotatorOptions = {}): Annotator {
  const follow = followLines(mmu, { exits, others }, lastLines());
  const about = rememberSptes(mmu, others);
  const became = rememberChanges(mmu, others);
  const annotate = (record: TraceRecord): AnnotatedLine => annotated(record, follow(record), about, became);
  return Object.assign(annotate, { fallbacks: annotatorFallbacks(mmu) });
}

/** Puts together what is said about a record. */
export function annotated(
  { line, event, timestamp, fields, sptes }: TraceRecord,
  { checks: all, explains }: FollowedLine,
  about: (spte: TracedSpte, gfn: string | null) => AnnotatedSpte,
  became: (old: AnnotatedSpte, now: AnnotatedSpte) => AnnotatedChange,
): AnnotatedLine {
  const gfn = typeof fields['gfn'] === 'string' ? fields['gfn'] : null;
  const said = sptes.map((spte) => about(spte, gfn));
  const [first] = said;
  const checks = first === undefined ? all : all.map((check) => withoutKnownHits(check, first));
  if (explains !== undefined) return { line, event, timestamp, fields, sptes: said, checks, explains };
  if (!showsChange(event, sptes)) return { line, event, timestamp, fields, sptes: said, checks };
  const [old, now] = said as [AnnotatedSpte, AnnotatedSpte];
  return { line, event, timestamp, fields, sptes: said, checks, change: became(old, now) };
}

/** Bits that a printed mask hits are said once: not where the entry is found wrong for them by itself. */
function withoutKnownHits(check: Check, { findings }: AnnotatedSpte): Check {
  if (check.hits === undefined || !coversHit(findings, check.hits)) return check;
  const { hits: _, ...rest } = check;
  return rest;
}
