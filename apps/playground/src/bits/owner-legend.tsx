// SPDX-License-Identifier: GPL-2.0-only
import { OWNER_NAMES, OWNERS } from './owners.ts';

/** What the colours and the signs of the bits say. */
export function OwnerLegend() {
  return (
    <ul class="owner-legend" aria-label="Whose the bits are">
      {OWNER_NAMES.map((owner) => (
        <li key={owner} class={`owner-${owner}`}>
          <span class="owner-key" /> {OWNERS[owner].words}
        </li>
      ))}
    </ul>
  );
}
