// SPDX-License-Identifier: GPL-2.0-only
/** What this policy may complain about. */
export const L1TF_DIAGNOSTICS = {
  'l1tf.cache-bits-too-wide': { kind: 'WARN_ON_ONCE' },
} as const;

/** When each of them is raised. */
export const L1TF_DIAGNOSTIC_MEANINGS: Readonly<Record<keyof typeof L1TF_DIAGNOSTICS, string>> = {
  'l1tf.cache-bits-too-wide':
    'the CPU has the L1TF bug but its cache looks at so many bits that none are left to guard with',
};
