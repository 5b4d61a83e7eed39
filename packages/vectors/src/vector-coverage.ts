// SPDX-License-Identifier: GPL-2.0-only
import { parseVector } from './vector.ts';

/** How many vectors there are of a function, on a vendor's CPUs under a kernel. */
export interface CoverageRow {
  /** The release; null for the reference, v6.6.0 to v6.9. */
  readonly kernel: string | null;
  /** `vmx` or `svm`. */
  readonly vendor: string;
  /** The function, by the kernel's name. */
  readonly fn: string;
  readonly vectors: number;
}

/**
 * Counts vectors by kernel, vendor and function; blank lines are passed over.
 *
 * @param lines text of a vector file
 * @throws SyntaxError, TypeError for a line that is no vector
 */
export async function vectorCoverage(
  lines: Iterable<string> | AsyncIterable<string>,
): Promise<CoverageRow[]> {
  const rows = new Map<string, CoverageRow>();
  for await (const text of lines) {
    if (text.trim() === '') continue;
    const { kernel = null, fn, config } = parseVector(text);
    const vendor = config.text('vendor');
    const key = JSON.stringify([kernel, vendor, fn]);
    const { vectors = 0 } = rows.get(key) ?? {};
    rows.set(key, { kernel, vendor, fn, vectors: vectors + 1 });
  }
  return [...rows.values()];
}
