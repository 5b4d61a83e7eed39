// SPDX-License-Identifier: GPL-2.0-only
import { type Candidate, createMmu, type Mmu, type MmuConfig, type Vendor } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { KERNELS } from './machines.ts';

/** How a machine pages, which a value alone does not say. */
export type Mode = 'ept with A/D' | 'ept without A/D' | 'npt' | 'vmx shadow' | 'svm shadow';

const MODES: Readonly<Record<Mode, Vendor>> = {
  'ept with A/D': vmx(),
  'ept without A/D': vmx({ eptAd: false }),
  npt: svm(),
  'vmx shadow': vmx({ ept: false }),
  'svm shadow': svm({ npt: false }),
};

/** The MMU of a kernel in a mode, on a machine of 40 address bits. */
export function mmuIn(kernel: string, mode: Mode, config: Partial<MmuConfig> = {}): Mmu {
  return createMmu({
    kernel,
    vendor: MODES[mode],
    host: { physBits: 40, cacheBits: 44, l1tf: MODES[mode].name === 'vmx' },
    policies: [l1tf, mmio()],
    root: { level: 5 },
    ...config,
  });
}

/** Each kernel in each mode, as `6.1 npt`. */
export const candidates: readonly Candidate[] = KERNELS.flatMap((kernel) =>
  (Object.keys(MODES) as Mode[]).map((mode) => ({ name: `${kernel} ${mode}`, mmu: mmuIn(kernel, mode) })),
);
