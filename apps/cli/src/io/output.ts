// SPDX-License-Identifier: GPL-2.0-only
import { toJson } from '@spte/core';
import type { Io } from './io.ts';
import { type Paint, painter } from './paint.ts';

/** How the answer is wanted. */
export interface FormatOptions {
  readonly json?: boolean | undefined;
  readonly ndjson?: boolean | undefined;
  readonly check?: boolean | undefined;
}

/** Text that is gathered before it is written. */
const CHUNK = 1 << 16;

/** Writes lines to the standard output, many at a time. */
export class Output {
  readonly paint: Paint;
  readonly #io: Io;
  /** What comes before the pending text. */
  #bytes: Uint8Array[] = [];
  #pending = '';

  constructor(io: Io) {
    this.#io = io;
    this.paint = painter(io);
  }

  /** Adds a line. What it returns need be awaited only where there are many. */
  line(text: string): Promise<void> | undefined {
    return this.text(`${text}\n`);
  }

  /** Adds text as it is. */
  text(text: string): Promise<void> | undefined {
    this.#pending += text;
    return this.#pending.length < CHUNK ? undefined : this.flush();
  }

  /** Adds text in UTF-8, of which it keeps a copy. */
  utf8(bytes: Uint8Array): void {
    this.#bytes.push(Buffer.from(this.#pending), bytes.slice());
    this.#pending = '';
  }

  /** Adds a record as one line of JSON. */
  record(value: unknown): Promise<void> | undefined {
    return this.line(JSON.stringify(toJson(value)));
  }

  /** Adds one document of JSON. */
  document(value: unknown): void {
    void this.line(JSON.stringify(toJson(value), null, 2));
  }

  async flush(): Promise<void> {
    const bytes = this.#bytes;
    const text = this.#pending;
    this.#bytes = [];
    this.#pending = '';
    for (const piece of bytes) if (piece.length > 0) await this.#io.write(piece);
    if (text !== '') await this.#io.write(text);
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
