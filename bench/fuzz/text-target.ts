// SPDX-License-Identifier: GPL-2.0-only
// Text of traces and logs: real lines, broken, spliced, wrapped and quoted.
import { readFileSync } from 'node:fs';
import type { Random } from '@spte/testing/random';
import { mmuOfRun, traces } from '@spte/testing/runs';
import {
  createAnnotator,
  readTraceSync,
  type TraceEntry,
  traceReader,
} from '../../packages/trace/src/index.ts';
import { ensure, type Outcome, type Target } from './target.ts';

const snippets = JSON.parse(
  readFileSync(new URL('../../packages/trace/test/fixtures/snippets.json', import.meta.url), 'utf8'),
) as unknown;

/** Every string in a document. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

const LINES: readonly string[] = [
  ...traces.flatMap(([, , text]) => text.split('\n')),
  ...strings(snippets).flatMap((text) => text.split('\n')),
].filter((line) => line !== '' && line.length < 400);

const MARKS = [':', '[', ']', '(', ')', '>', '> ', ' ', '\t', '0x', '=', '-', '|', '\0', '\r', '\n', '\n> '];
const WORDS = [
  'gfn',
  'spte',
  'level',
  'kvm_mmu_set_spte:',
  'kvm_mmio_spte: (',
  '------ spte ',
  'rsvd bits = 0x',
];
const LONG = [
  'f'.repeat(20),
  '9'.repeat(20),
  'a'.repeat(70),
  '18446744073709551616',
  'CPU:0 [LOST 12 EVENTS]',
];
const PIECES: readonly string[] = [...MARKS, ...WORDS, ...LONG, '-1', '[   12.3]', '\u00e9', '\ufeff'];

const otherLine = (random: Random, line: string): string => {
  const cut = random.below(line.length + 1);
  const rest = random.oneIn(4) ? random.pick(LINES) : line;
  const from = random.oneIn(3) ? random.below(rest.length + 1) : Math.min(rest.length, cut + random.below(3));
  return line.slice(0, cut) + (random.oneIn(3) ? '' : random.pick(PIECES)) + rest.slice(from);
};

/** A line with up to three things wrong; one in four has none. */
const brokenLine = (random: Random): string => {
  let line = random.pick(LINES);
  for (let changes = random.below(4); changes > 0; changes--) line = otherLine(random, line);
  return line;
};

const LINES_AT_ONCE = 50;
/** One text in this number is bytes that are not UTF-8; is annotated; is cut into pieces. */
const [BYTES, ANNOTATED, PIECEWISE] = [8, 16, 8];

const annotator = createAnnotator(mmuOfRun('vmx73-ept-ad'));

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const textOf = (entries: readonly TraceEntry[]): string =>
  entries.map(({ text, newline }) => (newline ? `${text}\n` : text)).join('');

/** What a reader of pieces gives, with its counts checked. */
function readPieces(pieces: readonly Uint8Array[]): TraceEntry[] {
  const entries: TraceEntry[] = [];
  const reader = traceReader((entry) => entries.push(entry));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  const { lines, recognised, continued, passed, damaged } = reader.counts;
  ensure(recognised + continued + passed === entries.length, 'every line is counted once');
  ensure(
    entries.every(({ line }) => line <= lines),
    'the last line is counted',
  );
  ensure(damaged <= passed, 'what is damaged is passed on');
  return entries;
}

const inPieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

/** Reads text, whole and in pieces. No error may come out of it, and no line may be lost or changed. */
export const textTarget: Target = {
  name: 'text',
  unit: 'lines',
  input(random) {
    const text = Array.from({ length: LINES_AT_ONCE }, () => brokenLine(random)).join(
      random.oneIn(10) ? '\r\n' : '\n',
    );
    const bytes = encoder.encode(text);
    if (random.oneIn(BYTES))
      for (let i = random.below(20); i > 0; i--) bytes[random.below(bytes.length)] = 128 + random.below(128);
    return bytes;
  },
  feed(input): Outcome {
    const text = decoder.decode(input);
    const entries = readPieces([input]);
    ensure(textOf(entries) === text, 'every line comes back as it was');
    // Choices that the input itself makes, so that it fails again when it is fed again.
    const choice = input.length;
    if (choice % PIECEWISE === 0) {
      const pieces = readPieces(inPieces(input, 1 + (choice % 37)));
      ensure(show(pieces) === show(entries), 'the same in pieces');
      ensure(show([...readTraceSync([text])]) === show(entries), 'the same from a string');
    }
    if (choice % ANNOTATED === 0) {
      for (const { record } of entries) if (record !== null) JSON.stringify(annotator(record));
    }
    return { ending: 'read', count: entries.length };
  },
};

const show = (entries: readonly TraceEntry[]): string =>
  JSON.stringify(entries, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
