// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  configureMmu,
  defineVendor,
  field,
  legacyFormat,
  PT,
  readLegacyEntry,
  type Vendor,
} from '@spte/core';

/*
 * Where NAME keeps bits of its own in an entry. Give each its source: a function of the kernel, a commit, a manual.
 *
 *  63 62        52 51                               12 11       3  2  1  0
 *  ┌──┬──┬───────┬───────────────────────────────────┬──────────┬──┬──┬──┐
 *  │NX│  │ 59    │ the address of the page           │          │US│RW│ P│
 *  └──┴──┴───────┴───────────────────────────────────┴──────────┴──┴──┴──┘
 *          owner
 *
 * Bit 59 is free in every kernel that @spte knows; extendVendor() and the kit say so of bits that are not.
 */
const owner = field('owner', 59, 59, 'kvm', 'a page of the guest', { clear: 'a page of the host' });

/** The vendor NAME: nested paging in the legacy format, and one bit that says whose a page is. */
export function plugin(): Vendor {
  return defineVendor({
    name: 'NAME',
    version: '0.1.0',
    apiVersion: 2,
    format: legacyFormat,
    software: [{ field: owner, in: ['leaf', 'table'], set: 'sometimes' }],
    findings: {
      'user-without-owner': {
        severity: 'warning',
        text: 'the guest may use the page, but it is not marked as its own',
        next: 'was the entry written before the guest was started?',
        where: { mask: owner.mask | PT.user.mask, value: PT.user.mask },
      },
    },
    setup(setup, before) {
      // TDP is on, and the largest page is of 1G (level 3).
      const registry = configureMmu(setup, before, true, 3);
      // What the guest may use is the guest's: the bit goes with the permission.
      return assignMasks(registry, 'NAME_setup', { user: registry.masks.user | owner.mask });
    },
    cpuReads: readLegacyEntry,
  });
}

export default plugin;
