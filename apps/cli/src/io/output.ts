// SPDX-License-Identifier: GPL-2.0-only
import { isAscii } from 'node:buffer';
import { toJson } from '@spte/core';
import type { Io } from './io.ts';
import { type ColourChoice, type Paint, painter, wantsColour } from './paint.ts';
import { visible, visibleWithColours } from './visible.ts';

/** How the answer is wanted. */
export interface FormatOptions {
  readonly json?: boolean | undefined;
  readonly ndjson?: boolean | undefined;
  readonly check?: boolean | undefined;
  readonly color?: ColourChoice | undefined;
}

/** Text that is gathered before it is written. */
const CHUNK = 1 << 16;

/** The one ASCII character beyond those that JSON escapes which a terminal acts upon. */
const DELETE = 0x7f;

/** Bytes that are written at once, at most. */
const MOST = 1 << 18;

/**
 * Writes lines to the standard output, many at a time and one write after the other. Text is made fit for a terminal. An
 * error of writing comes out of each {@link flush} after it.
 */
export class Output {
  readonly #io: Io;
  #paint: Paint;
  /** What comes before the pending text. */
  #bytes: Uint8Array[] = [];
  #pending: string[] = [];
  #length = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(io: Io) {
    this.#io = io;
    this.#paint = painter(wantsColour('auto', io));
  }

  /** Gives text a colour, where colours are wanted. */
  readonly paint: Paint = (style, text) => this.#paint(style, text);

  /** Takes what the command line says of colours. */
  colours(choice: ColourChoice): void {
    this.#paint = painter(wantsColour(choice, this.#io));
  }

  /** Adds a line. What it returns need be awaited only where there are many. */
  line(text: string): Promise<void> | undefined {
    return this.text(`${text}\n`);
  }

  /** Adds text as it is. */
  text(text: string): Promise<void> | undefined {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length < CHUNK) return undefined;
    const flushed = this.flush();
    // Who does not await it hears of an error at the end.
    flushed.catch(() => undefined);
    return flushed;
  }

  /** Adds lines of JSON in UTF-8, of which it keeps a copy. */
  utf8(bytes: Uint8Array): void {
    const plain = isAscii(bytes) && !bytes.includes(DELETE);
    this.#bytes.push(
      this.#takeText(),
      plain ? bytes.slice() : Buffer.from(visible(Buffer.from(bytes).toString())),
    );
  }

  /** Adds a record as one line of JSON. */
  record(value: unknown): Promise<void> | undefined {
    return this.line(JSON.stringify(toJson(value)));
  }

  /** Adds one document of JSON. */
  document(value: unknown): void {
    void this.line(JSON.stringify(toJson(value), null, 2));
  }

  /** Writes what was added so far, and resolves when more may be added. */
  flush(): Promise<void> {
    const pieces = [...this.#bytes, this.#takeText()];
    this.#bytes = [];
    this.#written = this.#written.then(() => this.#write(pieces));
    return this.#written;
  }

  /** The pending text, fit for a terminal. */
  #takeText(): Uint8Array {
    const text = Buffer.from(visibleWithColours(this.#pending.join('')));
    this.#pending = [];
    this.#length = 0;
    return text;
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += MOST) await this.#io.write(piece.subarray(at, at + MOST));
    }
  }
}

/** Every document that the command prints: `schemas/` says what each looks like. */
export const DOCUMENTS = [
  'annotate',
  'change',
  'check',
  'codes',
  'compare',
  'decode',
  'errata',
  'host',
  'make',
  'presets',
  'story',
  'translation',
  'vectors',
  'vms',
  'walk',
  'walk-diff',
  'walk-summary',
  'which',
] as const;

/**
 * The beginning of every document: what it is, and what it was read as.
 *
 * @param context null for what is of no context, or of several
 */
export function documentHead(name: (typeof DOCUMENTS)[number], context: object | null): object {
  return { schema: `spte/${name}/1`, context };
}

/** A document with a list that may be longer than memory, written item by item, and what stands after it. */
export async function writeList(
  out: Output,
  head: object,
  key: string,
  items: Iterable<unknown> | AsyncIterable<unknown>,
  tail: () => object,
): Promise<void> {
  void out.text(`${JSON.stringify(toJson(head)).slice(0, -1)},${JSON.stringify(key)}:[`);
  let separator = '\n';
  for await (const item of items) {
    await out.text(`${separator}${JSON.stringify(toJson(item))}`);
    separator = ',\n';
  }
  await out.line(`\n],${JSON.stringify(toJson(tail())).slice(1)}`);
}
