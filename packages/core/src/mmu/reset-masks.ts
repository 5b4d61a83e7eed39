// SPDX-License-Identifier: GPL-2.0-only

import { bits, PAGE_SHIFT } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { checkKernelHas } from '../kernel/kernel-functions.ts';
import { meMaskIsHosts } from '../kernel/start-up-variants.ts';
import { physBitsAtModuleInit } from '../kernel/variants.ts';
import { START_UP_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn } from '../observe/observe.ts';
import type { Policy, Setup, SetupStep } from './contract.ts';
import { getShadowPhysBits } from './host.ts';
import { assignMasks, type Registry } from './masks.ts';
import { callHook, PluginError } from './plugin-error.ts';

/** Stores MAXPHYADDR; `step` is the function that does it in this kernel. */
function determinePhysBits({ host }: Setup, registry: Registry, step: string): Registry {
  return assignMasks(registry, step, { shadowPhysBits: getShadowPhysBits(host) });
}

/**
 * MAXPHYADDR for a step of the start-up. A kernel that stored it once sees 0 where module init did not run.
 *
 * Kernel: `kvm_get_shadow_phys_bits()`, `kvm_host.maxphyaddr` since 6.11.
 */
export function hostMaxPhyAddr({ kernel, host }: Setup, { masks }: Registry): number {
  return physBitsAtModuleInit(kernel) ? masks.shadowPhysBits : getShadowPhysBits(host);
}

/** Runs one hook of every policy, in their order. */
function runPolicies(
  hook: 'moduleInit' | 'resetEarly' | 'resetLate',
  setup: Setup,
  registry: Registry,
): Registry {
  const run = (state: Registry, policy: Policy): Registry => {
    const step = policy[hook];
    return step === undefined ? state : runStep(policy.name, hook, step, setup, state);
  };
  return setup.policies.reduce(run, registry);
}

/**
 * Runs a step of a plugin.
 *
 * @throws PluginError that names the step, where it throws or gives no registry
 */
export function runStep(
  plugin: string,
  hook: string,
  step: SetupStep,
  setup: Setup,
  registry: Registry,
): Registry {
  const next: unknown = callHook(plugin, hook, () => step(setup, registry));
  if (!isRegistry(next)) {
    throw new PluginError(
      'SPTE_PLUGIN_HOOK',
      plugin,
      hook,
      `${hook} of ${plugin} must return the next registry, got ${typeof next}: is a return missing?`,
    );
  }
  return next;
}

const isRegistry = (value: unknown): value is Registry =>
  typeof value === 'object' && value !== null && 'masks' in value && 'setBy' in value;

/**
 * What happens once, when kvm.ko is loaded.
 *
 * Kernel: `kvm_mmu_spte_module_init()`.
 */
export const spteModuleInit: SetupStep = (setup, registry) => {
  const step = 'kvm_mmu_spte_module_init';
  const state = physBitsAtModuleInit(setup.kernel) ? determinePhysBits(setup, registry, step) : registry;
  return runPolicies('moduleInit', setup, state);
};

/**
 * Puts every mask back to legacy paging, which NPT and shadow paging use as it is. Each vendor load begins so.
 *
 * Kernel: `kvm_mmu_reset_all_pte_masks()`.
 */
export const resetAllPteMasks: SetupStep = (setup, before) => {
  const step = 'kvm_mmu_reset_all_pte_masks';
  const { layout, vendor } = setup;
  const meMask = meMaskIsHosts(setup.kernel) ? (vendor?.smeMeMask ?? 0n) : 0n;
  let registry = physBitsAtModuleInit(setup.kernel) ? before : determinePhysBits(setup, before, step);
  registry = assignMasks(registry, step, {
    nonpresentOrRsvd: 0n,
    lowerGfn: bits(setup.host.physBits - 1, Number(PAGE_SHIFT)),
  });
  registry = runPolicies('resetEarly', setup, registry);
  registry = assignMasks(registry, step, {
    user: PT.user.mask,
    accessed: PT.accessed.mask,
    dirty: PT.dirty.mask,
    nx: PT.noExecute.mask,
    x: 0n,
    xu: 0n,
    present: PT.present.mask,
    // PAT entry 0 is WB, the weakest type: the host's MTRRs decide.
    memtype: 0n,
    kvmAdEnabled: true,
    accTrack: 0n,
    meMask,
    meValue: meMask,
    hostWritable: layout.hostWritable.legacy.mask,
    mmuWritable: layout.mmuWritable.legacy.mask,
  });
  return runPolicies('resetLate', setup, registry);
};

/**
 * Chooses the memory-encryption bits: `meValue` is what KVM sets in its entries, `meMask` all that encryption owns.
 *
 * @throws RangeError before 5.19, where the one mask is the host's own
 *
 * Kernel: `kvm_mmu_set_me_spte_mask()`.
 */
export function setMeSpteMask(setup: Setup, registry: Registry, meValue: bigint, meMask: bigint): Registry {
  const step = 'kvm_mmu_set_me_spte_mask';
  checkKernelHas(setup.kernel, step);
  if ((meValue & ~meMask) !== 0n) {
    warn(setup, START_UP_DIAGNOSTICS, 'me-mask.value-outside-mask');
    return assignMasks(registry, step, { meValue: 0n, meMask: 0n });
  }
  return assignMasks(registry, step, { meValue, meMask });
}

/** Largest page that KVM maps when the CPU does not walk a second dimension. */
const levelWithoutTdp = (gbpages: boolean): number => (gbpages ? 3 : 2);

/**
 * Switches two-dimensional paging on or off and takes the largest page from the CPU.
 *
 * @param tdpHugePageLevel largest page of the second dimension, as a level: 1 = 4K, 2 = 2M, 3 = 1G
 *
 * Kernel: `kvm_configure_mmu()`.
 */
export function configureMmu(
  setup: Setup,
  registry: Registry,
  enableTdp: boolean,
  tdpHugePageLevel: number,
): Registry {
  return assignMasks(registry, 'kvm_configure_mmu', {
    tdpEnabled: enableTdp,
    maxHugePageLevel: enableTdp ? tdpHugePageLevel : levelWithoutTdp(setup.host.gbpages),
  });
}

/**
 * Creates a VM: it takes the MMIO value as it stands. (Up to 6.9 every VM uses the one value, which is the same.)
 *
 * Kernel: `kvm_mmu_init_vm()`, v6.10.
 */
export const initVm: SetupStep = (_setup, registry) =>
  assignMasks(registry, 'kvm_mmu_init_vm', { vmMmioValue: registry.masks.mmioValue });

/**
 * Gives one VM an MMIO value of its own (TDX: 0).
 *
 * @throws RangeError before 6.16
 *
 * Kernel: `kvm_mmu_set_mmio_spte_value()`.
 */
export function setMmioSpteValue({ kernel }: Setup, registry: Registry, vmMmioValue: bigint): Registry {
  checkKernelHas(kernel, 'kvm_mmu_set_mmio_spte_value');
  return assignMasks(registry, 'kvm_mmu_set_mmio_spte_value', { vmMmioValue });
}
