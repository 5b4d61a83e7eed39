// SPDX-License-Identifier: GPL-2.0-only
import type { Diagnostic } from '@spte/core';
import { meaningOf } from './diagnostics.ts';

/** Warnings that the kernel would have raised; says so when there are none. */
export function Warnings({
  warnings,
  none,
}: {
  readonly warnings: readonly Diagnostic[];
  readonly none: string;
}) {
  if (warnings.length === 0) return <p class="quiet">{none}</p>;
  return (
    <ul class="warnings">
      {warnings.map((warning, index) => (
        <li key={index}>
          <strong>{warning.kind}</strong> <code>{warning.code}</code>
          <p>{meaningOf(warning)}</p>
          {warning.msg !== undefined && <p class="mono">{warning.msg}</p>}
        </li>
      ))}
    </ul>
  );
}
