// SPDX-License-Identifier: GPL-2.0-only

import type { TraceEntry } from '../events/record.ts';
import { traceReader } from './reader.ts';

/**
 * Reads a trace from a stream, line by line, in bounded memory. Every line comes back, in order; those that show SPTEs,
 * exits or faults with a record.
 *
 * @param chunks pieces of the input, cut anywhere
 *
 * @example
 * ```ts
 * import { readTrace } from '@spte/trace';
 *
 * const file = new Blob(['kvm_entry: vcpu 0\n', 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080\n']);
 * const sptes: unknown[] = [];
 * for await (const { record } of readTrace(file.stream())) sptes.push(...(record?.sptes ?? []));
 * sptes; // [ { role: 'spte', value: 127401575n, level: 1 } ]
 * ```
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

/**
 * As {@link readTrace}, for pieces that are there already.
 *
 * @example
 * ```ts
 * import { readTraceSync } from '@spte/trace';
 *
 * const text = 'kvm_entry: vcpu 0\nkvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080\n';
 * const entries = [...readTraceSync([text])];
 * entries.map(({ line, record }) => record?.sptes[0]?.role ?? line); // [ 1, 'spte' ]
 * // Every line comes back as it was.
 * entries.map(({ text }) => text).join('\n') === text.trimEnd(); // true
 * ```
 */
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
