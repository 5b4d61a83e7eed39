// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  bit,
  bits,
  configureMmu,
  createMmu,
  defineVendor,
  type EntryFormat,
  EPT,
  eptFormat,
  field,
  legacyFormat,
  type Mmu,
  type MmuConfig,
  PT,
  type Vendor,
} from '@spte/core';

// Core must work without the vendors that come with it.

/** Keeps the legacy masks as they are after the reset. */
export const legacyVendor: Vendor = defineVendor({
  name: 'legacy-test',
  apiVersion: 1,
  format: legacyFormat,
  setup: (setup, registry) => configureMmu(setup, registry, true, 3),
});

/** EPT without A/D bits, whose every mapping is write-back. */
export const eptVendor: Vendor = defineVendor({
  name: 'ept-test',
  apiVersion: 1,
  format: eptFormat,
  setup: (setup, registry) =>
    assignMasks(configureMmu(setup, registry, true, 3), 'ept_test_setup', {
      user: EPT.readable.mask,
      accessed: 0n,
      dirty: 0n,
      nx: 0n,
      x: EPT.executable.mask,
      present: 0n,
      memtype: EPT.memtype.mask | EPT.ignorePat.mask,
      accTrack: bits(2, 0),
      hostWritable: setup.layout.hostWritable.ept.mask,
      mmuWritable: setup.layout.mmuWritable.ept.mask,
    }),
  getMtMask: () => 0x70n,
});

const world = field('world', 62, 61, 'hardware', 'whose memory it is', { values: { 0: 'host', 1: 'guest' } });

const pkvmFormat: EntryFormat = {
  ...legacyFormat,
  name: 'pkvm',
  table: [PT.present, PT.writable, PT.address],
  leaf: [
    PT.present,
    PT.writable,
    PT.user,
    PT.accessed,
    PT.dirty,
    PT.pageSize,
    PT.address,
    PT.noExecute,
    world,
  ],
};

/** A flavour that nobody ships: pages belong to the host or the guest, and its masks say so. */
export const pkvmVendor: Vendor = defineVendor({
  name: 'pkvm-test',
  apiVersion: 1,
  format: pkvmFormat,
  setup: (setup, registry) =>
    assignMasks(configureMmu(setup, registry, true, 2), 'pkvm_setup', {
      user: PT.user.mask | bit(61),
      cpuDirtyLogSize: 64,
    }),
});

/** An MMU of one of these vendors on a plain machine. */
export function mmuOf(vendor: Vendor, config: Partial<MmuConfig> = {}): Mmu {
  return createMmu({ host: { physBits: 46 }, vendor, ...config });
}
