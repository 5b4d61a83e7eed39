// SPDX-License-Identifier: GPL-2.0-only
import {
  type Explanation,
  type Finding,
  findingText,
  formatWord,
  type PossibleFinding,
  type TextLine,
  verdict,
} from '@spte/core';

/** A finding that holds in some contexts only. */
export type PossibleJson = Finding & Pick<PossibleFinding, 'holds' | 'not'> & { readonly text: string };

/** Findings that hold in some contexts only, as JSON has them. */
export function possibleJson(possible: readonly PossibleFinding[]): PossibleJson[] {
  return possible.map(({ finding, holds, not }) => ({ ...finding, text: findingText(finding), holds, not }));
}

/** The answer about an entry in one sentence: one that may be wrong is not called clean. */
export function verdictWith(explanation: Explanation, possible: readonly PossibleFinding[]): string {
  const [first] = possible;
  const { kind, findings } = explanation;
  if (first === undefined || findings.length > 0) return verdict(explanation);
  return `${kind} that may be wrong, by what it is of: ${findingText(first.finding)}`;
}

/** What is said of an entry, with what may be wrong with it right after what it is. */
export function linesWith(
  lines: readonly TextLine[],
  explanation: Explanation,
  possible: readonly PossibleFinding[],
): readonly TextLine[] {
  if (possible.length === 0) return lines;
  const head: TextLine = {
    role: 'suspicious',
    text: `${formatWord(explanation.value)}  ${verdictWith(explanation, possible)}`,
  };
  const found = possible.map(
    (one): TextLine => ({ role: 'warning', text: `  possible: ${possibleText(one)}` }),
  );
  return [head, ...lines.slice(1, 2), ...found, ...lines.slice(2)];
}

/** What is wrong, and in which contexts. */
export function possibleText({ finding, holds, not }: PossibleFinding): string {
  return `${findingText(finding)}: ${whereText(holds)}, not ${whereText(not)}`;
}

const MOST = 3;

/** Names of contexts, of many the first ones. */
export function whereText(names: readonly string[]): string {
  const shown = names.slice(0, MOST).join(', ');
  return names.length > MOST ? `${shown} and ${names.length - MOST} more` : `in ${shown}`;
}
