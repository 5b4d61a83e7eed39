// SPDX-License-Identifier: GPL-2.0-only
/**
 * The vendor plugin for AMD: NPT, or shadow paging without it.
 *
 * @module
 */
export { type MemoryEncryptionFacts, svmAdjustMmioMask } from './mmio-mask.ts';
export { type SvmOptions, svm } from './svm.ts';
