// SPDX-License-Identifier: GPL-2.0-only
import type { Chip } from './pasted.ts';

interface ContextChipsProps {
  readonly chips: readonly Chip[];
  /** Names of the contexts that fit; the first is the one that is taken. */
  readonly possible: readonly string[];
  readonly contradictions: readonly string[];
}

/** What the entry is read as, and how each fact is known. A chip leads to the input that changes it. */
export function ContextChips({ chips, possible, contradictions }: ContextChipsProps) {
  return (
    <section class="context" aria-label="Context">
      <ul>
        {chips.map(({ name, label, value, origin, from }) => (
          <li key={name}>
            <button
              type="button"
              class="chip"
              data-origin={origin}
              title={from}
              onClick={() => showInput(label)}
            >
              {name} <strong>{value}</strong> <em>{origin}</em>
            </button>
          </li>
        ))}
      </ul>
      {possible.length > 1 && (
        <details>
          <summary>Other contexts that fit: {possible.length - 1}</summary>
          <p>{possible.slice(1).join('; ')}</p>
        </details>
      )}
      {contradictions.map((text) => (
        <p key={text} class="field-error">
          {text}
        </p>
      ))}
    </section>
  );
}

/** Opens what hides the input of a fact, and goes there. */
function showInput(text: string): void {
  const labels = [...document.querySelectorAll<HTMLLabelElement>('.machine label')];
  const input = labels.find(({ textContent }) => textContent.trim().startsWith(text))?.control;
  for (let at = input?.parentElement; at !== null && at !== undefined; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) at.open = true;
  }
  input?.focus();
}
