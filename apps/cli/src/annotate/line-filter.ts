// SPDX-License-Identifier: GPL-2.0-only
import type { AnnotatedLine, TraceRecord } from '@spte/trace';
import { type FilterOptions, hasFilters, type Range } from './filter-options.ts';
import { placesOf } from './line-places.ts';
import { nanoseconds } from './nanoseconds.ts';

/** Whether a line is one of those that the filters leave. */
export type LineFilter = (annotated: AnnotatedLine, record: TraceRecord) => boolean;

const everything: LineFilter = () => true;

/** The lines that filters leave: those that pass every one that is given. */
export function lineFilter(options: FilterOptions): LineFilter {
  if (!hasFilters(options)) return everything;
  const { event, vcpu, task, kind, finding } = options;
  const filters: LineFilter[] = [];
  if (event !== undefined) filters.push((line) => event.includes(line.event));
  if (task !== undefined) filters.push((_, record) => namesOf(record).some((name) => task.includes(name)));
  if (vcpu !== undefined)
    filters.push((_, record) => vcpusOf(record).some((number) => vcpu.includes(number)));
  filters.push(...timeFilters(options), ...placeFilters(options));
  if (kind !== undefined) filters.push(({ sptes }) => sptes.some((spte) => kind.includes(spte.kind)));
  if (finding !== undefined) filters.push((line) => codesOf(line).some((code) => finding.includes(code)));
  return (annotated, record) => filters.every((fits) => fits(annotated, record));
}

/** What a task may be called. */
function namesOf({ task, pid }: TraceRecord): string[] {
  return [task ?? '', String(pid ?? ''), `${task ?? ''}-${pid ?? ''}`];
}

/** The thread of a vCPU, as QEMU calls it. */
const VCPU_TASK = /^CPU (\d{1,5})\/KVM$/;

/** The vCPUs that a line names: it prints one, or is of its thread. */
function vcpusOf({ fields, task }: TraceRecord): number[] {
  const [, ofTask] = VCPU_TASK.exec(task ?? '') ?? [];
  return [fields['vcpu'], fields['vcpu_id'], ofTask === undefined ? undefined : Number(ofTask)].filter(
    (value) => typeof value === 'number',
  );
}

/** A line without a time is at none. */
function timeFilters({ from, to }: FilterOptions): LineFilter[] {
  if (from === undefined && to === undefined) return [];
  return [
    (_, { timestamp }) => {
      const ns = nanoseconds(timestamp ?? '');
      return ns !== null && ns >= (from?.ns ?? ns) && ns <= (to?.ns ?? ns);
    },
  ];
}

const PAGE_SHIFT = 12n;

function placeFilters({ gfn, gpa }: FilterOptions): LineFilter[] {
  const pages = gfn?.map(({ from, to }) => ({
    from: from << PAGE_SHIFT,
    to: ((to + 1n) << PAGE_SHIFT) - 1n,
  }));
  return [pages, gpa].flatMap((wanted) =>
    wanted === undefined
      ? []
      : [
          (annotated: AnnotatedLine) =>
            placesOf(annotated).some((place) => wanted.some((one) => overlap(place, one))),
        ],
  );
}

const overlap = (a: Range, b: Range): boolean => a.from <= b.to && b.from <= a.to;

/** The codes of everything that is found in a line. */
function codesOf({ sptes, checks, change }: AnnotatedLine): string[] {
  return [
    ...sptes.flatMap(({ findings, possible }) => [...findings, ...possible].map(({ code }) => code)),
    ...(checks.some(({ agree }) => !agree) ? ['check-disagrees'] : []),
    ...(checks.some(({ hits }) => hits !== undefined) ? ['printed-reserved-bits'] : []),
    ...(change !== undefined && change.allowed !== true ? ['forbidden-change'] : []),
  ];
}
