// SPDX-License-Identifier: GPL-2.0-only
/**
 * The files of vectors, for Node.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { VECTOR_SETS } from './vector-sets.ts';

/**
 * Where the file of a set is: lines of JSON, compressed with gzip.
 *
 * @param name of `VECTOR_SETS`
 * @throws RangeError naming the sets, for another name
 */
export function vectorFile(name: string): string {
  if (!VECTOR_SETS.some((set) => set.name === name))
    throw new RangeError(`there is no set ${name}: ${VECTOR_SETS.map((set) => set.name).join(', ')}`);
  return fileURLToPath(new URL(`../data/${name}.jsonl.gz`, import.meta.url));
}

/**
 * The lines of a set, for `runVectors()` and `vectorCoverage()`.
 *
 * @param name of `VECTOR_SETS`
 * @throws RangeError naming the sets, for another name
 *
 * @example
 * ```ts
 * import { runVectors } from '@spte/vectors';
 * import { vectorLines } from '@spte/vectors/node';
 *
 * const { passed, failed } = await runVectors(vectorLines('nasty'));
 * [passed, failed]; // [ 57, 0 ]
 * ```
 */
export function vectorLines(name: string): string[] {
  const text = gunzipSync(readFileSync(vectorFile(name))).toString('utf8');
  return text.split('\n').filter((line) => line !== '');
}
