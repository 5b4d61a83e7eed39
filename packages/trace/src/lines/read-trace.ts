// SPDX-License-Identifier: GPL-2.0-only

import type { TraceEntry } from '../events/record.ts';
import { traceReader } from './reader.ts';

/**
 * Reads a trace from a stream, line by line, in bounded memory. Every line comes back, in order; those that show SPTEs
 * with a record.
 *
 * @param chunks pieces of the input, cut anywhere
 */
export async function* readTrace(
  chunks: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<TraceEntry, void> {
  const lines: TraceEntry[] = [];
  const reader = traceReader((entry) => lines.push(entry));
  for await (const chunk of chunks) {
    reader.push(chunk);
    yield* lines.splice(0);
  }
  reader.end();
  yield* lines;
}

/** As {@link readTrace}, for pieces that are there already. */
export function* readTraceSync(chunks: Iterable<Uint8Array | string>): Generator<TraceEntry, void> {
  const lines: TraceEntry[] = [];
  const reader = traceReader((entry) => lines.push(entry));
  for (const chunk of chunks) {
    reader.push(chunk);
    yield* lines.splice(0);
  }
  reader.end();
  yield* lines;
}
