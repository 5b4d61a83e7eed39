// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  bit,
  bits,
  configureMmu,
  defineVendor,
  type EntryFormat,
  extendVendor,
  field,
  type Host,
  legacyFormat,
  type Mmu,
  type MmuConfig,
  type Policy,
  type PolicyReading,
  type Vendor,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio, readMmioSpte } from '@spte/mmio';
import { vmx } from '@spte/vendor-vmx';

/** What is unusual about a machine. Where a hook could say what it looks at, it says so or not. */
export const PLUGIN_MACHINE_NAMES = [
  'CPU fields in the address',
  'masks in the address',
  'memory type by gfn',
  'memory type by gfn, declared',
  'devices by pfn',
  'devices by pfn, declared',
  'MMIO by address bits',
  'MMIO by address bits, declared',
  'bits, kinds and findings',
  'findings of a hook',
  'findings of a hook, declared',
] as const;

export type PluginMachineName = (typeof PLUGIN_MACHINE_NAMES)[number];

// Plugins that look at what no vendor and no policy of this repository looks at. Whatever is fast must be right on
// their machines too.

const policies = [l1tf, mmio()];

/** A CPU that reads bits of the address on its own: bit 46 of a leaf, bit 45 of a table. KVM sets neither. */
const keyedFormat: EntryFormat = {
  ...legacyFormat,
  name: 'keyed',
  leaf: [...legacyFormat.leaf, field('pageKey', 46, 46, 'hardware', 'whose page it is')],
  table: [...legacyFormat.table, field('tableKey', 45, 45, 'hardware', 'whose table it is')],
};

const keyed: Vendor = defineVendor({
  name: 'keyed',
  apiVersion: 1,
  format: keyedFormat,
  setup: (setup, registry) => configureMmu(setup, registry, true, 3),
});

/**
 * A kernel that keeps bits of its own in the address: bit 45 with user access, bit 44 with each write. Its memory is
 * encrypted where bits 42 and 41 are both set.
 */
const marked: Vendor = defineVendor({
  name: 'marked',
  apiVersion: 1,
  format: legacyFormat,
  setup(setup, before) {
    const registry = configureMmu(setup, before, true, 3);
    return assignMasks(registry, 'marked_setup', {
      user: registry.masks.user | bit(45),
      dirty: bit(44),
      meMask: bits(42, 41),
      meValue: bits(42, 41),
    });
  },
});

/** Frames of a device that its machine's host does not tell: the APIC's page and those after it. */
const isDevice = (frame: bigint): boolean => frame >= 0xfee00n && frame <= 0xfee0fn;

const byGfn: Vendor['getMtMask'] = (setup, host, gfn, isMmio) =>
  isDevice(gfn) ? 0n : (vmx().getMtMask?.(setup, host, gfn, isMmio) ?? 0n);

const byPfn = (_host: Host, pfn: bigint): boolean => isDevice(pfn);

/** Takes no entry with bit 44; one with bit 43 remembers no access. */
function readPicky(mmu: Mmu, spte: bigint): PolicyReading | null {
  const reading = (spte & bit(44)) === 0n ? readMmioSpte(mmu, spte) : null;
  return reading === null || (spte & bit(43)) === 0n ? reading : { ...reading, access: 0n };
}

const picky: Policy = { ...mmio(), name: 'picky', read: readPicky };
const devices: Policy = { ...mmio(), name: 'devices', isMmioPfn: byPfn };
const typed: Vendor = { ...vmx(), name: 'typed', getMtMask: byGfn };

/** Bit 59 says that another node has a page: no kernel and no CPU has a meaning for it in a leaf. */
const shared = field('shared', 59, 59, 'kvm', 'another node has the page too');

/** A memory that several machines share: their pages must not be writable, and none is known without its node. */
const shares: Vendor = extendVendor(vmx(), {
  name: 'dsm',
  software: [{ field: shared, in: ['leaf'], set: 'sometimes' }],
  leafBits: (_mmu, _host, { gfn }, set) => (isDevice(gfn) ? set(shared.mask, 'devices are shared') : 0n),
  findings: {
    'shared-writable': {
      severity: 'error',
      text: 'the page is shared, but the CPU may write',
      where: { mask: shared.mask | 2n, value: shared.mask | 2n },
    },
    'far-table': {
      severity: 'warning',
      text: 'the table is on another node',
      where: { mask: bit(46), value: bit(46), kinds: ['table'], levels: [2, 3] },
    },
  },
});

/** Poisons entries that are not present, with the frame that was there. */
const poison: Policy = {
  name: 'guard',
  apiVersion: 2,
  kinds: {
    poison: {
      mask: bits(63, 52) | bits(11, 0),
      value: 0x500n,
      label: 'poisoned entry',
      countsAs: 'empty',
      fields: [field('frame', 45, 12, 'kvm', 'the frame that was there')],
    },
  },
};

/** Objects to frames of an odd place, one by one. */
const judgeFrames: NonNullable<Policy['judge']> = (_mmu, { spte, kind }) =>
  kind === 'leaf' && (spte & bit(43)) !== 0n ? [{ code: 'picky/odd-frame', bits: bit(43) }] : [];

const judging: Policy = {
  name: 'picky',
  apiVersion: 2,
  findings: { 'odd-frame': { severity: 'warning', text: 'a frame of an odd place' } },
  judge: judgeFrames,
};

const wide = { physBits: 48 };

/** Machines with such plugins. */
export const pluginMachines: Readonly<Record<PluginMachineName, MmuConfig>> = {
  'CPU fields in the address': { host: wide, vendor: keyed, policies },
  'masks in the address': { host: wide, vendor: marked, policies },
  'memory type by gfn': { host: wide, vendor: typed, policies },
  'memory type by gfn, declared': {
    host: wide,
    vendor: { ...typed, dependsOn: { getMtMask: { of: byGfn, gfn: true } } },
    policies,
  },
  'devices by pfn': { host: wide, vendor: vmx(), policies: [l1tf, devices] },
  'devices by pfn, declared': {
    host: wide,
    vendor: vmx(),
    policies: [l1tf, { ...devices, dependsOn: { ...mmio().dependsOn, isMmioPfn: { of: byPfn, pfn: true } } }],
  },
  'MMIO by address bits': { host: wide, vendor: vmx(), policies: [l1tf, picky] },
  'MMIO by address bits, declared': {
    host: wide,
    vendor: vmx(),
    policies: [
      l1tf,
      { ...picky, dependsOn: { ...mmio().dependsOn, read: { of: readPicky, address: bit(44) | bit(43) } } },
    ],
  },
  'bits, kinds and findings': { host: wide, vendor: shares, policies: [...policies, poison] },
  'findings of a hook': { host: wide, vendor: vmx(), policies: [...policies, judging] },
  'findings of a hook, declared': {
    host: wide,
    vendor: vmx(),
    policies: [...policies, { ...judging, dependsOn: { judge: { of: judgeFrames, address: bit(43) } } }],
  },
};
