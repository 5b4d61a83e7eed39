// SPDX-License-Identifier: GPL-2.0-only
/**
 * Vectors taken from the kernel's own C, and what recomputes them through the public API of the packages.
 *
 * @module
 */

export { type Mismatch, type Report, runVectors, type Tally } from './run.ts';
export { type CoverageRow, vectorCoverage } from './vector-coverage.ts';
export { VECTOR_SETS, type VectorSet } from './vector-sets.ts';
