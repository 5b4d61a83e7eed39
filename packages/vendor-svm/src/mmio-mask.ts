// SPDX-License-Identifier: GPL-2.0-only
import { bit, checkKernelHas, type Registry, type Setup } from '@spte/core';
import { setReservedBitMmioMask } from '@spte/mmio';

/** What the CPU says about memory encryption. */
export interface MemoryEncryptionFacts {
  /** EAX of CPUID leaf 0x80000000: the highest extended leaf; 0 when absent. */
  readonly cpuid80000000Eax?: number;
  /** EBX of leaf {@link MEMORY_ENCRYPTION_LEAF}: the position of the C-bit in bits 5:0; 0 when absent. */
  readonly cpuid8000001fEbx?: number;
  /** MSR SYSCFG, of which {@link SYSCFG_MEM_ENCRYPT} counts; 0 when absent. */
  readonly syscfg?: bigint;
}

/** The CPUID leaf of memory encryption; a CPU that has it reports this leaf or a higher one as its highest. */
export const MEMORY_ENCRYPTION_LEAF = 0x8000_001f;

/** The bit of MSR SYSCFG that says that encryption is on. */
export const SYSCFG_MEM_ENCRYPT: bigint = bit(23);

const C_BIT_POSITION = 0x3f;

/**
 * With memory encryption on, fewer address bits are usable than CPUID reports: the MMIO mask starts at the first bit
 * that is reserved then, but not at the C-bit, which does not fault (upstream commit 52918ed5fcf0).
 *
 * @throws RangeError before 5.4.38, which knows nothing of it
 *
 * Kernel: `svm_adjust_mmio_mask()`.
 */
export function svmAdjustMmioMask(setup: Setup, registry: Registry, facts: MemoryEncryptionFacts): Registry {
  checkKernelHas(setup.kernel, 'svm_adjust_mmio_mask');
  const { cpuid80000000Eax = 0, cpuid8000001fEbx = 0, syscfg = 0n } = facts;
  if (cpuid80000000Eax < MEMORY_ENCRYPTION_LEAF) return registry;
  if ((syscfg & SYSCFG_MEM_ENCRYPT) === 0n) return registry;
  const { physBits } = setup.host;
  const cBit = cpuid8000001fEbx & C_BIT_POSITION;
  return setReservedBitMmioMask(setup, registry, cBit === physBits ? physBits + 1 : physBits);
}
