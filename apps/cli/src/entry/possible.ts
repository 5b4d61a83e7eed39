// SPDX-License-Identifier: GPL-2.0-only
import { type Finding, findingText, type PossibleFinding } from '@spte/core';

/** A finding that holds in some contexts only. */
export type PossibleJson = Finding & Pick<PossibleFinding, 'holds' | 'not'> & { readonly text: string };

/** Findings that hold in some contexts only, as JSON has them. */
export function possibleJson(possible: readonly PossibleFinding[]): PossibleJson[] {
  return possible.map(({ finding, holds, not }) => ({ ...finding, text: findingText(finding), holds, not }));
}

/** The same in words. */
export function possibleLines(possible: readonly PossibleFinding[]): string[] {
  return possible.map((one) => `  possible: ${possibleText(one)}`);
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
