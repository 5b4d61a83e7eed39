// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu, MmuConfig } from '@spte/core';
import * as testing from '@spte/testing/machines';

export { KERNELS } from '@spte/testing/machines';

/** Machines whose rules look at different address bits. */
const NAMES: readonly testing.MachineName[] = [
  'EPT with A/D',
  'EPT without A/D, L1TF',
  'EPT, L1TF, small 46-bit cache',
  'EPT with MKTME',
  'NPT',
  'NPT that cannot cache MMIO',
  'NPT with SME',
  'shadow paging on Intel with L1TF',
];

export const machines: Readonly<Record<string, MmuConfig>> = Object.fromEntries(
  NAMES.map((name) => [name, testing.machines[name]]),
);

/** The MMU of one of the {@link machines} under a kernel. */
export function machine(name: string, kernel: string, change: Partial<MmuConfig> = {}): Mmu {
  return testing.machine(name, { kernel, ...change });
}
