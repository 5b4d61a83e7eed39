// SPDX-License-Identifier: GPL-2.0-only
import { useState } from 'preact/hooks';
import { COPY_FORMS, type CopiedEntry } from './copy-forms.ts';

/** What came of the last copy; `text` is to be copied by hand. */
interface Outcome {
  readonly said: string;
  readonly text: string | null;
}

/** A page that came neither from this machine nor by HTTPS may not write to the clipboard. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A list of the forms in which the entry can be copied. */
export function CopyMenu({ value, cells }: CopiedEntry) {
  const [{ said, text }, setOutcome] = useState<Outcome>({ said: '', text: null });
  const copy = async (form: (typeof COPY_FORMS)[number]): Promise<void> => {
    const text = form.text({ value, cells });
    setOutcome(
      (await copyText(text))
        ? { said: `Copied as ${form.name}.`, text: null }
        : { said: 'The browser does not let the page copy; here it is:', text },
    );
  };
  return (
    <div class="copy-menu">
      <details>
        <summary class="plain-button">Copy as</summary>
        <ul>
          {COPY_FORMS.map((form) => (
            <li key={form.id}>
              <button type="button" data-copy={form.id} onClick={() => void copy(form)}>
                {form.name}
              </button>
            </li>
          ))}
        </ul>
      </details>
      <span role="log" class="copied">
        {said}
      </span>
      {text !== null && (
        <textarea
          class="mono"
          readOnly
          aria-label="To copy"
          value={text}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      )}
    </div>
  );
}
