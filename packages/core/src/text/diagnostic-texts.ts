// SPDX-License-Identifier: GPL-2.0-only
import type { SpteDiagnostics } from '../observe/diagnostics.ts';

/** When each WARN of this package is raised. */
export const SPTE_DIAGNOSTIC_MEANINGS: Readonly<Record<keyof SpteDiagnostics, string>> = {
  'ad-enabled.not-present': 'the A/D type of an entry that is not present was asked (debug builds)',
  'ad-wrprot.not-present':
    'whether an entry that is not present needs write-protection was asked (debug builds)',
  'accessed-mask.not-present': 'the accessed mask of an entry that is not present was asked (debug builds)',
  'dirty-mask.not-present': 'the dirty mask of an entry that is not present was asked (debug builds)',
  'invariant.mmu-without-host-writable': 'MMU-writable without host-writable',
  'invariant.hw-writable-without-mmu-writable': 'W without MMU-writable',
  'lockless.mmu-without-host-writable': 'MMU-writable without host-writable (5.17)',
  'lockless.hw-writable-without-mmu-writable': 'W without MMU-writable (5.17)',
  'acctrack.not-locklessly-writable':
    'a writable SPTE was to be tracked whose W no fault could give back (up to 5.17)',
  'restore.ad-enabled': 'an SPTE with A/D bits was to be restored from access tracking (up to 5.17)',
  'restore.not-tracked': 'an SPTE was to be restored that is not access-tracked (up to 5.17)',
  'acctrack.saved-bits-busy': 'the bits that are to save R and X are set already',
  'make.no-access-no-present':
    'access and the present mask together are what an empty entry is: the entry would not be present',
  'make.rsvd-bits': 'the finished SPTE has bits that the zero check reserves',
  'make.dirty-log-huge': 'a writable huge SPTE was made in a slot with dirty logging',
  'split.not-present': 'the huge SPTE to split is not present',
  'split.not-large': 'the SPTE to split maps no huge page',
  'split.not-present-or-not-large': 'the SPTE to split is not a present huge page (6.11, 6.12)',
  'small.bad-huge-spte': 'the SPTE to split is not a present huge page (since 6.13)',
  'huge.bad-small-spte': 'a huge SPTE was to be made at level 1, or from an SPTE that is not present',
  'modify.set-clear-overlap': 'bits were to be set and cleared at once (debug builds)',
  'set.ve-possible': 'an SPTE was stored that lets the guest see a #VE (debug builds)',
  'update.new-not-present': 'an SPTE was to be updated to one that is not present',
  'update.pfn-changed': 'an update changed the pfn',
  'set.overwrites-present': 'an SPTE was set over a present one',
  'me-mask.value-outside-mask': 'the memory-encryption value is not a subset of its mask',
  'zero-check.tdp-disabled': 'the zero check of a direct TDP MMU was built while TDP is off',
  'zero-check.root-level': 'the zero check of a shadow MMU was built for a root below level 3',
};
