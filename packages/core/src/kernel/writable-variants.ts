// SPDX-License-Identifier: GPL-2.0-only
import { defineVariant, type Variant } from './variant.ts';

// What differs between kernels in what they make of writable entries, and of those that may become so.

/** What tells that a write fault may set W without mmu_lock. */
export interface LocklesslyWritable {
  /** Whether host-writable is needed beside MMU-writable. */
  readonly hostWritable: boolean;
  /** Whether bits that contradict each other are complained about here. */
  readonly warns: boolean;
}

export const locklesslyWritable: Variant<LocklesslyWritable> = defineVariant(
  'an SPTE that may be made writable without mmu_lock',
  {
    since: '5.4',
    value: { hostWritable: true, warns: false },
    change: 'host- and MMU-writable are both set',
  },
  {
    since: '5.17',
    value: { hostWritable: false, warns: true },
    change: 'MMU-writable is set; WARN if it contradicts host-writable or W',
  },
  {
    since: '5.18',
    value: { hostWritable: false, warns: false },
    change: 'MMU-writable is set; the WARNs are in check_spte_writable_invariants()',
  },
);

export const checksWritableInvariants: Variant<boolean> = defineVariant(
  'WARNs about writable bits that contradict each other',
  {
    since: '5.4',
    value: false,
    change: 'only when a writable SPTE that is not MMU-writable is to be tracked',
  },
  { since: '5.18', value: true, change: 'whenever an SPTE is updated or tracked' },
);

export const restoreWarns: Variant<boolean> = defineVariant(
  'restoring an SPTE that is not access-tracked',
  { since: '5.4', value: true, change: 'WARN; the value is computed all the same' },
  { since: '5.18', value: false, change: 'no WARN' },
);

/** What makes an SPTE change behind mmu_lock's back. */
export interface VolatileBits {
  /** Whether entries that are not present are told apart. */
  readonly presentOnly: boolean;
  /** Whether one that may be made writable counts though it is writable already. */
  readonly writable: boolean;
  /** Whether every A/D-disabled SPTE counts, tracked or not. */
  readonly everyAdDisabled: boolean;
  /** Whether a clear accessed bit counts. */
  readonly accessed: boolean;
}

export const volatileBits: Variant<VolatileBits> = defineVariant(
  'which SPTEs must be updated atomically',
  {
    since: '5.4',
    value: { presentOnly: true, writable: true, everyAdDisabled: false, accessed: true },
    change:
      'tracked ones, those that may be made writable (even if they are), and those whose accessed or dirty bit the CPU may set (spte_has_volatile_bits)',
  },
  {
    since: '5.18',
    value: { presentOnly: false, writable: false, everyAdDisabled: false, accessed: true },
    change: 'not those that are writable already, but for their accessed or dirty bit',
  },
  {
    since: '6.16',
    value: { presentOnly: false, writable: false, everyAdDisabled: true, accessed: false },
    change: 'every A/D-disabled one; the accessed bit may be lost (spte_needs_atomic_update)',
  },
);

/** What updating an SPTE does about lost bits. */
export interface UpdateEffects {
  /** Whether losing A or D asks for a flush and is passed on to the page. */
  readonly tellsAccessedAndDirty: boolean;
}

export const updateEffects: Variant<UpdateEffects> = defineVariant(
  'TLB flush after mmu_spte_update()',
  {
    since: '5.4',
    value: { tellsAccessedAndDirty: true },
    change:
      'when W is lost from an SPTE that may be made writable without mmu_lock, or accessed or dirty is lost',
  },
  {
    since: '6.13',
    value: { tellsAccessedAndDirty: false },
    change: 'when MMU-writable is lost, and then only; accessed and dirty are not passed on',
  },
);

export const ageingUpdates: Variant<boolean> = defineVariant(
  'ageing an SPTE that is access-tracked then',
  { since: '5.4', value: true, change: 'an update under mmu_lock, with its WARNs' },
  { since: '6.16', value: false, change: 'one compare-and-exchange, without mmu_lock or WARNs' },
);

export const notifierKeepsMmuWritable: Variant<boolean> = defineVariant(
  'MMU-writable after the host moved the page',
  { since: '5.4', value: true, change: 'kept' },
  { since: '5.17', value: false, change: 'cleared with W and host-writable' },
);
