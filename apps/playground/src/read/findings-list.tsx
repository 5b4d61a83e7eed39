// SPDX-License-Identifier: GPL-2.0-only
import { bitsText, type Explanation, findingNext, findingText } from '@spte/core';

/** What is wrong with an entry, and what to ask next. */
export function Findings({ findings, guesses }: Pick<Explanation, 'findings' | 'guesses'>) {
  if (findings.length === 0) {
    return <p class="clean">Clean: nothing in it is illegal or odd on this machine.</p>;
  }
  return (
    <ul class="warnings">
      {findings.map((finding) => (
        <li key={finding.code} class={`finding-${finding.severity}`}>
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
