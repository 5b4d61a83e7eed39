// SPDX-License-Identifier: GPL-2.0-only
import { findingNext } from '@spte/core';
import type { ReadEntry } from './read.ts';

interface VerdictProps {
  readonly answer: { readonly entry: ReadEntry } | null;
  /** What is said of a change, where there is one: it comes before what is said of the old value. */
  readonly change: string | null;
  /** The known bug that the entry speaks for. */
  readonly bug: string | null;
  /** Whether what is typed has no answer, so that this is the last one that there was. */
  readonly isStale: boolean;
}

/** The answer in one sentence, what to ask next, and the known bug. */
export function Verdict({ answer, change, bug, isStale }: VerdictProps) {
  const explained = answer?.entry.explained;
  const [finding] = explained?.findings ?? [];
  const next = finding === undefined ? '' : findingNext(finding, explained?.guesses ?? []);
  const isBad = finding?.severity === 'error';
  return (
    <div role="status" class={`verdict${isBad ? ' is-bad' : ''}${isStale ? ' is-stale' : ''}`}>
      <h3 class="headline">{change ?? answer?.entry.headline ?? 'Nothing to say yet.'}</h3>
      {change === null && next !== '' && <p class="next">Next: {next}</p>}
      {change === null && bug !== null && <p class="next">Known bug: {bug}</p>}
    </div>
  );
}
