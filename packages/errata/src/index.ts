// SPDX-License-Identifier: GPL-2.0-only
/**
 * Known bugs of KVM's MMU as data, and which of them an entry, a line of a trace or a splat shows.
 *
 * @module
 */
export { errata } from './errata.ts';
export { affectedText, erratumLines, erratumText, splatText } from './errata-texts.ts';
export type {
  Alternative,
  ChangeCondition,
  CheckCondition,
  CheckField,
  Condition,
  EntryTest,
  Erratum,
  ErratumKind,
  Excuse,
  FindingCondition,
  MachineFacts,
  SpteCondition,
  TextCondition,
  TraceCondition,
  TraceEvent,
} from './erratum.ts';
export type {
  Evidence,
  EvidenceChange,
  EvidenceCheck,
  EvidenceSpte,
  EvidenceTrace,
  Origin,
} from './evidence.ts';
export { affectedKernel, type KernelRange, kernelRange } from './kernel-range.ts';
export { type MachineEvidence, machineEvidence, modeOf } from './machine-evidence.ts';
export {
  type ErratumMatch,
  isExcused,
  type JudgedEntry,
  matchErrata,
  type Strength,
} from './match-errata.ts';
export type { Mode, VendorName } from './mode.ts';
export { PREDICATES, type PredicateName } from './predicates.ts';
export { recogniseSplat, type Splat, type SplatKind } from './recognise-splat.ts';
export { type SplatBlock, type SplatReader, splatReader } from './splat-reader.ts';
