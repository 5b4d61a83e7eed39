// SPDX-License-Identifier: GPL-2.0-only
/**
 * The MMIO policy: SPTEs that remember "nothing is mapped here, emulate".
 *
 * @module
 */
export { MMIO_DIAGNOSTIC_MEANINGS, MMIO_DIAGNOSTICS } from './diagnostics.ts';
export { GEN_UPDATE_IN_PROGRESS, generationMmioSpteMask, getMmioSpteGeneration } from './generation.ts';
export {
  type HandledMmioFault,
  handleMmioPageFault,
  type MmioCache,
  type MmioFault,
  type SpteWalk,
  traceHandleMmioPageFault,
} from './mmio-fault.ts';
export { type MmioMask, setMmioSpteMask, setReservedBitMmioMask } from './mmio-mask.ts';
export { isMmioPfn } from './mmio-pfn.ts';
export {
  checkMmioSpte,
  getMmioSpteAccess,
  getMmioSpteGfn,
  makeMmioSpte,
  markedMmioSpte,
  type SyncedMmioSpte,
  syncMmioSpte,
  traceMarkMmioSpte,
} from './mmio-spte.ts';
export { type MmioOptions, mmio, snapshotMmioCaching } from './policy.ts';
export { readMmioSpte } from './read.ts';
export { mmioVariants } from './variants.ts';
