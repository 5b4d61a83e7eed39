// SPDX-License-Identifier: GPL-2.0-only
/** What this policy may complain about. */
export const MMIO_DIAGNOSTICS = {
  'mmio.gen-out-of-range': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
  'mmio.value-zero': { kind: 'WARN_ON_ONCE' },
  'mmio-mask.access-too-wide': { kind: 'BUG_ON' },
  'mmio-mask.value-in-lower-gfn': { kind: 'WARN_ON' },
  'mmio-mask.outside-allowed': { kind: 'WARN_ON' },
  'mmio-mask.l1tf-collision': { kind: 'WARN_ON' },
  'mmio-mask.value-not-in-mask': { kind: 'WARN_ON' },
  'mmio-mask.removed-collision': { kind: 'WARN_ON' },
  'mmio-mask.frozen-collision': { kind: 'WARN_ON' },
  'mmio-fault.reserved': { kind: 'WARN_ON_ONCE', warnOnUntil: '6.6' },
} as const;

/** When each of them is raised. */
export const MMIO_DIAGNOSTIC_MEANINGS: Readonly<Record<keyof typeof MMIO_DIAGNOSTICS, string>> = {
  'mmio.gen-out-of-range': 'the generation has more bits than an MMIO SPTE can hold',
  'mmio.value-zero': 'an MMIO SPTE was built while the MMIO value is 0',
  'mmio-mask.access-too-wide': 'the access mask has bits above 31',
  'mmio-mask.value-in-lower-gfn': 'the MMIO value overlaps the gfn of MMIO SPTEs',
  'mmio-mask.outside-allowed': 'the MMIO mask has bits that are not for it',
  'mmio-mask.l1tf-collision': 'the MMIO value overlaps the gfn bits that L1TF moved',
  'mmio-mask.value-not-in-mask': 'the MMIO value is not a subset of its mask',
  'mmio-mask.removed-collision': 'a removed SPTE would count as MMIO',
  'mmio-mask.frozen-collision': 'a frozen SPTE would count as MMIO (the name since 6.11)',
  'mmio-fault.reserved': 'the walk to an MMIO address met reserved bits in a present SPTE',
};
