// SPDX-License-Identifier: GPL-2.0-only

/** An Intel CPU model of family 6 whose cache looks at 44 address bits, whatever CPUID says. */
export interface CacheBitsModel {
  readonly model: number;
  /** The kernel's name for it. */
  readonly name: string;
}

/** The family that all of them belong to. */
export const CACHE_BITS_FAMILY = 6;

/** The address bits that these caches look at. */
export const CACHE_BITS = 44;

/**
 * The models for which the kernel corrects `x86_cache_bits`, on CPUs with the L1TF bug.
 *
 * Kernel: `override_cache_bits()` in arch/x86/kernel/cpu/bugs.c, the same list from 5.4 to 7.3; numbers from
 * arch/x86/include/asm/intel-family.h.
 */
export const CACHE_BITS_MODELS: readonly CacheBitsModel[] = [
  { model: 0x1e, name: 'NEHALEM' },
  { model: 0x25, name: 'WESTMERE' },
  { model: 0x2a, name: 'SANDYBRIDGE' },
  { model: 0x3a, name: 'IVYBRIDGE' },
  { model: 0x3c, name: 'HASWELL' },
  { model: 0x45, name: 'HASWELL_L' },
  { model: 0x46, name: 'HASWELL_G' },
  { model: 0x3d, name: 'BROADWELL' },
  { model: 0x47, name: 'BROADWELL_G' },
  { model: 0x4e, name: 'SKYLAKE_L' },
  { model: 0x5e, name: 'SKYLAKE' },
  { model: 0x8e, name: 'KABYLAKE_L' },
  { model: 0x9e, name: 'KABYLAKE' },
];
