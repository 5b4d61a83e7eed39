// SPDX-License-Identifier: GPL-2.0-only
import type { Finding } from '@spte/core';
import { bitPhrase, maskOf } from '../bits/bit-ranges.ts';

/** What is wrong with an entry, and what to ask next. */
export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  if (findings.length === 0) {
    return <p class="clean">Clean: nothing in it is illegal or odd on this machine.</p>;
  }
  return (
    <ul class="warnings">
      {findings.map(({ code, severity, bits, text, next }) => (
        <li key={code} class={`finding-${severity}`}>
          <strong>{severity === 'error' ? 'Error' : 'Warning'}:</strong> {text}
          <p class="next">
            <code>{code}</code>, {bitPhrase(maskOf(bits))}: {next}
          </p>
        </li>
      ))}
    </ul>
  );
}
