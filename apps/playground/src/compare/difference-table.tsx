// SPDX-License-Identifier: GPL-2.0-only
import type { Difference, SideValue } from './differences.ts';

interface DifferenceTableProps {
  /** What the rows are, as the head of their column. */
  readonly what: string;
  readonly title: string;
  readonly differences: readonly Difference[];
  /** Said when nothing differs. */
  readonly none: string;
}

/** What two machines have differently, side by side. */
export function DifferenceTable({ what, title, differences, none }: DifferenceTableProps) {
  if (differences.length === 0) return <p class="no-difference">{none}</p>;
  return (
    <table class="difference-table">
      <caption class="visually-hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col">{what}</th>
          <th scope="col">A</th>
          <th scope="col">B</th>
        </tr>
      </thead>
      <tbody>
        {differences.map(({ name, meaning, notes, a, b }) => (
          <tr key={name} data-difference={name}>
            <th scope="row">
              <code>{name}</code>
              {meaning !== '' && <p class="meaning">{meaning}</p>}
              <Notes notes={notes} />
            </th>
            <SideCell side="A" value={a} />
            <SideCell side="B" value={b} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SideCell({ side, value: { text, notes } }: { readonly side: string; readonly value: SideValue }) {
  return (
    <td data-side={side}>
      <span class="mono">{text}</span>
      <Notes notes={notes} />
    </td>
  );
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  return (
    <>
      {notes.map((note) => (
        <p class="meaning" key={note}>
          {note}
        </p>
      ))}
    </>
  );
}
