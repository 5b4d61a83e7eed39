// SPDX-License-Identifier: GPL-2.0-only
import {
  configureMmu,
  createMmu,
  defineVendor,
  legacyFormat,
  type Mmu,
  type MmuConfig,
  type Vendor,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio, setMmioSpteMask } from '@spte/mmio';

/** Keeps the legacy masks. */
export const legacy: Vendor = defineVendor({
  name: 'legacy-test',
  apiVersion: 1,
  format: legacyFormat,
  setup: (setup, registry) => configureMmu(setup, registry, true, 3),
});

/** Marks MMIO as EPT does: writable and executable, but not readable. */
export const misconfig: Vendor = defineVendor({
  name: 'misconfig-test',
  apiVersion: 1,
  format: legacyFormat,
  setup: (setup, registry) =>
    setMmioSpteMask(setup, configureMmu(setup, registry, true, 3), { value: 6n, mask: 7n, access: 0n }),
});

/** An MMU that guards against L1TF where the machine needs it. */
export function mmuOf(vendor: Vendor, config: Partial<MmuConfig> = {}): Mmu {
  return createMmu({ host: { physBits: 46 }, vendor, policies: [l1tf, mmio()], ...config });
}
