// SPDX-License-Identifier: GPL-2.0-only
import {
  BoundedMap,
  bitsText,
  changeText,
  explainChange,
  explainSpte,
  findingLines,
  guessText,
  hex,
  type Mmu,
  objectionText,
  type TextLine,
} from '@spte/core';
import type { AnnotatedLine, Check, ExplainedFault } from '@spte/trace';
import { saidText } from '../entry/codes.ts';
import type { ErrataLine } from '../entry/log-errata.ts';
import { whereText } from '../entry/possible.ts';
import { type Paint, paintLines } from '../io/paint.ts';

type AnnotatedSpte = AnnotatedLine['sptes'][number];

/** Gives the lines to print below a line: its entries, what is wrong with them, and where the kernel said otherwise. */
export function lineRenderer(paint: Paint, mmu: Mmu): (line: ErrataLine) => string[] {
  const eventOf = changeTexts(mmu);
  const faultLines = faultTexts(paint);
  return ({ event, fields, sptes, checks, explains, errata = [] }) => {
    const [old, now] = [sptes.find(({ role }) => role === 'old'), sptes.find(({ role }) => role === 'new')];
    const change = old !== undefined && now !== undefined && sptes.length === 2;
    const lines = change
      ? [
          paint('cyan', `    ^ ${sayWhat(old)} -> ${sayWhat(now)}`),
          paint('cyan', `      ${isRacedFix(event, fields, old, now) ? RACED_FIX : eventOf(old, now)}`),
        ]
      : sptes.map((spte) => paint('cyan', `    ^ ${sayWhat(spte)}`));
    if (explains !== undefined) lines.push(...faultLines(event, explains));
    lines.push(...sptes.flatMap((spte) => detailLines(paint, mmu, spte)));
    lines.push(...sptes.flatMap((spte) => possibleLines(paint, spte)));
    lines.push(...checks.flatMap((check) => hitLines(paint, check)));
    lines.push(...errata.map(({ text }) => paint('cyan', `      ${text}`)));
    for (const check of checks)
      if (!check.agree) lines.push(paint('red', `      DISAGREES: ${disagreementText(check)}`));
    return lines;
  };
}

function hitLines(paint: Paint, check: Check): string[] {
  const { hits } = check;
  if (hits === undefined) return [];
  return [paint('red', `      error: ${hitText(check, hits)} [printed-reserved-bits, ${bitsText(hits)}]`)];
}

/** Which bits of an entry the kernel refused. */
export const hitText = ({ printed }: Check, hits: readonly number[]): string =>
  `the entry has ${bitsText(hits)} of the mask that the kernel printed as reserved (${printed})`;

/** Where what the kernel printed is not what its entry gives. */
export function disagreementText({ field, printed, computed }: Check): string {
  return field === 'kind'
    ? `the kernel takes this entry for MMIO, as read here it is ${computed}: the trace is of another kernel or machine`
    : `the kernel printed ${field} ${printed}, computed is ${computed}`;
}

function sayWhat({ value, kind, level, gfn, pfn, access, memtype, generation }: AnnotatedSpte): string {
  const words: string[] = [kind === 'guest' ? "the guest's own entry" : kind];
  if (level !== null) words.push(`level ${level}`);
  if (kind === 'mmio') words.push(`gfn ${gfn ?? '?'}`, `generation ${generation ?? '?'}`);
  if (pfn !== null) words.push(`pfn ${pfn}`);
  if (access !== null) words.push(access);
  if (memtype !== null) words.push(memtype);
  return `${value} ${words.join(', ')}`;
}

/** What an exit or a fault means, where its line does not say it itself; of a fault what its exit did not say. */
function faultTexts(paint: Paint): (event: string, fault: ExplainedFault) => string[] {
  let exit: string | undefined;
  return (event, fault) => {
    const { lines, code } = faultLines(paint, fault, exit);
    exit = event === 'kvm_exit' ? code : undefined;
    return lines;
  };
}

function faultLines(
  paint: Paint,
  { address, info1, error_code, whileDelivering }: ExplainedFault,
  exit: string | undefined,
): { readonly lines: string[]; readonly code: string | undefined } {
  const [code] = [error_code, info1].flatMap((word) => (word === undefined ? [] : (saidText(word) ?? [])));
  const where = address === undefined ? [] : [`${address.kind ?? 'address'} ${address.value}`];
  const said = [...where, ...(code === undefined || code === exit ? [] : [code])];
  const lines = code === undefined || said.length === 0 ? [] : [`    ^ ${said.join(': ')}`];
  if (whileDelivering !== null && whileDelivering !== undefined) {
    const { name, type, vector } = whileDelivering;
    lines.push(
      `    ^ while an event was being delivered: ${name ?? `${type ?? 'reserved type'}, vector ${vector}`}`,
    );
  }
  return { lines: lines.map((line) => paint('cyan', line)), code };
}

const RACED_FIX =
  'fixed without the lock; another CPU has changed the entry since, for new is read again to be printed';

/** Whether a fast fix that succeeded shows no trace of itself: the entry is as before, or no mapping any more. */
function isRacedFix(
  event: string,
  { fixed }: AnnotatedLine['fields'],
  old: AnnotatedSpte,
  now: AnnotatedSpte,
): boolean {
  return event === 'fast_page_fault' && fixed === 1 && (old.value === now.value || now.kind !== 'leaf');
}

/** The findings of core in full, and what a value may be that is no entry: they are rare. */
function detailLines(
  paint: Paint,
  mmu: Mmu,
  { value, level, findings, notes = [] }: ErrataLine['sptes'][number],
): string[] {
  if (findings.length + notes.length === 0) return [];
  const isNote = (code: string): boolean => !findings.some((of) => of.code === code);
  const explanation = explainSpte(mmu, BigInt(value), level);
  const lines: TextLine[] = [
    ...explanation.findings.flatMap((finding) =>
      findingLines(finding)
        .filter(({ role }) => role !== 'next')
        .map((line) => (isNote(finding.code) ? noteOf(line) : line)),
    ),
    // The level is the kernel's own word.
    ...explanation.guesses
      .filter(({ code }) => code !== 'other-level')
      .map((guess): TextLine => ({ role: 'guess', text: `  may be ${guessText(guess)}` })),
  ];
  return lines.map(({ role, text }) => paintLines(paint, [{ role, text: `    ${text}` }]));
}

/** What is wrong with an entry in some of the contexts that the trace may be of. */
function possibleLines(paint: Paint, { possible }: AnnotatedSpte): string[] {
  return possible.map(({ code, bits, holds, not }) =>
    paint('yellow', `      possible: ${code}, ${bitsText(bits)}: ${whereText(holds)}, not ${whereText(not)}`),
  );
}

/** A finding that does not count. */
const noteOf = ({ text }: TextLine): TextLine => ({
  role: 'context',
  text: text.replace(/^ {2}(?:error|warning):/, '  note:'),
});

/** Changes that are remembered. */
const MAX_CHANGES = 4096;

/**
 * What a change is, in words. Of mappings and tables it does not depend on the page but on whether it stays the same,
 * so that a trace of any length needs few answers.
 */
function changeTexts(mmu: Mmu): (old: AnnotatedSpte, now: AnnotatedSpte) => string {
  const known = new BoundedMap<string, string>(MAX_CHANGES);
  const attributes = ~mmu.vendor.format.address.mask;
  // What is wrong with an entry may name bits of its address.
  const keyOf = ({ value, kind, pfn, findings }: AnnotatedSpte): string =>
    pfn === null || findings.length > 0 ? value : `${kind} ${hex(BigInt(value) & attributes)}`;
  return (old, now) => {
    const key = [keyOf(old), keyOf(now), old.pfn === now.pfn, now.level].join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const change = explainChange(mmu, BigInt(old.value), BigInt(now.value), now.level);
    const [objection] = change.objections;
    const said =
      objection === undefined
        ? changeText(change)
        : `${changeText(change)}; NOT ALLOWED: ${objectionText(objection)}`;
    known.set(key, said);
    return said;
  };
}
