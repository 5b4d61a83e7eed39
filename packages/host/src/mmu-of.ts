// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu, type MmuConfig } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import type { HostConfig, HostReport } from './report.ts';

/** The configuration of core, with the plugins that the machine needs. */
export function mmuConfigOf(config: HostConfig): MmuConfig {
  const { kernel, host, params, mmioCaching, vendor, root } = config;
  return {
    kernel,
    host,
    params,
    policies: [l1tf, mmio({ mmioCaching })],
    vendor: vendor.name === 'vmx' ? vmx(vendor.options) : svm(vendor.options),
    root,
  };
}

/**
 * The masks that the kernel of a report holds.
 *
 * @param choices what the machine does not decide: the VM's own MMIO value, the kind of root
 *
 * @example
 * ```ts
 * import { hostReport, mmuOf } from '@spte/host';
 *
 * const cpuinfo = { name: 'cpuinfo', text: 'vendor_id : AuthenticAMD\nflags : npt\naddress sizes : 48 bits physical' };
 * mmuOf(hostReport({ cpuinfo })).vendor.name; // svm
 * ```
 */
export function mmuOf(report: HostReport, choices: Pick<MmuConfig, 'vm' | 'root'> = {}): Mmu {
  const config = mmuConfigOf(report.config);
  return createMmu({ ...config, vm: choices.vm, root: { ...config.root, ...choices.root } });
}

/** Whether a kernel that is asked to cache MMIO can do so on the machine. */
export function isCachingPossible(config: HostConfig): boolean {
  return createMmu(mmuConfigOf(config)).masks.enableMmioCaching;
}
