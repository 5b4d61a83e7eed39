// SPDX-License-Identifier: GPL-2.0-only
import { checkInteger, checkOneOf, checkU64 } from '../bits/arguments.ts';
import { bits, hex } from '../bits/bits.ts';
import type { RsvdBitsValidate } from '../cpu/rsvd-bits.ts';
import { type Kernel, upstreamKernel } from '../kernel/kernel.ts';
import { layoutFor } from '../kernel/layout.ts';
import { observe } from '../observe/observe.ts';
import type { ActiveExtension, Mmu, Params, Policy, Setup, Vendor, VmConfig } from './contract.ts';
import { activeExtensions } from './extensions.ts';
import { defineHost, type HostFacts, PHYSICAL_MASK } from './host.ts';
import { assignMasks, initialRegistry, type Masks, type Registry } from './masks.ts';
import { permissionBitmap } from './permissions.ts';
import { checkIsPlugin, checkPlugin } from './plugin.ts';
import { callHook } from './plugin-error.ts';
import { initVm, resetAllPteMasks, runStep, spteModuleInit } from './reset-masks.ts';
import { MMU_KINDS, type RootConfig } from './root.ts';
import { buildShadowZeroCheck } from './zero-check.ts';

/** Everything that decides what KVM's masks are before a vendor module is loaded. */
export interface KvmConfig {
  /**
   * An upstream release, such as `6.8` or `6.1.192`, or what {@link readKernelRelease} makes of a distribution's name;
   * v6.6 to v6.9, the reference, when absent.
   */
  readonly kernel?: string | Kernel | undefined;
  readonly host: Partial<HostFacts> & Pick<HostFacts, 'physBits'>;
  readonly policies?: readonly Policy[] | undefined;
  readonly params?: Partial<Params> | undefined;
}

/** Everything that decides what an MMU's SPTEs look like. */
export interface MmuConfig extends KvmConfig {
  readonly vendor: Vendor;
  readonly vm?: VmConfig | undefined;
  readonly root?: Partial<RootConfig> | undefined;
}

/** kvm.ko after its module init: the facts that it runs on, and its globals. */
export interface Kvm {
  readonly setup: Setup;
  readonly registry: Registry;
}

const PAGE_OFFSET_BITS = bits(11, 0);

/** The set-up that every step sees, from a configuration with defaults filled in. */
export function defineSetup({ kernel, host, policies = [], params }: KvmConfig): Setup {
  for (const policy of policies) checkPlugin(policy, 'policy');
  const known = kernel instanceof Object ? kernel : upstreamKernel(kernel);
  return {
    kernel: known,
    layout: known.layout ?? layoutFor(known),
    host: defineHost(host),
    params: { nxHugePages: true, proveMmu: false, clearCpuBufVmMmio: false, ...params },
    policies,
  };
}

/**
 * Loads kvm.ko: parameters, then module init.
 *
 * Kernel: `kvm_mmu_spte_module_init()` and what runs before it.
 */
export function loadKvm(setup: Setup): Kvm {
  let registry = assignMasks(initialRegistry, 'physical_mask', {
    baseAddr: setup.host.physicalMask & ~PAGE_OFFSET_BITS,
  });
  for (const { parameters } of setup.policies) {
    if (parameters !== undefined) registry = assignMasks(registry, 'module parameter', parameters);
  }
  return { setup, registry: spteModuleInit(setup, registry) };
}

/**
 * Loads a vendor module, or reloads one: everything is reset first, so nothing of the vendor before it is left but
 * what module init had saved.
 */
export function loadVendor(kvm: Kvm, vendor: Vendor): Kvm {
  checkPlugin(vendor, 'vendor');
  const setup = { ...kvm.setup, vendor };
  // The size of the dirty log is a member of the vendor's operations, which are replaced as a whole.
  const reset = assignMasks(resetAllPteMasks(setup, kvm.registry), 'kvm_x86_ops', { cpuDirtyLogSize: 0 });
  return { setup, registry: runStep(vendor.name, 'setup', vendor.setup, setup, reset) };
}

/** A kernel that encrypts memory has no C-bit in the addresses of its entries: pfns would be wrong. */
function checkEncryption({ physicalMask }: HostFacts, { smeMeMask = 0n }: Vendor): void {
  if ((physicalMask & smeMeMask) === 0n) return;
  throw new RangeError(
    `host.physicalMask must leave out smeMeMask ${hex(smeMeMask)}, got ${hex(physicalMask)}`,
  );
}

/**
 * Computes an MMU from its configuration, in the kernel's order: module init, reset, vendor, root.
 *
 * Where nothing says which address bits the kernel's own entries have, they are all but the C-bit of the vendor.
 *
 * @throws TypeError, RangeError naming the argument that is out of range
 *
 * @example
 * ```ts
 * import { createMmu, hex } from '@spte/core';
 * import { l1tf } from '@spte/l1tf';
 * import { mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [l1tf, mmio()] });
 * [hex(mmu.masks.accessed), mmu.setBy.accessed]; // [ '0x100', 'kvm_mmu_set_ept_masks' ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, hex } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * // Memory encryption takes bit 47 of the address.
 * const vendor = svm({ smeMeMask: 1n << 47n });
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 43 }, vendor, root: { level: 5 } });
 * [hex(mmu.masks.meMask), mmu.root.level]; // [ '0x800000000000', 5 ]
 * ```
 */
export function createMmu({ vendor: given, vm = {}, root, ...config }: MmuConfig): Mmu {
  checkIsPlugin(given, 'vendor');
  const physicalMask = PHYSICAL_MASK & ~(given.smeMeMask ?? 0n);
  const setup = defineSetup({ ...config, host: { physicalMask, ...config.host } });
  checkEncryption(setup.host, given);
  const vendor =
    root?.isMirror === true && given.mirrorFormat !== undefined
      ? { ...given, format: given.mirrorFormat }
      : given;
  const extensions = activeExtensions(setup, vendor, root?.isMirror === true);
  const { value, warnings } = observe(setup, (setup) => {
    const loaded = loadVendor(loadKvm(setup), vendor).registry;
    const registry = createVm({ ...setup, vendor }, loaded, extensions, vm);
    return withRoot({ ...setup, vendor }, registry, extensions, defineRoot(setup, registry, root));
  });
  return finished({ ...setup, ...value, vendor, extensions, initWarnings: warnings });
}

/**
 * An MMU with other masks than those that its configuration leads to: such as were read from a kernel's memory. What
 * follows from masks, the reserved bits and the permissions, follows from these.
 *
 * @param step who says so, for {@link Mmu.setBy}
 * @throws TypeError (`SPTE_TWO_CORES`) for an MMU of another version of core
 *
 * @example
 * ```ts
 * import { createMmu, mmuWithMasks } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = mmuWithMasks(createMmu({ host: { physBits: 48 }, vendor: svm() }), { user: 0n }, 'vmcore');
 * [mmu.masks.user, mmu.setBy.user]; // [ 0n, 'vmcore' ]
 * ```
 */
export function mmuWithMasks(mmu: Mmu, masks: Partial<Masks>, step: string): Mmu {
  const { value, warnings } = observe(mmu, (mmu) =>
    withRoot(mmu, assignMasks(mmu, step, masks), mmu.extensions, mmu.root),
  );
  return finished({ ...mmu, ...value, initWarnings: warnings });
}

/** What follows from masks and a root. */
function withRoot(
  setup: Setup,
  registry: Registry,
  extensions: readonly ActiveExtension[],
  root: RootConfig,
): Registry & Pick<Mmu, 'root' | 'zeroCheck' | 'permissions'> {
  return {
    ...registry,
    root,
    zeroCheck: zeroCheckOf(setup, registry, extensions, root),
    permissions: permissionBitmap(registry, root),
  };
}

function finished(mmu: Mmu): Mmu {
  // Not enumerable: what was found out about this MMU may not hold for a copy with other masks.
  return Object.freeze(Object.defineProperty(mmu, 'shapes', { value: [] }));
}

/** Core's step, then those of plugins, then what the caller says. */
function createVm(
  setup: Setup,
  loaded: Registry,
  extensions: readonly ActiveExtension[],
  vm: VmConfig,
): Registry {
  let registry = initVm(setup, loaded);
  for (const { name, hooks } of extensions) {
    const step = hooks.initVm;
    if (step !== undefined) {
      registry = runStep(name, 'initVm', (setup, before) => step(setup, before, vm), setup, registry);
    }
  }
  const { mmioValue } = vm;
  if (mmioValue === undefined) return registry;
  const vmMmioValue = checkU64('vm.mmioValue', mmioValue);
  return assignMasks(registry, 'kvm_mmu_set_mmio_spte_value', { vmMmioValue });
}

/** The reserved bits of core, as plugins adjust them. */
function zeroCheckOf(
  setup: Setup,
  registry: Registry,
  extensions: readonly ActiveExtension[],
  root: RootConfig,
): RsvdBitsValidate {
  return extensions.reduce(
    (check, { name, hooks: { reserved } }) =>
      reserved === undefined
        ? check
        : callHook(name, 'reserved', () => reserved(setup, registry, root, check)),
    buildShadowZeroCheck(setup, registry, root),
  );
}

/** The root of a 4-level MMU that uses NX and maps what the host maps, but for the given fields. */
function defineRoot(setup: Setup, { masks }: Registry, root: Partial<RootConfig> = {}): RootConfig {
  checkInteger('root.level', root.level ?? 4, 2, 5);
  checkOneOf('root.kind', root.kind ?? 'tdp', MMU_KINDS);
  return {
    kind: masks.tdpEnabled ? 'tdp' : 'shadow',
    level: 4,
    eferNx: true,
    smepAndnotWp: false,
    guestGbpages: setup.host.gbpages,
    ept12ExecOnly: false,
    cr4Smep: false,
    isMirror: false,
    ...root,
  };
}
