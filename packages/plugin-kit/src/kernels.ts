// SPDX-License-Identifier: GPL-2.0-only
import { compareKernelVersions, coreVariants, layouts, parseKernelVersion } from '@spte/core';
import type { KitHost } from './problem.ts';

/** A kernel for each layout, and for each release in which a rule of core became another one; oldest first. */
export const KIT_KERNELS: readonly string[] = kitKernels();

function kitKernels(): string[] {
  const releases = [...layouts, ...coreVariants.flatMap(({ rows }) => rows)].map(({ since }) => since);
  return [...new Set(['6.8', ...releases])]
    .map((release) => ({ release, version: parseKernelVersion(release) }))
    .toSorted((a, b) => compareKernelVersions(a.version, b.version))
    .map(({ release }) => release);
}

/**
 * Machines of the widths that matter: usual, with the L1TF bug, and with all address bits. The cache of the last one looks
 * at fewer, for kernels before 5.7.3 guard every CPU, and raise a WARN where they cannot.
 */
export const KIT_HOSTS: readonly KitHost[] = [
  { physBits: 46 },
  { physBits: 39, cacheBits: 44, l1tf: true },
  { physBits: 52, cacheBits: 46 },
];
