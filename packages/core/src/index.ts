// SPDX-License-Identifier: GPL-2.0-only
/**
 * KVM's shadow page table entries: bit layouts, the mask registry, the rules of `spte.c`, and the contract for
 * plugins.
 *
 * @module
 */
export { markSpteForAccessTrack, restoreAccTrackSpte } from './access-track.ts';
export { checkInteger, checkLevel, checkOneOf, checkU32, checkU64 } from './arguments.ts';
export { type Because, because } from './because.ts';
export {
  type BitField,
  type FieldDetails,
  type FieldOwner,
  type Fields,
  field,
  fieldValue,
  hasField,
  overlappingFields,
} from './bit-field.ts';
export {
  bit,
  bitNumbers,
  bits,
  gfnRoundForLevel,
  hex,
  PAGE_SHIFT,
  pagesPerHpage,
  spteIndex,
  spteIndexAt,
  u64,
} from './bits.ts';
export type { ChangeEvent } from './change-events.ts';
export { changedPteNotifierMakeSpte } from './changed-pte.ts';
export {
  type BuiltDifference,
  type Comparison,
  compareBuilds,
  compareMmus,
  type LayoutDifference,
  type MaskDifference,
} from './compare-mmus.ts';
export type {
  CpuReading,
  EntryFault,
  Exposure,
  Mmu,
  Outcome,
  Params,
  Policy,
  PolicyField,
  PolicyReading,
  Setup,
  SetupStep,
  Vendor,
} from './contract.ts';
export {
  createMmu,
  defineSetup,
  type Kvm,
  type KvmConfig,
  loadKvm,
  loadVendor,
  type MmuConfig,
  type VmConfig,
} from './create-mmu.ts';
export { type DecodedField, fieldText } from './decode-fields.ts';
export {
  type AdType,
  type DecodedAccess,
  type DecodedMapping,
  type DecodedSpte,
  decodeSpte,
} from './decode-spte.ts';
export {
  type Diagnostic,
  type DiagnosticKind,
  type DiagnosticRule,
  type DiagnosticTable,
  KvmBug,
  SPTE_DIAGNOSTICS,
} from './diagnostics.ts';
export {
  type EntryFormat,
  EPT,
  type EptField,
  eptFormat,
  legacyFormat,
  PT,
  type PtField,
} from './entry-format.ts';
export type { Evidence } from './evidence.ts';
export {
  type ChangedField,
  type ExplainedChange,
  explainChange,
} from './explain-change.ts';
export { type Explanation, explainSpte } from './explain-spte.ts';
export type { Finding, FindingCode, Severity } from './finding.ts';
export type { Guess } from './guess-unknown.ts';
export { defineHost, getShadowPhysBits, type Host, type HostFacts, plainHost } from './host.ts';
export {
  changeSpteExecutable,
  makeHugePageSplitSpte,
  makeHugeSpte,
  makeSpteExecutable,
  modifySpteProtections,
} from './huge-page-split.ts';
export { type JsonSafe, toJson } from './json.ts';
export { type JudgeOptions, judgeSpte } from './judge-spte.ts';
export {
  byKernel,
  compareKernelVersions,
  formatKernelVersion,
  type KernelVersion,
  parseKernelVersion,
  REFERENCE,
  type Since,
} from './kernel-version.ts';
export {
  AD_DISABLED,
  AD_ENABLED,
  AD_WRPROT_ONLY,
  type GenerationBits,
  isKernelCovered,
  type Layout,
  layoutFor,
  layouts,
  type PerFormat,
  type SavedBits,
} from './layout.ts';
export { readLegacyEntry } from './legacy-walk.ts';
export { makeNonleafSpte } from './make-nonleaf-spte.ts';
export { type MadeSpte, type MakeSpteRequest, makeSpte } from './make-spte.ts';
export { assignMasks, initialRegistry, type Masks, type Registry, type SetBy } from './masks.ts';
export {
  type BitWriter,
  bug,
  type Observable,
  type Observed,
  type Observer,
  observe,
  printk,
  type Reason,
  type TraceLine,
  trace,
  warn,
  writer,
} from './observe.ts';
export {
  type PermissionBitmap,
  type PermissionInputs,
  permissionBitmap,
  updatePermissionBitmask,
} from './permissions.ts';
export { CONTRACT_VERSION, checkPlugin, definePolicy, defineVendor } from './plugin.ts';
export {
  checkSpteWritableInvariants,
  type FaultAccess,
  isAccessAllowed,
  isAccessedSpte,
  isAccessTrackSpte,
  isDirtySpte,
  isEptVePossible,
  isExecutablePte,
  isLargePte,
  isLastSpte,
  isMmioSpte,
  isMmuWritableSpte,
  isNxHugePageEnabled,
  isRemovedSpte,
  isShadowPresentPte,
  isWritablePte,
  kvmAdEnabled,
  kvmMmuMaxGfn,
  pageAdNeedWriteProtect,
  spAdDisabled,
  spteAdEnabled,
  spteAdNeedWriteProtect,
  spteHasPermissionFault,
  spteHasVolatileBits,
  spteShadowAccessedMask,
  spteShadowDirtyMask,
  spteToPfn,
} from './predicates.ts';
export {
  type AcrossContexts,
  type Candidate,
  explainAcross,
  type Fit,
  type Reading,
  rankContexts,
  type Sample,
} from './rank-contexts.ts';
export { formatWord, renderChange, renderExplanation, renderOutcome } from './render.ts';
export {
  configureMmu,
  hostMaxPhyAddr,
  initVm,
  resetAllPteMasks,
  setMeSpteMask,
  setMmioSpteValue,
  spteModuleInit,
} from './reset-masks.ts';
export {
  ACC_ALL,
  ACC_EXEC,
  ACC_USER,
  ACC_WRITE,
  type AccessBits,
  accessBits,
  allAccess,
  decodeRole,
  encodeRole,
  type PageRole,
  pageRole,
  roleAsId,
} from './role.ts';
export { MMU_KINDS, type MmuKind, type RootConfig } from './root.ts';
export {
  isSpecialRootEntry,
  PAE_ROOT_ENTRIES,
  PAE_ROOT_LEVEL,
  type RootEntry,
  readPaeRootEntry,
  rootEntryBits,
} from './root-entry.ts';
export {
  type EptRsvdInputs,
  getRsvdBits,
  isBadMtXwr,
  isRsvdSpte,
  type LegacyRsvdInputs,
  NO_RSVD_BITS,
  type RsvdBitsValidate,
  resetRsvdsBitsMask,
  resetRsvdsBitsMaskEpt,
  rsvdBits,
} from './rsvd-bits.ts';
export { isPresentKind, type SpteKind, spteKind } from './spte-kind.ts';
export {
  leafSpteChangeNeedsTlbFlush,
  mmuSpteAge,
  mmuSpteUpdate,
  type SpteAge,
  type SpteUpdate,
} from './spte-update.ts';
export {
  formatAccess,
  formatErrorCode,
  formatPointer,
  formatSptePermissions,
  type TracedPage,
  traceFastPageFault,
  traceGetPage,
  traceGuestWalk,
  tracePrepareZapPage,
  traceSetSpte,
  traceSplitHugePage,
  traceSpteRequested,
  traceTdpMmuSpteChanged,
} from './tracepoints.ts';
export { defineVariant, type Variant, type VariantRow } from './variant.ts';
export { coreVariants, type LogPrefixes, logPrefixes, type RetPf, retPf } from './variants.ts';
export { buildShadowZeroCheck } from './zero-check.ts';
