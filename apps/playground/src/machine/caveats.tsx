// SPDX-License-Identifier: GPL-2.0-only
import { caveatsOf, type Mmu } from '@spte/core';

/** What to know about a machine before its answers are trusted; nothing when there is nothing to say. */
export function Caveats({ mmu }: { readonly mmu: Mmu }) {
  const caveats = caveatsOf(mmu);
  if (caveats.length === 0) return null;
  return (
    <ul class="caveats">
      {caveats.map((caveat) => (
        <li key={caveat}>
          <strong>Note:</strong> {caveat}
        </li>
      ))}
    </ul>
  );
}
