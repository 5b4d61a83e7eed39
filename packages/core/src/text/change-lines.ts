// SPDX-License-Identifier: GPL-2.0-only
import type { ExplainedChange } from '../explain/explain-change.ts';
import { type TextLine, textOfLines } from './explanation-lines.ts';
import { readOnlyText } from './reading-texts.ts';
import { changeVerdict } from './verdict.ts';
import { bitsText, formatWord } from './words.ts';

/** A change as lines of text: the two entries, the verdict, what follows from it, and the fields that changed. */
export function changeLines(change: ExplainedChange): TextLine[] {
  const { from, to, fields, allowed, flush, lost, warnings } = change;
  const role = allowed ? 'allowed' : 'refused';
  const losses = [...(lost.accessed ? ['accessed'] : []), ...(lost.dirty ? ['dirty'] : [])];
  const due = flush ? 'a TLB flush is due' : 'no TLB flush is due';
  return [
    {
      role: 'context',
      text: `${formatWord(from.value)} -> ${formatWord(to.value)}  ${from.kind} -> ${to.kind}`,
    },
    { role, text: `  ${changeVerdict(change)}` },
    {
      role: 'changed',
      text: `  ${[due, ...(losses.length > 0 ? [`lost: ${losses.join(' and ')}`] : [])].join('; ')}`,
    },
    ...readOnlyLines(change),
    ...warnings.map(({ code, kind }): TextLine => ({ role: 'warning', text: `  ${kind} ${code}` })),
    ...fields.map(
      (field): TextLine => ({
        role: 'changed',
        text: `  ${field.name} (${bitsText(field.bits)}): ${field.from} -> ${field.to}`,
      }),
    ),
  ];
}

/** Why the new value is read-only, where no event has said so. */
function readOnlyLines({ from, to, events }: ExplainedChange): TextLine[] {
  const reason = to.mapping?.readOnly ?? null;
  const said = events.some(({ code }) => code === 'write-protect' || code === 'host-protection');
  if (reason === null || said || reason === from.mapping?.readOnly) return [];
  return [{ role: 'changed', text: `  read-only: ${readOnlyText(reason)}` }];
}

/** {@link changeLines} in one text. */
export function renderChange(change: ExplainedChange): string {
  return textOfLines(changeLines(change));
}
