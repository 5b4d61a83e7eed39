// SPDX-License-Identifier: GPL-2.0-only
import type { AnnotatedLine } from './annotate.ts';
import type { AnnotatedChange } from './annotate-change.ts';
import type { AnnotatedSpte } from './annotate-spte.ts';
import { type Check, lostLetter } from './printed-check.ts';

/** How often something was seen, and in which line first. */
export interface Seen {
  readonly count: number;
  readonly first: number;
}

/** What the lines of a trace come to. */
export interface AnnotationTally {
  readonly sptes: number;
  readonly checks: number;
  /** Checks that do not agree. */
  readonly disagreements: number;
  /** What is wrong in every context that the trace may be of: SPTEs, changes that KVM does not make, disagreements. */
  readonly findings: number;
  /** What is wrong in some contexts only. */
  readonly possible: number;
  /** By code, in the order in which they were seen first. */
  readonly findingsByCode: Readonly<Record<string, Seen>>;
  /** The possible ones by code, in the order in which they were seen first. */
  readonly possibleByCode: Readonly<Record<string, Seen>>;
  /** By field, in the order in which they were seen first. */
  readonly disagreementsByField: Readonly<Record<string, Seen>>;
  /** Checks that agree but for a first letter that the kernel did not print, by field. */
  readonly lostLettersByField: Readonly<Record<string, Seen>>;
  /** How many lines, by event, most first. */
  readonly events: Readonly<Record<string, number>>;
  /** How many SPTEs, by kind, most first. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** By name: how often something was seen, and where first. */
export type Sighting = readonly [name: string, seen: Seen];

/**
 * What a counter has seen, as plain data that may go to another thread: parts of a trace are counted apart, and one
 * counter takes in what the others saw. Places are finer than a line, so that names keep their order.
 */
export interface AnnotationSightings {
  readonly sptes: number;
  readonly checks: number;
  readonly disagreements: number;
  readonly findings: number;
  readonly possible: number;
  readonly codes: readonly Sighting[];
  readonly possibleCodes: readonly Sighting[];
  readonly fields: readonly Sighting[];
  readonly letters: readonly Sighting[];
  readonly events: readonly Sighting[];
  readonly kinds: readonly Sighting[];
}

/** Adds up annotated lines. */
export interface AnnotationCounter {
  /** Takes another line. */
  readonly add: (line: AnnotatedLine) => void;
  /** Takes what another counter has seen in other lines of the same trace, in any order. */
  readonly merge: (sightings: AnnotationSightings) => void;
  /** What was seen so far. */
  readonly sightings: () => AnnotationSightings;
  /** What all lines so far come to. */
  readonly tally: () => AnnotationTally;
}

/** A counter to which parts of lines may be added that were seen more than once, in any order. */
export interface BulkCounter extends AnnotationCounter {
  readonly addEvent: (event: string, seen: Seen) => void;
  /** `first` as: eight places to a line. */
  readonly addSpte: (said: AnnotatedSpte, seen: Seen) => void;
  readonly addChecks: (checks: readonly Check[], seen: Seen) => void;
  readonly addChange: (change: AnnotatedChange, seen: Seen) => void;
}

/**
 * What is wrong with a line beside its SPTEs: a change that KVM does not make, a printed mask that an entry hits, a check
 * that does not agree.
 */
export type LineFindingCode = 'forbidden-change' | 'printed-reserved-bits' | 'check-disagrees';

/** More than a line, and what is said of an SPTE, has parts. */
const PARTS = 64;

/** Where an SPTE stands in its trace: those of a line come after each other. */
function placeOf(line: number, index: number): number {
  return line * 8 + index;
}

/** The place in a line after those of its SPTEs. */
const LAST_PLACE = 7;

/** Sightings of things, by their names. `first` may be finer than a line, so that the first come first. */
class Sightings {
  readonly #all = new Map<string, Seen>();

  add(name: string, count: number, first: number): void {
    const before = this.#all.get(name) ?? { count: 0, first };
    this.#all.set(name, { count: count + before.count, first: Math.min(first, before.first) });
  }

  merge(sightings: readonly Sighting[]): void {
    for (const [name, { count, first }] of sightings) this.add(name, count, first);
  }

  list(): Sighting[] {
    return [...this.#all];
  }

  /** Most first. */
  most(): Record<string, number> {
    const all = [...this.#all].toSorted(([, a], [, b]) => b.count - a.count || a.first - b.first);
    return Object.fromEntries(all.map(([name, { count }]) => [name, count]));
  }

  /** In their order; a line has the given number of places. */
  inOrder(places: number): Record<string, Seen> {
    const all = [...this.#all].toSorted(([, a], [, b]) => a.first - b.first);
    return Object.fromEntries(
      all.map(([name, { count, first }]) => [name, { count, first: Math.floor(first / places) }]),
    );
  }
}

/**
 * Makes a counter of nothing.
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { annotationCounter, createAnnotator, readTraceSync } from '@spte/trace';
 * import { svm } from '@spte/vendor-svm';
 *
 * const annotate = createAnnotator(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
 * const line = 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080\n';
 * const [first, second] = [annotationCounter(), annotationCounter()];
 * for (const { record } of readTraceSync([line])) if (record !== null) first.add(annotate(record));
 * for (const { record } of readTraceSync([line, line])) if (record !== null) second.add(annotate(record));
 * // What was counted is plain data, and may come from another thread.
 * first.merge(second.sightings());
 * first.tally().events; // { kvm_mmu_set_spte: 3 }
 * first.tally().disagreements; // 0
 * ```
 */
export function annotationCounter(): AnnotationCounter {
  const { add, merge, sightings, tally } = bulkCounter();
  return { add, merge, sightings, tally };
}

/** As {@link annotationCounter}. */
export function bulkCounter(): BulkCounter {
  const events = new Sightings();
  const kinds = new Sightings();
  const codes = new Sightings();
  const possibleCodes = new Sightings();
  const fields = new Sightings();
  const letters = new Sightings();
  const sum = { sptes: 0, checks: 0, disagreements: 0, findings: 0, possible: 0 };

  /** Counts what is wrong with a line as a whole, after what is wrong with its SPTEs. */
  const addWrong = (code: LineFindingCode, count: number, line: number): void => {
    sum.findings += count;
    codes.add(code, count, placeOf(line, LAST_PLACE) * PARTS);
  };
  const addPossible = (code: LineFindingCode, count: number, line: number): void => {
    sum.possible += count;
    possibleCodes.add(code, count, placeOf(line, LAST_PLACE) * PARTS);
  };

  const counter: BulkCounter = {
    addEvent: (event, { count, first }) => events.add(event, count, first),
    addSpte({ kind, findings, possible }, { count, first }) {
      if (count === 0) return;
      sum.sptes += count;
      sum.findings += count * findings.length;
      kinds.add(kind, count, first);
      for (const [i, { code }] of findings.entries()) codes.add(code, count, first * PARTS + i);
      sum.possible += count * possible.length;
      for (const [i, { code }] of possible.entries()) possibleCodes.add(code, count, first * PARTS + i);
    },
    addChecks(checks, { count, first }) {
      sum.checks += count * checks.length;
      if (count === 0) return;
      for (const [i, check] of checks.entries()) {
        const place = first * PARTS + i;
        if (lostLetter(check)) letters.add(check.field, count, place);
        if (check.hits !== undefined) addWrong('printed-reserved-bits', count, first);
        if (check.agree) continue;
        sum.disagreements += count;
        if (check.possible === true) addPossible('check-disagrees', count, first);
        else addWrong('check-disagrees', count, first);
        fields.add(check.field, count, place);
      }
    },
    addChange({ allowed }, { count, first }) {
      if (allowed === true || count === 0) return;
      if (allowed === false) addWrong('forbidden-change', count, first);
      else addPossible('forbidden-change', count, first);
    },
    add({ line, event, sptes, checks, change }) {
      counter.addEvent(event, { count: 1, first: line });
      for (const [index, spte] of sptes.entries()) {
        counter.addSpte(spte, { count: 1, first: placeOf(line, index) });
      }
      counter.addChecks(checks, { count: 1, first: line });
      if (change !== undefined) counter.addChange(change, { count: 1, first: line });
    },
    merge(seen) {
      sum.sptes += seen.sptes;
      sum.checks += seen.checks;
      sum.disagreements += seen.disagreements;
      sum.findings += seen.findings;
      sum.possible += seen.possible;
      codes.merge(seen.codes);
      possibleCodes.merge(seen.possibleCodes);
      fields.merge(seen.fields);
      letters.merge(seen.letters);
      events.merge(seen.events);
      kinds.merge(seen.kinds);
    },
    sightings: () => ({
      ...sum,
      codes: codes.list(),
      possibleCodes: possibleCodes.list(),
      fields: fields.list(),
      letters: letters.list(),
      events: events.list(),
      kinds: kinds.list(),
    }),
    tally: () => ({
      ...sum,
      findingsByCode: codes.inOrder(placeOf(PARTS, 0)),
      possibleByCode: possibleCodes.inOrder(placeOf(PARTS, 0)),
      disagreementsByField: fields.inOrder(PARTS),
      lostLettersByField: letters.inOrder(PARTS),
      events: events.most(),
      kinds: kinds.most(),
    }),
  };
  return counter;
}
