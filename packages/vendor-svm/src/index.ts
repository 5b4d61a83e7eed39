// SPDX-License-Identifier: GPL-2.0-only
/**
 * The vendor plugin for AMD: NPT, or shadow paging without it.
 *
 * @module
 */
export { svmExits } from './exits.ts';
export {
  MEMORY_ENCRYPTION_LEAF,
  type MemoryEncryptionFacts,
  SYSCFG_MEM_ENCRYPT,
  svmAdjustMmioMask,
} from './mmio-mask.ts';
export { explainNestedPageFault, type NestedPageFault } from './nested-page-fault.ts';
export { type SvmOptions, svm } from './svm.ts';
