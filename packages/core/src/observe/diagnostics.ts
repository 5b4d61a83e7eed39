// SPDX-License-Identifier: GPL-2.0-only

/** The kernel macro behind a diagnostic. */
export type DiagnosticKind = 'WARN_ON' | 'WARN_ON_ONCE' | 'WARN_ONCE' | 'BUG_ON' | 'KVM_BUG_ON';

/** Something that a rule may complain about. */
export interface DiagnosticRule {
  readonly kind: DiagnosticKind;
  /** The release in which a plain `WARN_ON()` became `kind`. */
  readonly warnOnUntil?: string;
  /** When it is raised. */
  readonly meaning: string;
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
  'ad-enabled.not-present': {
    kind: 'WARN_ON_ONCE',
    warnOnUntil: '6.6',
    meaning: 'the A/D type of an entry that is not present was asked (debug builds)',
  },
  'ad-wrprot.not-present': {
    kind: 'WARN_ON_ONCE',
    warnOnUntil: '6.6',
    meaning: 'whether an entry that is not present needs write-protection was asked (debug builds)',
  },
  'accessed-mask.not-present': {
    kind: 'WARN_ON_ONCE',
    warnOnUntil: '6.6',
    meaning: 'the accessed mask of an entry that is not present was asked (debug builds)',
  },
  'dirty-mask.not-present': {
    kind: 'WARN_ON_ONCE',
    warnOnUntil: '6.6',
    meaning: 'the dirty mask of an entry that is not present was asked (debug builds)',
  },
  'invariant.mmu-without-host-writable': { kind: 'WARN_ONCE', meaning: 'MMU-writable without host-writable' },
  'invariant.hw-writable-without-mmu-writable': { kind: 'WARN_ONCE', meaning: 'W without MMU-writable' },
  'lockless.mmu-without-host-writable': {
    kind: 'WARN_ON_ONCE',
    meaning: 'MMU-writable without host-writable (5.17)',
  },
  'lockless.hw-writable-without-mmu-writable': {
    kind: 'WARN_ON_ONCE',
    meaning: 'W without MMU-writable (5.17)',
  },
} as const;

/** What may be complained about in access tracking. */
export const ACCESS_TRACK_DIAGNOSTICS = {
  'acctrack.not-locklessly-writable': {
    kind: 'WARN_ONCE',
    meaning: 'a writable SPTE was to be tracked whose W no fault could give back (up to 5.17)',
  },
  'restore.ad-enabled': {
    kind: 'WARN_ON_ONCE',
    meaning: 'an SPTE with A/D bits was to be restored from access tracking (up to 5.17)',
  },
  'restore.not-tracked': {
    kind: 'WARN_ON_ONCE',
    meaning: 'an SPTE was to be restored that is not access-tracked (up to 5.17)',
  },
  'acctrack.saved-bits-busy': {
    kind: 'WARN_ONCE',
    meaning: 'the bits that are to save R and X are set already',
  },
} as const;

/** What may be complained about in `make_spte()`. */
export const MAKE_DIAGNOSTICS = {
  'make.no-access-no-present': {
    kind: 'WARN_ON_ONCE',
    meaning:
      'access and the present mask together are what an empty entry is: the entry would not be present',
  },
  'make.rsvd-bits': { kind: 'WARN_ONCE', meaning: 'the finished SPTE has bits that the zero check reserves' },
  'make.dirty-log-huge': {
    kind: 'WARN_ON_ONCE',
    warnOnUntil: '6.6',
    meaning: 'a writable huge SPTE was made in a slot with dirty logging',
  },
} as const;

/** What may be complained about in splits and joins of huge pages. */
export const SPLIT_DIAGNOSTICS = {
  'split.not-present': { kind: 'WARN_ON_ONCE', meaning: 'the huge SPTE to split is not present' },
  'split.not-large': { kind: 'WARN_ON_ONCE', meaning: 'the SPTE to split maps no huge page' },
  'split.not-present-or-not-large': {
    kind: 'KVM_BUG_ON',
    meaning: 'the SPTE to split is not a present huge page (6.11, 6.12)',
  },
  'small.bad-huge-spte': {
    kind: 'KVM_BUG_ON',
    meaning: 'the SPTE to split is not a present huge page (since 6.13)',
  },
  'huge.bad-small-spte': {
    kind: 'KVM_BUG_ON',
    meaning: 'a huge SPTE was to be made at level 1, or from an SPTE that is not present',
  },
  'modify.set-clear-overlap': {
    kind: 'WARN_ON_ONCE',
    meaning: 'bits were to be set and cleared at once (debug builds)',
  },
} as const;

/** What may be complained about in stores of entries. */
export const SET_DIAGNOSTICS = {
  'set.ve-possible': {
    kind: 'WARN_ON_ONCE',
    meaning: 'an SPTE was stored that lets the guest see a #VE (debug builds)',
  },
  'update.new-not-present': {
    kind: 'WARN_ON_ONCE',
    warnOnUntil: '6.6',
    meaning: 'an SPTE was to be updated to one that is not present',
  },
  'update.pfn-changed': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6', meaning: 'an update changed the pfn' },
  'set.overwrites-present': {
    kind: 'WARN_ON_ONCE',
    warnOnUntil: '6.6',
    meaning: 'an SPTE was set over a present one',
  },
} as const;

/** What may be complained about in the set-up of masks and zero checks. */
export const START_UP_DIAGNOSTICS = {
  'me-mask.value-outside-mask': {
    kind: 'WARN_ON',
    meaning: 'the memory-encryption value is not a subset of its mask',
  },
  'zero-check.tdp-disabled': {
    kind: 'WARN_ON_ONCE',
    meaning: 'the zero check of a direct TDP MMU was built while TDP is off',
  },
  'zero-check.root-level': {
    kind: 'WARN_ON_ONCE',
    meaning: 'the zero check of a shadow MMU was built for a root below level 3',
  },
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
