// SPDX-License-Identifier: GPL-2.0-only

/** What to know about a machine before its answers are trusted; nothing when there is nothing to say. */
export function Caveats({ caveats }: { readonly caveats: readonly string[] }) {
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
