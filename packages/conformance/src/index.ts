// SPDX-License-Identifier: GPL-2.0-only
/**
 * Recomputes vectors taken from the kernel's own C through the public API of the packages.
 *
 * @module
 */
export { kernelTable } from './kernel-table.ts';
export { type Mismatch, type Report, runVectors, type Tally } from './run.ts';
