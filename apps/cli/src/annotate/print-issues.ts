// SPDX-License-Identifier: GPL-2.0-only
import { bitsText, explainChange, findingText, judgeSpte, type Mmu, objectionText } from '@spte/core';
import type { AnnotatedLine, Check } from '@spte/trace';
import { whereText } from '../entry/possible.ts';
import { aboutEntry, type Issue, type Reporter } from '../verdict/report.ts';
import type { LinePrinter, Wanted } from './print-lines.ts';
import { disagreementText, hitText } from './render-line.ts';

type AnnotatedSpte = AnnotatedLine['sptes'][number];

/** Tells a reporter what is wrong with each line. */
export function issuePrinter(reporter: Reporter, mmu: Mmu, file: string, wanted: Wanted): LinePrinter {
  return {
    take({ record }, annotated) {
      if (!wanted(annotated, record)) return;
      for (const issue of lineIssues(mmu, annotated))
        reporter.issue(file, { ...issue, line: annotated.line });
    },
    lead: () => undefined,
    tell: () => undefined,
  };
}

type LineIssue = Omit<Issue, 'line'>;

/** What is wrong with a line: its findings as they are counted. */
function lineIssues(mmu: Mmu, { sptes, checks, change }: AnnotatedLine): LineIssue[] {
  return [
    ...sptes.flatMap((spte) => entryIssues(mmu, spte)),
    ...checks.flatMap(checkIssues),
    ...(change === undefined || change.allowed === true ? [] : [changeIssue(mmu, sptes, change.allowed)]),
  ];
}

function entryIssues(mmu: Mmu, { value, level, findings, possible }: AnnotatedSpte): LineIssue[] {
  if (findings.length + possible.length === 0) return [];
  const word = BigInt(value);
  const own = judgeSpte(mmu, word, level);
  // What is wrong in other contexts only has no words in this one.
  const textOf = (code: string, bits: readonly number[]): string => {
    const finding = own.find((one) => one.code === code);
    return finding === undefined ? `${code}, ${bitsText(bits)}` : findingText(finding);
  };
  return [
    ...findings.map(({ code, bits }) => ({
      code,
      isPossible: false,
      text: aboutEntry(word, level, textOf(code, bits)),
    })),
    ...possible.map(({ code, bits, holds, not }) => ({
      code,
      isPossible: true,
      text: aboutEntry(word, level, `${textOf(code, bits)}: ${whereText(holds)}, not ${whereText(not)}`),
    })),
  ];
}

function checkIssues(check: Check): LineIssue[] {
  const { hits, agree, possible } = check;
  return [
    ...(hits === undefined
      ? []
      : [
          {
            code: 'printed-reserved-bits',
            isPossible: false,
            text: hitText(check, hits),
          },
        ]),
    ...(agree
      ? []
      : [{ code: 'check-disagrees', isPossible: possible === true, text: disagreementText(check) }]),
  ];
}

function changeIssue(mmu: Mmu, sptes: AnnotatedLine['sptes'], allowed: boolean | null): LineIssue {
  const [old, now] = sptes as [AnnotatedSpte, AnnotatedSpte];
  const { objections } = explainChange(mmu, BigInt(old.value), BigInt(now.value), now.level);
  const why = objections.map(objectionText).join('; ');
  return {
    code: 'forbidden-change',
    isPossible: allowed === null,
    text: `${old.value} -> ${now.value}: ${why === '' ? 'in some contexts KVM makes no such change' : why}`,
  };
}
