// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reads trace.dat, the binary file of trace-cmd.
 *
 * @module
 */
export type { CpuData, DatFile, Decompress } from './dat-file.ts';
export { type DatCounts, type DatOptions, type DatTrace, openDat } from './read-dat.ts';
export type { DatSource } from './source.ts';
