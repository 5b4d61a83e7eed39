// SPDX-License-Identifier: GPL-2.0-only
/**
 * KVM's shadow page table entries: bit layouts, the mask registry, the rules of `spte.c`, and the contract for
 * plugins.
 *
 * @module
 */

export { checkInteger, checkLevel, checkOneOf, checkU32, checkU64 } from './bits/arguments.ts';
export {
  type BitField,
  type FieldDetails,
  type FieldOwner,
  type Fields,
  field,
  fieldValue,
  hasField,
  overlappingFields,
} from './bits/bit-field.ts';
export {
  ADDRESS,
  bit,
  bitNumbers,
  bits,
  gfnRoundForLevel,
  hex,
  LEVEL_BITS,
  LEVELS,
  PAGE_SHIFT,
  pagesPerHpage,
  runsOf,
  spteIndex,
  spteIndexAt,
  U64_MAX,
  u64,
} from './bits/bits.ts';
export { BoundedMap } from './bits/bounded-map.ts';
export { checked, type Kind, type Signatures } from './bits/checked.ts';
export type { Coded, NoParams } from './bits/coded.ts';
export { type JsonSafe, toJson } from './bits/json.ts';
export { parseDecimal, parseHex } from './bits/parse.ts';
export {
  type CodePart,
  codeParts,
  type FaultAccessKind,
  type FaultStage,
} from './cpu/code-word.ts';
export {
  type EntryFormat,
  EPT,
  type EptField,
  eptFormat,
  legacyFormat,
  PT,
  type PtField,
} from './cpu/entry-format.ts';
export { type EptPointer, explainEptp } from './cpu/ept-pointer.ts';
export { type EventWord, explainEventWord } from './cpu/event-word.ts';
export {
  type ExitReader,
  type ExitWord,
  type ExplainedExit,
  type GuestExit,
  type SaidEvent,
  type SaidWord,
  saidEvent,
  saidPageFault,
} from './cpu/guest-exit.ts';
export { explainPageFault, PAGE_FAULT_BITS, type PageFaultCode, pageFaultBits } from './cpu/page-fault.ts';
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
} from './cpu/rsvd-bits.ts';
export { coreBehaviours } from './explain/behaviours.ts';
export type { ChangeEvent, ChangeEventCode, ChangeEventParams } from './explain/change-events.ts';
export { type BuiltDifference, compareBuilds } from './explain/compare-builds.ts';
export {
  type CompareOptions,
  type Comparison,
  compareMmus,
  type LayoutDifference,
  type MaskDifference,
  type VariantDifference,
} from './explain/compare-mmus.ts';
export {
  type ChangedField,
  type ExplainedChange,
  explainChange,
} from './explain/explain-change.ts';
export { type Explanation, explainSpte } from './explain/explain-spte.ts';
export { countUnusual, type ReadEntry } from './explain/habits.ts';
export {
  acrossContexts,
  type JudgedAcross,
  judgeAcross,
  type PossibleFinding,
} from './explain/judge-across.ts';
export type { Objection, ObjectionCode, ObjectionParams } from './explain/objection.ts';
export {
  type AcrossContexts,
  type Candidate,
  explainAcross,
  type Fit,
  type Reading,
  rankContexts,
  type Sample,
} from './explain/rank-contexts.ts';
export { outlineSpte, type SpteOutline, type SpteSummary, summarizeSpte } from './explain/summarize-spte.ts';
export type { TriedBehaviour } from './explain/try-behaviour.ts';
export {
  type AddressDependence,
  type AddressTest,
  addressDependence,
  type Fallback,
  leastMmioSpte,
  type SignificantBits,
  significantBits,
} from './judge/address-dependence.ts';
export {
  type CoreFinding,
  FINDING_SEVERITIES,
  type Finding,
  type FindingCode,
  type FindingParams,
  type Found,
  type MissingBits,
  type PluginFinding,
} from './judge/finding.ts';
export { coversHit, type JudgeOptions, judgeSpte } from './judge/judge-spte.ts';
export { hitsPrintedMask, type PrintedMaskHit } from './judge/printed-mask.ts';
export {
  isSpecialRootEntry,
  PAE_ROOT_ENTRIES,
  PAE_ROOT_LEVEL,
  type RootEntry,
  readPaeRootEntry,
  rootEntryBits,
} from './judge/root-entry.ts';
export {
  type DistributionKernel,
  type DistributionRelease,
  distributionLayouts,
  type NamedKernels,
  namedKernels,
  type Releases,
  rhelReleases,
} from './kernel/distributions.ts';
export {
  formatKernel,
  type Kernel,
  type KernelEvidence,
  upstreamKernel,
} from './kernel/kernel.ts';
export {
  checkKernelHas,
  type FunctionSpan,
  type KernelFunction,
  kernelFunctions,
  kernelHas,
} from './kernel/kernel-functions.ts';
export { isInRange, type KernelRange } from './kernel/kernel-range.ts';
export {
  byKernel,
  compareKernelVersions,
  formatKernelVersion,
  hidesStableRelease,
  isBefore,
  type KernelVersion,
  NEWEST_STABLE,
  parseKernelVersion,
  REFERENCE,
  type RhelBuild,
  rhelBuild,
  type Since,
} from './kernel/kernel-version.ts';
export {
  AD_DISABLED,
  AD_ENABLED,
  AD_WRPROT_ONLY,
  type GenerationBits,
  LAYOUT_MEANINGS,
  type Layout,
  type LayoutConstant,
  layoutFor,
  layouts,
  type PerFormat,
  type SavedBits,
} from './kernel/layout.ts';
export { type KernelHints, readKernelRelease } from './kernel/read-kernel-release.ts';
export {
  isKernelCovered,
  type ReleaseRun,
  readReleases,
  releaseCaveat,
  seriesCaveat,
} from './kernel/read-releases.ts';
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
} from './kernel/role.ts';
export { type MmioCaching, meMaskIsHosts, mmioCaching } from './kernel/start-up-variants.ts';
export {
  defineVariant,
  differingVariants,
  rowSince,
  type Variant,
  type VariantRow,
} from './kernel/variant.ts';
export { coreVariants, type LogPrefixes, logPrefixes, type RetPf, retPf } from './kernel/variants.ts';
export { eferNxOfRole } from './kernel/zero-check-variants.ts';
export { type BitConflict, bitConflicts, conflictText, type Owner, rangeText } from './mmu/bit-conflicts.ts';
export {
  checkComposition,
  compositionProblems,
  maskProblems,
  type PluginProblem,
  type PluginRole,
  pluginRole,
  shapeProblems,
} from './mmu/composition.ts';
export type {
  ActiveExtension,
  Behaviour,
  BitTest,
  CpuReading,
  EntryFault,
  EntryInHand,
  EntryRole,
  Exposure,
  ExposureCode,
  ExposureParams,
  Extension,
  ExtensionDependence,
  JudgeDependence,
  LeafBitsDependence,
  LeafRequest,
  MmioPfnDependence,
  Mmu,
  MtMaskDependence,
  Outcome,
  Overlay,
  OwnAnswer,
  OwnFinding,
  Params,
  Plugin,
  PluginFindingRule,
  PluginKind,
  PluginOutcome,
  PluginText,
  Policy,
  PolicyField,
  PolicyReading,
  ReadDependence,
  Setup,
  SetupStep,
  SoftwareField,
  SoftwarePlace,
  TriedPage,
  Vendor,
  VmConfig,
} from './mmu/contract.ts';
export { CORE, type CoreCopy, checkCore } from './mmu/core-copy.ts';
export {
  createMmu,
  defineSetup,
  type Kvm,
  type KvmConfig,
  loadKvm,
  loadVendor,
  type MmuConfig,
  mmuWithMasks,
} from './mmu/create-mmu.ts';
export type { CoreKind, PluginName, Severity, SpteKind } from './mmu/entry-kind.ts';
export { extendVendor } from './mmu/extend-vendor.ts';
export { entryRole } from './mmu/extensions.ts';
export {
  ADDRESS_SIZES_LEAF,
  defineHost,
  getShadowPhysBits,
  type Host,
  type HostFacts,
  plainHost,
} from './mmu/host.ts';
export {
  assignMasks,
  initialRegistry,
  MASK_MEANINGS,
  type Masks,
  type Registry,
  type SetBy,
} from './mmu/masks.ts';
export {
  type PermissionBitmap,
  type PermissionInputs,
  permissionBitmap,
  updatePermissionBitmask,
} from './mmu/permissions.ts';
export {
  CONTRACT_VERSION,
  checkPlugin,
  defineOverlay,
  definePolicy,
  defineVendor,
  type Exactly,
  OLDEST_CONTRACT,
} from './mmu/plugin.ts';
export { PluginError, type PluginErrorCode } from './mmu/plugin-error.ts';
export {
  configureMmu,
  hostMaxPhyAddr,
  initVm,
  resetAllPteMasks,
  setMeSpteMask,
  setMmioSpteValue,
  spteModuleInit,
} from './mmu/reset-masks.ts';
export { MMU_KINDS, type MmuKind, type RootConfig } from './mmu/root.ts';
export { vendorFromData } from './mmu/vendor-from-data.ts';
export { buildShadowZeroCheck } from './mmu/zero-check.ts';
export {
  ACCESS_TRACK_DIAGNOSTICS,
  type Diagnostic,
  type DiagnosticKind,
  type DiagnosticRule,
  type DiagnosticTable,
  KvmBug,
  MAKE_DIAGNOSTICS,
  PREDICATE_DIAGNOSTICS,
  SET_DIAGNOSTICS,
  SPLIT_DIAGNOSTICS,
  SPTE_DIAGNOSTICS,
  type SpteDiagnostics,
  START_UP_DIAGNOSTICS,
} from './observe/diagnostics.ts';
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
} from './observe/observe.ts';
export { type Because, because } from './read/because.ts';
export {
  type AdType,
  type DecodedAccess,
  type DecodedMapping,
  type DecodedSpte,
  decodeSpte,
  type OwnKind,
  type ReadOnlyReason,
  readOnlyReason,
} from './read/decode-spte.ts';
export { type DecodedField, fieldText } from './read/decoded-field.ts';
export { spteKind } from './read/entry.ts';
export type { Evidence, EvidenceCode, EvidenceParams } from './read/evidence.ts';
export type { Guess, GuessCode, GuessParams } from './read/guess-unknown.ts';
export { readLegacyEntry } from './read/legacy-walk.ts';
export type { Failure, SaidByPlugin } from './read/plugin-answers.ts';
export { isPresentKind } from './read/spte-kind.ts';
export { pluginKinds } from './read/takers.ts';
export { markSpteForAccessTrack, restoreAccTrackSpte } from './rules/access-track.ts';
export { changedPteNotifierMakeSpte } from './rules/changed-pte.ts';
export { frameDependence } from './rules/frame-dependence.ts';
export {
  changeSpteExecutable,
  makeHugePageSplitSpte,
  makeHugeSpte,
  makeSpteExecutable,
  modifySpteProtections,
} from './rules/huge-page-split.ts';
export {
  checkSpteWritableInvariants,
  type FaultAccess,
  isAccessAllowed,
  isDirtySpte,
  isEptVePossible,
  isExecutablePte,
  isMmuWritableSpte,
  isRemovedSpte,
  kvmAdEnabled,
  kvmMmuMaxGfn,
  spteHasPermissionFault,
  spteShadowAccessedMask,
  spteShadowDirtyMask,
} from './rules/kernel-predicates.ts';
export { makeNonleafSpte } from './rules/make-nonleaf-spte.ts';
export { type MadeSpte, type MakeSpteRequest, makeSpte } from './rules/make-spte.ts';
export {
  isAccessedSpte,
  isAccessTrackSpte,
  isAdDisabled,
  isLargePte,
  isLastSpte,
  isLocklesslyWritable,
  isMmioCached,
  isMmioSpte,
  isNxHugePageEnabled,
  isShadowPresentPte,
  isSupervisorExecutable,
  isWritablePte,
  pageAdNeedWriteProtect,
  spAdDisabled,
  spteAdEnabled,
  spteAdNeedWriteProtect,
  spteHasVolatileBits,
  spteToPfn,
} from './rules/predicates.ts';
export {
  leafSpteChangeNeedsTlbFlush,
  mmuSpteAge,
  mmuSpteUpdate,
  type SpteAge,
  type SpteUpdate,
} from './rules/spte-update.ts';
export type { Answer } from './text/catalogue.ts';
export { caveatsOf } from './text/caveats.ts';
export { changeLines, renderChange } from './text/change-lines.ts';
export { changeEventText, changeText, objectionText } from './text/change-texts.ts';
export { constantText } from './text/comparison-texts.ts';
export { SPTE_DIAGNOSTIC_MEANINGS } from './text/diagnostic-texts.ts';
export {
  explanationLines,
  findingLines,
  type LineRole,
  renderExplanation,
  type TextLine,
} from './text/explanation-lines.ts';
export { exposureText } from './text/exposure-text.ts';
export { findingNext, findingText } from './text/finding-texts.ts';
export { describeKernel } from './text/kernel-text.ts';
export { outcomeText } from './text/outcome-text.ts';
export { evidenceText, guessText, readOnlyText } from './text/reading-texts.ts';
export {
  formatAccess,
  formatErrorCode,
  formatPointer,
  formatSptePermissions,
  sptePermissions,
  type TracedPage,
  traceFastPageFault,
  traceGetPage,
  traceGuestWalk,
  tracePrepareZapPage,
  traceSetSpte,
  traceSplitHugePage,
  traceSpteRequested,
  traceTdpMmuSpteChanged,
} from './text/tracepoints.ts';
export { verdict } from './text/verdict.ts';
export { accessText, bitsText, counted, formatWord, kindName, placeText, runsText } from './text/words.ts';
