// SPDX-License-Identifier: GPL-2.0-only
import { bitsText, hex, parseHex } from '@spte/core';
import type {
  ChangeCondition,
  CheckCondition,
  Condition,
  EntryTest,
  FindingCondition,
  SpteCondition,
  TextCondition,
  TraceCondition,
} from './erratum.ts';
import type { Evidence, EvidenceSpte } from './evidence.ts';
import { PREDICATES } from './predicates.ts';

/** What came of a condition: `unknown` where the evidence does not say. */
export interface Tested {
  readonly result: 'yes' | 'no' | 'unknown';
  /** The condition in words. */
  readonly words: string;
  /** Which of the entries it is about, from 0. */
  readonly entries: readonly number[];
  /** Which of the lines, from 0. */
  readonly lines: readonly number[];
}

const ALL = 0xffff_ffff_ffff_ffffn;

/** Whether the machine is known well enough for what was found in an entry to count. */
const isTrusted = ({ origin = 'assumed' }: Evidence): boolean => origin !== 'assumed';

/** Whether an entry passes; null where that is not known. */
function passes(evidence: Evidence, entry: EvidenceSpte, test: EntryTest): boolean | null {
  const { mask = ALL, value, kinds, levels, predicate } = test;
  if (value !== undefined && (entry.value & mask) !== value) return false;
  if (levels !== undefined && entry.level !== null && !levels.includes(entry.level)) return false;
  const held = predicate === undefined ? true : PREDICATES[predicate](entry.value, modeOf(evidence));
  if (held === false) return false;
  if (kinds !== undefined && isTrusted(evidence) && !kinds.includes(entry.kind)) return false;
  const known =
    (levels === undefined || entry.level !== null) && (kinds === undefined || isTrusted(evidence));
  return known ? held : null;
}

const modeOf = (evidence: Evidence): NonNullable<Evidence['mode']> | null =>
  isTrusted(evidence) ? (evidence.mode ?? null) : null;

/** The best of several answers, one for each entry. */
function best(words: string, answers: readonly (boolean | null)[]): Tested {
  const entries = answers.flatMap((answer, index) => (answer === true ? [index] : []));
  if (entries.length > 0) return { result: 'yes', words, entries, lines: [] };
  const unknown = answers.length === 0 || answers.includes(null);
  return { result: unknown ? 'unknown' : 'no', words, entries: [], lines: [] };
}

/** Both must hold; what is not known of one does not matter where the other fails. */
function both(a: boolean | null, b: boolean | null): boolean | null {
  if (a === false || b === false) return false;
  return a === null ? null : b;
}

function testSpte(evidence: Evidence, { spte }: SpteCondition): Tested {
  return best(
    spteWords(spte),
    (evidence.sptes ?? []).map((entry) => passes(evidence, entry, spte)),
  );
}

function testFinding(evidence: Evidence, condition: FindingCondition): Tested {
  const { finding, bits = [], only = false, on = {} } = condition;
  const has = (entry: EvidenceSpte): boolean =>
    entry.findings.some(
      (of) =>
        of.code === finding &&
        bits.every((bit) => of.bits.includes(bit)) &&
        (!only || of.bits.length === bits.length),
    );
  const words = `finding ${finding}${bits.length === 0 ? '' : ` of ${bitsText(bits)}`}`;
  // An assumed machine finds what the real one does not.
  const trusted = isTrusted(evidence);
  return best(
    words,
    (evidence.sptes ?? []).map((entry) => both(passes(evidence, entry, on), trusted ? has(entry) : null)),
  );
}

function testCheck(evidence: Evidence, condition: CheckCondition): Tested {
  const { check, printed, hits, on = {} } = condition;
  const what = printed === undefined ? '' : ` ${hex(printed)}`;
  const words = `printed ${check}${what}${hits === undefined ? '' : ` of which the entry has ${hex(hits)}`}`;
  const sptes = evidence.sptes ?? [];
  const answers = sptes.map((entry, index): boolean | null => {
    const beside = (evidence.checks ?? []).find((of) => of.field === check && (of.spte ?? 0) === index);
    const mask = wordOf(beside?.printed);
    if (mask === null) return null;
    const fits =
      (printed === undefined || mask === printed) && (hits === undefined || (mask & entry.value) === hits);
    return both(fits, passes(evidence, entry, on));
  });
  return best(words, answers);
}

function testChange(evidence: Evidence, { change, objection }: ChangeCondition): Tested {
  const words = `change ${change.join(' and ')}`;
  const changes = evidence.changes ?? [];
  const fits = changes.some(
    ({ events, objections }) =>
      change.every((code) => events.some((event) => event.code === code)) &&
      (objection === undefined || objections.some(({ code }) => code === objection)),
  );
  // What a change is depends on the machine.
  const result = changes.length === 0 || !isTrusted(evidence) ? 'unknown' : fits ? 'yes' : 'no';
  const entries = result === 'yes' ? (evidence.sptes ?? []).map((_, index) => index) : [];
  return { result, words, entries, lines: [] };
}

function testText(evidence: Evidence, { text }: TextCondition): Tested {
  const words = `text ${JSON.stringify(text)}`;
  const { texts = [] } = evidence;
  const lines = texts.flatMap((line, index) => (line.includes(text) ? [index] : []));
  const result = lines.length > 0 ? 'yes' : texts.length === 0 ? 'unknown' : 'no';
  return { result, words, entries: [], lines };
}

function testTrace({ trace }: Evidence, condition: TraceCondition): Tested {
  const { trace: event, fields, same } = condition;
  const list = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  const words = [`event ${event} with`, ...list, ...(same === undefined ? [] : [same.join(' = ')])].join(' ');
  if (trace === undefined) return { result: 'unknown', words, entries: [], lines: [] };
  const fits =
    trace.event === event &&
    Object.entries(fields).every(([name, value]) => trace.fields[name] === value) &&
    (same === undefined || sameWord(trace.fields[same[0]], trace.fields[same[1]]));
  return { result: fits ? 'yes' : 'no', words, entries: [], lines: [] };
}

/** Hex may be printed with `0x` or without, with zeros before it or without. */
function sameWord(a: unknown, b: unknown): boolean {
  const one = wordOf(a);
  return one !== null && one === wordOf(b);
}

/** Characters of a 64-bit word in hex, at most: the time that a number takes grows faster than its digits. */
const MAX_WORD = 18;

/** A word in hex; null for anything else. */
const wordOf = (text: unknown): bigint | null =>
  typeof text === 'string' && text.length <= MAX_WORD ? parseHex(text) : null;

function spteWords({ mask = ALL, value, kinds, levels, predicate }: EntryTest): string {
  return [
    'entry',
    ...(value === undefined ? [] : [`& ${hex(mask)} = ${hex(value)}`]),
    ...(predicate === undefined ? [] : [predicate]),
    ...(kinds === undefined ? [] : [kinds.join(' or ')]),
    ...(levels === undefined ? [] : [`of level ${levels.join(' or ')}`]),
  ].join(' ');
}

/** What a condition comes to. */
export function testCondition(evidence: Evidence, condition: Condition): Tested {
  if ('text' in condition) return testText(evidence, condition);
  if ('finding' in condition) return testFinding(evidence, condition);
  if ('check' in condition) return testCheck(evidence, condition);
  if ('change' in condition) return testChange(evidence, condition);
  if ('trace' in condition) return testTrace(evidence, condition);
  return testSpte(evidence, condition);
}
