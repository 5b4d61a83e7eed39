// SPDX-License-Identifier: GPL-2.0-only
import { MAX_PASTE } from '../state/hash.ts';
import type { Recognised } from './recognise.ts';

const WORDS: Readonly<Record<Recognised['kind'], string>> = {
  value: 'one value',
  values: 'a list of values',
  change: 'a change, old to new',
  trace: 'a trace',
  log: 'a kernel log',
  text: 'a text with values in it',
  machine: 'a description of a machine',
  nothing: 'nothing that is an entry, a trace, a kernel log or a machine',
};

const number = (count: number): string => count.toLocaleString('en');

/** What was recognised, in one line. */
export function recognisedText({ kind, entries, facts, left }: Recognised, length: number): string {
  const parts = [WORDS[kind]];
  if (kind === 'trace' || kind === 'log' || kind === 'values' || kind === 'text') {
    parts.push(`${number(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}`);
  }
  for (const fact of [facts.kernel, facts.vendor, facts.mode, facts.maxphyaddr]) {
    if (fact !== undefined) parts.push(`${fact.value} (${fact.from})`);
  }
  if (left > 0) parts.push(`the last ${number(left)} characters were not looked at`);
  if (length > MAX_PASTE) parts.push('too long for a link: kept in this tab only');
  return `Recognised: ${parts.join(' · ')}`;
}
