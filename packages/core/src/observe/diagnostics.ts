// SPDX-License-Identifier: GPL-2.0-only

/** The kernel macro behind a diagnostic. */
export type DiagnosticKind = 'WARN_ON' | 'WARN_ON_ONCE' | 'WARN_ONCE' | 'BUG_ON' | 'KVM_BUG_ON';

/** Something that a rule may complain about. */
export interface DiagnosticRule {
  readonly kind: DiagnosticKind;
  /** The release in which a plain `WARN_ON()` became `kind`. */
  readonly warnOnUntil?: string;
}

/** What the rules of one package may complain about, by stable code. */
export type DiagnosticTable = Readonly<Record<string, DiagnosticRule>>;

/** A complaint that was raised. */
export interface Diagnostic {
  /** Stable name, a key of some package's {@link DiagnosticTable}. */
  readonly code: string;
  readonly kind: DiagnosticKind;
  /** The text that the kernel formats, where it formats one. */
  readonly msg?: string;
}

/** Thrown where the kernel would `BUG()`: nothing of what the function was to write has been written. */
export class KvmBug extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(`kernel BUG: ${diagnostic.code}`);
    this.name = 'KvmBug';
    this.diagnostic = diagnostic;
  }
}

/** What may be complained about in predicates of present entries. */
export const PREDICATE_DIAGNOSTICS = {
  'ad-enabled.not-present': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
  'ad-wrprot.not-present': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
  'accessed-mask.not-present': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
  'dirty-mask.not-present': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
  'invariant.mmu-without-host-writable': { kind: 'WARN_ONCE' },
  'invariant.hw-writable-without-mmu-writable': { kind: 'WARN_ONCE' },
  'lockless.mmu-without-host-writable': { kind: 'WARN_ON_ONCE' },
  'lockless.hw-writable-without-mmu-writable': { kind: 'WARN_ON_ONCE' },
} as const;

/** What may be complained about in access tracking. */
export const ACCESS_TRACK_DIAGNOSTICS = {
  'acctrack.not-locklessly-writable': { kind: 'WARN_ONCE' },
  'restore.ad-enabled': { kind: 'WARN_ON_ONCE' },
  'restore.not-tracked': { kind: 'WARN_ON_ONCE' },
  'acctrack.saved-bits-busy': { kind: 'WARN_ONCE' },
} as const;

/** What may be complained about in `make_spte()`. */
export const MAKE_DIAGNOSTICS = {
  'make.no-access-no-present': { kind: 'WARN_ON_ONCE' },
  'make.rsvd-bits': { kind: 'WARN_ONCE' },
  'make.dirty-log-huge': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
} as const;

/** What may be complained about in splits and joins of huge pages. */
export const SPLIT_DIAGNOSTICS = {
  'split.not-present': { kind: 'WARN_ON_ONCE' },
  'split.not-large': { kind: 'WARN_ON_ONCE' },
  'split.not-present-or-not-large': { kind: 'KVM_BUG_ON' },
  'small.bad-huge-spte': { kind: 'KVM_BUG_ON' },
  'huge.bad-small-spte': { kind: 'KVM_BUG_ON' },
  'modify.set-clear-overlap': { kind: 'WARN_ON_ONCE' },
} as const;

/** What may be complained about in stores of entries. */
export const SET_DIAGNOSTICS = {
  'set.ve-possible': { kind: 'WARN_ON_ONCE' },
  'update.new-not-present': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
  'update.pfn-changed': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
  'set.overwrites-present': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
} as const;

/** What may be complained about in the set-up of masks and zero checks. */
export const START_UP_DIAGNOSTICS = {
  'me-mask.value-outside-mask': { kind: 'WARN_ON' },
  'zero-check.tdp-disabled': { kind: 'WARN_ON_ONCE' },
  'zero-check.root-level': { kind: 'WARN_ON_ONCE' },
} as const;

/** The codes of this package. */
export type SpteDiagnostics = typeof PREDICATE_DIAGNOSTICS &
  typeof ACCESS_TRACK_DIAGNOSTICS &
  typeof MAKE_DIAGNOSTICS &
  typeof SPLIT_DIAGNOSTICS &
  typeof SET_DIAGNOSTICS &
  typeof START_UP_DIAGNOSTICS;

// A call, because a bundler drops one that nobody needs, but no spread.
const allDiagnostics = (): SpteDiagnostics => ({
  ...PREDICATE_DIAGNOSTICS,
  ...ACCESS_TRACK_DIAGNOSTICS,
  ...MAKE_DIAGNOSTICS,
  ...SPLIT_DIAGNOSTICS,
  ...SET_DIAGNOSTICS,
  ...START_UP_DIAGNOSTICS,
});

/** What the rules of this package may complain about. */
export const SPTE_DIAGNOSTICS: SpteDiagnostics = allDiagnostics();
