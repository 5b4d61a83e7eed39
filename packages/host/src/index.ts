// SPDX-License-Identifier: GPL-2.0-only
/**
 * A machine's own texts (`/proc/cpuinfo`, module parameters, `uname`) as the configuration that KVM runs on there.
 *
 * @module
 */
export { CACHE_BITS, CACHE_BITS_FAMILY, CACHE_BITS_MODELS, type CacheBitsModel } from './cache-bits.ts';
export { type HostConfig, mmuConfigOf, type VendorChoice } from './config.ts';
export type { ContextFact, ContextMode, Origin } from './context/context-fact.ts';
export {
  type ContextQuestion,
  type FoundContext,
  findContext,
  modeOf,
  type PossibleContext,
} from './context/find-context.ts';
export { configWith, type MachineFacts } from './context/machine-facts.ts';
export {
  type MachineHint,
  type MachineReader,
  machineReader,
  type ReadFact,
  type ReadFacts,
} from './context/read-machine.ts';
export {
  type Claim,
  type CountedClaim,
  EntryPatterns,
  type PatternOfEntries,
  type Score,
} from './context/score.ts';
export { HOST_PIECES, type HostPiece, type HostTexts, MAX_BUNDLE, parseHostTexts } from './host-texts.ts';
export { parseIomem, type RamRange } from './iomem.ts';
export { checkMasks, MASK_SYMBOL_NAMES, type MaskCheck, masksOfSymbols } from './mask-symbols.ts';
export { C_BITS, type CBitRow } from './memory-encryption.ts';
export { mmuOf } from './mmu-of.ts';
export { isQuotedPrintable, undoQuotedPrintable } from './plain-text.ts';
export { PRESETS, type Preset, plainConfig, presetOf } from './presets.ts';
export {
  type HostFact,
  type HostReport,
  hostReport,
  type PagingMode,
} from './report.ts';
export type { Source, TextFile } from './source.ts';
export type { VendorName } from './vendor-facts.ts';
