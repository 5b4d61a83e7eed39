// SPDX-License-Identifier: GPL-2.0-only
import { defineVariant, type Variant } from './variant.ts';

// What differs between kernels in the masks that they start up with.

/** Whether the memory-encryption mask is the C-bit of the host itself, and nothing else. */
export const meMaskIsHosts: Variant<boolean> = defineVariant(
  'memory-encryption bits',
  {
    since: '5.4',
    value: true,
    change:
      "one mask, the host's own C-bit (sme_me_mask): set by the reset, cleared for EPT; MKTME key bits are not known",
  },
  {
    since: '5.19',
    value: false,
    change: 'a value and a mask, set by the vendor: the key bits of MKTME are a mask without a value',
  },
);

/** How a kernel says whether it caches MMIO in SPTEs. */
export interface MmioCaching {
  /** Whether the user has a say. */
  readonly parameter: boolean;
  /** Whether what the user said is saved at module init, so that each vendor load begins with it. */
  readonly saved: boolean;
  /** Whether the flag is cleared when there is no MMIO value. Else a value of 0 is what says so. */
  readonly cleared: boolean;
}

/** What decides whether MMIO is cached in SPTEs. */
export const mmioCaching: Variant<MmioCaching> = defineVariant(
  'whether MMIO is cached in SPTEs',
  { since: '5.4', value: { parameter: false, saved: false, cleared: false }, change: 'always' },
  {
    since: '5.13',
    value: { parameter: true, saved: false, cleared: false },
    change:
      'the parameter mmio_caching, and not while the MMIO value is 0; the parameter reads Y all the same then',
  },
  {
    since: '5.19',
    value: { parameter: true, saved: false, cleared: true },
    change: 'the parameter turns to N when the MMIO value becomes 0, and stays so',
  },
  {
    since: '5.19.2',
    value: { parameter: true, saved: true, cleared: true },
    change: 'each vendor load begins with what the user said',
  },
);
