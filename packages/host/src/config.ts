// SPDX-License-Identifier: GPL-2.0-only
import {
  createMmu,
  eferNxOfRole,
  type KvmConfig,
  type MmuConfig,
  type Params,
  type RootConfig,
  readKernelRelease,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { type MemoryEncryptionFacts, type SvmOptions, svm } from '@spte/vendor-svm';
import { type VmxOptions, vmx } from '@spte/vendor-vmx';

/** The vendor module and its options, as data. */
export type VendorChoice =
  | { readonly name: 'vmx'; readonly options: VmxOptions }
  | { readonly name: 'svm'; readonly options: SvmOptions & MemoryEncryptionFacts };

/** What core, the policies and the vendor plugin need to know of the machine, as data. */
export interface HostConfig {
  /** The kernel's name, as `uname -r` says it. */
  readonly kernel: string;
  readonly host: KvmConfig['host'];
  readonly params: Partial<Params>;
  readonly mmioCaching: boolean;
  readonly vendor: VendorChoice;
  /** The root, with EFER.NX as the guest has it. */
  readonly root: Partial<RootConfig>;
}

/**
 * The configuration of core, with the plugins that the machine needs.
 *
 * @example
 * ```ts
 * import { createMmu, hex } from '@spte/core';
 * import { mmuConfigOf, plainConfig, presetOf } from '@spte/host';
 *
 * createMmu(mmuConfigOf(plainConfig('svm'))).vendor.name; // svm
 * const haswell = presetOf('haswell');
 * haswell && hex(createMmu(mmuConfigOf(haswell.config)).masks.nonpresentOrRsvd); // 0x3e0000000000
 * ```
 */
export function mmuConfigOf(config: HostConfig): MmuConfig {
  const { host, params, mmioCaching, vendor, root } = config;
  const kernel = readKernelRelease(config.kernel);
  const tdp = (vendor.name === 'vmx' ? vendor.options.ept : vendor.options.npt) ?? true;
  return {
    kernel,
    host,
    params,
    policies: [l1tf, mmio({ mmioCaching })],
    vendor: vendor.name === 'vmx' ? vmx(vendor.options) : svm(vendor.options),
    root: { ...root, eferNx: eferNxOfRole(kernel, root.eferNx ?? true, tdp) },
  };
}

/** Whether a kernel that is asked to cache MMIO can do so on the machine. */
export function isCachingPossible(config: HostConfig): boolean {
  return createMmu(mmuConfigOf(config)).masks.enableMmioCaching;
}
