// SPDX-License-Identifier: GPL-2.0-only
import { parseHex } from '@spte/core';
import {
  EntryPatterns,
  type HostConfig,
  type HostTexts,
  hostReport,
  isQuotedPrintable,
  machineReader,
  type ReadFacts,
  undoQuotedPrintable,
} from '@spte/host';
import { isRefused, lineClaims, machineHints, type TraceRecord, traceReader } from '@spte/trace';

/** An entry in what was pasted. */
export interface PastedEntry {
  readonly value: bigint;
  /** 1..5; null where it is not said. */
  readonly level: number | null;
  /** What it was changed to, where that is said. */
  readonly becomes: bigint | null;
  /** The line on which it stands, from 1. */
  readonly line: number;
}

/** What was pasted, as far as it was understood. */
export interface Recognised {
  readonly kind: 'value' | 'values' | 'change' | 'trace' | 'log' | 'text' | 'machine' | 'nothing';
  readonly entries: readonly PastedEntry[];
  /** What it says of its kernel and machine. */
  readonly facts: ReadFacts;
  /** The entries as evidence of their context. */
  readonly patterns: EntryPatterns;
  /** The machine, when it is one that was pasted. */
  readonly config: HostConfig | null;
  /** Characters that were not looked at. */
  readonly left: number;
}

/** Characters that are looked at. */
const ENOUGH = 2_000_000;

/** One entry in hex, with its level behind `@` if need be. */
const VALUE = /^(?:0x)?[\da-f]{1,16}(?:@[1-5])?$/i;

/** One value becomes another. */
const ARROW = /\s*(?:->|=>|→)\s*/;

/** Hex in a sentence that is long enough for an entry. */
const WORD = /(?<![\w+.-])0x[\da-f]{5,16}(?![\w:])/gi;

/** Which of the files of a machine a text is, by a line that only it has. */
const PIECES: readonly (readonly [keyof HostTexts & ('cpuinfo' | 'params' | 'uname' | 'cpuid'), RegExp])[] = [
  ['cpuinfo', /^(?:vendor_id|address sizes|cpu family)\s*:/m],
  ['params', /^\/?(?:sys|module)\/\S+ = /m],
  ['cpuid', /^\s*0x[\da-f]{8} 0x[\da-f]{2}: eax=0x/im],
  ['uname', /^Linux (?:version )?\S+ /m],
];

const nothing = (left: number): Recognised => ({
  kind: 'nothing',
  entries: [],
  facts: {},
  patterns: new EntryPatterns(),
  config: null,
  left,
});

/** Says what a text is, and takes the entries out of it: of a long one, its beginning. */
export function recognise(pasted: string): Recognised {
  const begin = pasted.slice(0, ENOUGH);
  const left = pasted.length - begin.length;
  const text = isQuotedPrintable(begin) ? undoQuotedPrintable(begin) : begin;
  return (
    valuesIn(text, left) ??
    linesIn(text, left) ??
    machineIn(text, left) ??
    wordsIn(text, left) ??
    nothing(left)
  );
}

function entryOf(word: string, line: number): PastedEntry {
  const [value = '', level] = word.split('@', 2);
  return {
    value: parseHex(value) ?? 0n,
    level: level === undefined ? null : Number(level),
    becomes: null,
    line,
  };
}

/** Evidence of a context: what the values themselves say. */
function patternsOf(entries: readonly PastedEntry[]): EntryPatterns {
  const patterns = new EntryPatterns();
  for (const entry of entries) patterns.add(entry);
  return patterns;
}

/** Nothing but values: one, several, or an old and a new one with an arrow between them. */
function valuesIn(text: string, left: number): Recognised | null {
  const entries: PastedEntry[] = [];
  let isChange = false;
  for (const [number, line] of text.split('\n').entries()) {
    const arrows = line.trim().split(ARROW);
    const words = arrows.flatMap((part) => part.split(/[\s,;]+/)).filter((word) => word !== '');
    if (!words.every((word) => VALUE.test(word))) return null;
    isChange ||= arrows.length > 1;
    entries.push(...words.map((word) => entryOf(word, number + 1)));
  }
  const [first, second] = entries;
  if (first === undefined) return null;
  const found = { ...nothing(left), patterns: patternsOf(entries) };
  if (isChange && second !== undefined && entries.length === 2) {
    const level = first.level ?? second.level;
    return { ...found, kind: 'change', entries: [{ ...first, level, becomes: second.value }] };
  }
  return { ...found, kind: entries.length === 1 ? 'value' : 'values', entries };
}

/** The entries of a line of a trace or a log: an old and a new one are a change. */
function entriesOf({ sptes, line }: TraceRecord): PastedEntry[] {
  const own = sptes.filter(({ role }) => role !== 'guest' && role !== 'new');
  const after = sptes.find(({ role }) => role === 'new')?.value ?? null;
  const [last] = sptes.slice(-1);
  if (own.length === 0 && last?.role === 'new') {
    return [{ value: last.value, level: last.level, becomes: null, line }];
  }
  return own.map(({ role, value, level }) => ({
    value,
    level,
    becomes: role === 'old' ? after : null,
    line,
  }));
}

/** A trace or a kernel log. */
function linesIn(text: string, left: number): Recognised | null {
  const machine = machineReader();
  const patterns = new EntryPatterns();
  const claimOf = lineClaims();
  const entries: PastedEntry[] = [];
  const forms: TraceRecord['form'][] = [];
  const reader = traceReader(({ line, text, record }) => {
    machine.line(text, line);
    if (record === null) return;
    if (forms.length === 0) forms.push(record.form);
    entries.push(...entriesOf(record));
    for (const { role, value, level } of record.sptes) {
      if (role !== 'guest' && !isRefused(record)) patterns.add({ value, level });
    }
    const claim = claimOf(record);
    if (claim !== null) patterns.addClaim(claim);
    const { vendor, mode } = machineHints(record);
    if (vendor !== null || mode !== null) machine.hint({ vendor, mode }, `line ${line}: ${record.event}`);
  });
  reader.push(text);
  reader.end();
  const [form] = forms;
  if (form === undefined) return null;
  const kind = form === 'log' ? 'log' : 'trace';
  return { kind, entries, facts: machine.facts(), patterns, config: null, left };
}

/** What a machine says of itself. */
function machineIn(text: string, left: number): Recognised | null {
  const found = PIECES.filter(([, line]) => line.test(text)).map(
    ([piece]) => [piece, { name: piece, text }] as const,
  );
  if (found.length === 0) return null;
  try {
    return { ...nothing(left), kind: 'machine', config: hostReport(Object.fromEntries(found)).config };
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}

/** A mail or any other text with values in it. */
function wordsIn(text: string, left: number): Recognised | null {
  const machine = machineReader();
  const entries: PastedEntry[] = [];
  for (const [number, line] of text.split('\n').entries()) {
    machine.line(line, number + 1);
    for (const [word] of line.slice(0, 1024).matchAll(WORD)) entries.push(entryOf(word, number + 1));
  }
  if (entries.length === 0) return null;
  return { ...nothing(left), kind: 'text', entries, facts: machine.facts() };
}
