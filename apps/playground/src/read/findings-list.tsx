// SPDX-License-Identifier: GPL-2.0-only
import { bitsText, type Explanation, findingNext, findingText, guessText } from '@spte/core';

type Said = Pick<Explanation, 'findings' | 'guesses'>;

/** What is wrong with an entry, what to ask next, and what else it may be. */
export function Findings({ findings, guesses }: Said) {
  return (
    <>
      <FindingList findings={findings} guesses={guesses} />
      {guesses.map((guess) => (
        <p key={guess.code} class="next">
          May be {guessText(guess)}.
        </p>
      ))}
    </>
  );
}

function FindingList({ findings, guesses }: Said) {
  if (findings.length === 0) {
    return <p class="clean">Clean: nothing in it is illegal or odd on this machine.</p>;
  }
  return (
    <ul class="warnings">
      {findings.map((finding) => (
        <li key={finding.code} data-code={finding.code} class={`finding-${finding.severity}`}>
          <strong>{finding.severity === 'error' ? 'Error' : 'Warning'}:</strong> {findingText(finding)}
          <p class="next">
            <code>{finding.code}</code>,{' '}
            {[bitsText(finding.bits), findingNext(finding, guesses)].filter((part) => part !== '').join(': ')}
          </p>
        </li>
      ))}
    </ul>
  );
}
