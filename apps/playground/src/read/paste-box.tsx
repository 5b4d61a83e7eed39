// SPDX-License-Identifier: GPL-2.0-only
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Recognised } from './recognise.ts';
import { recognisedText } from './recognised-text.ts';

interface PasteBoxProps {
  readonly text: string;
  readonly found: Recognised | null;
  /** @param isWhole whether it was pasted or dropped, and not typed */
  readonly onText: (text: string, isWhole: boolean) => void;
}

/** Files of this size are read at most: what is longer is not held in a tab. */
const MAX_FILE = 64 << 20;

/** Characters that the box itself shows: a browser is slow with more. */
const SHOWN = 100_000;

/** Takes anything: values, a trace, a kernel log, what a machine says of itself, a mail, a file of these. */
export function PasteBox({ text, found, onText }: PasteBoxProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [refused, setRefused] = useState('');

  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== '/' || isTyping(event.target)) return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);

  const drop = async (file: File): Promise<void> => {
    const isTooLong = file.size > MAX_FILE;
    const bytes = new Uint8Array(isTooLong ? [] : await file.arrayBuffer());
    // No text has a byte 0 near its start: a dump, a trace.dat or something compressed.
    const isText = !bytes.subarray(0, 4096).includes(0);
    setRefused(isTooLong ? `${file.name} is longer than 64 MiB.` : isText ? '' : `${file.name} is not text.`);
    if (!isTooLong && isText) onText(new TextDecoder().decode(bytes), true);
  };

  return (
    <div class="paste">
      <textarea
        ref={box}
        id="paste"
        aria-label="Paste anything"
        aria-describedby="paste-recognised"
        rows={4}
        spellcheck={false}
        autocomplete="off"
        placeholder="Paste a value, old -> new, a trace, a kernel log, /proc/cpuinfo, a mail; or drop a text file"
        value={text.slice(0, SHOWN)}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          const file = event.dataTransfer?.files[0];
          if (file === undefined) return;
          event.preventDefault();
          void drop(file);
        }}
        onPaste={(event) => {
          const pasted = event.clipboardData?.getData('text/plain') ?? '';
          const { value, selectionStart, selectionEnd } = event.currentTarget;
          // A part of a text that is there is typing; what takes the place of it all is looked at as it came.
          if (selectionStart > 0 || selectionEnd < value.length || pasted === '') return;
          event.preventDefault();
          setRefused('');
          onText(pasted, true);
        }}
        onInput={(event) => {
          setRefused('');
          onText(event.currentTarget.value, false);
        }}
      />
      <p id="paste-recognised" class="paste-recognised">
        {refused !== '' && <strong>{refused} </strong>}
        {found === null ? 'Nothing pasted: the entry below is read.' : recognisedText(found, text.length)}
      </p>
    </div>
  );
}

/** Whether a key belongs to what is typed. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}
