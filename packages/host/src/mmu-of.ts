// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu, type MmuConfig } from '@spte/core';
import { mmuConfigOf } from './config.ts';
import type { HostReport } from './report.ts';

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
 *
 * @example
 * ```ts
 * import { hex } from '@spte/core';
 * import { hostReport, mmuOf } from '@spte/host';
 *
 * const report = hostReport({});
 * // A VM that caches no MMIO, as TDX has it.
 * hex(mmuOf(report, { vm: { mmioValue: 0n } }).masks.vmMmioValue); // 0x0
 * mmuOf(report, { root: { level: 5 } }).root.level; // 5
 * ```
 */
export function mmuOf(report: HostReport, choices: Pick<MmuConfig, 'vm' | 'root'> = {}): Mmu {
  const config = mmuConfigOf(report.config);
  return createMmu({ ...config, vm: choices.vm, root: { ...config.root, ...choices.root } });
}
