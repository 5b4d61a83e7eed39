// SPDX-License-Identifier: GPL-2.0-only
/**
 * KVM in a crash dump: masks and parameters as they stand in memory, and every VM with its slots, vCPUs and roots.
 *
 * @module
 */
export { checkHost, type HostCheck } from './check.ts';
export {
  CHECKS,
  type CheckCode,
  type CheckResult,
  type CheckWeight,
  type Undecided,
} from './check-results.ts';
export { type MemoryFact, type MemoryFacts, memoryFacts } from './facts.ts';
export { type KvmModules, type KvmSymbol, type KvmVendor, kvmModules } from './kvm-modules.ts';
export type { ReadSymbol } from './masks.ts';
export { type KvmHost, mmuOfRoot, openKvm } from './open-kvm.ts';
export type { Problem } from './problems.ts';
export type { ListedPages, Root, RootFlag } from './roots.ts';
export type { ShadowPage } from './shadow-page.ts';
export { slotFinder } from './slot-at.ts';
export { SLOT_FLAGS, type Slot, slotFlagNames } from './slots.ts';
export type { HeldRoot, Vcpu } from './vcpus.ts';
export type { Vm } from './vms.ts';
