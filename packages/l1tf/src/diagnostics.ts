// SPDX-License-Identifier: GPL-2.0-only
/** What this policy may complain about. */
export const L1TF_DIAGNOSTICS = {
  'l1tf.cache-bits-too-wide': {
    kind: 'WARN_ON_ONCE',
    meaning: 'the CPU has the L1TF bug but its cache looks at so many bits that none are left to guard with',
  },
} as const;
