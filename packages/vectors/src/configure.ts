// SPDX-License-Identifier: GPL-2.0-only
import {
  accessBits,
  checkOneOf,
  createMmu,
  hex,
  isBefore,
  type KernelVersion,
  type Masks,
  MMU_KINDS,
  type Mmu,
  type MmuConfig,
  type RsvdBitsValidate,
  type Vendor,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { type MemoryEncryptionFacts, svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import type { Fields, JsonObject, Vector } from './vector.ts';

/** The CPU's memory encryption, as the configuration of a vector states it. */
export function memoryEncryptionFacts(config: Fields): MemoryEncryptionFacts {
  return {
    cpuid80000000Eax: config.u32('cpuid80000000Eax'),
    cpuid8000001fEbx: config.u32('cpuid8000001fEbx'),
    syscfg: config.u64('syscfg'),
  };
}

function vendorOf(config: Fields): Vendor {
  switch (checkOneOf('config.vendor', config.text('vendor'), ['vmx', 'svm'])) {
    case 'vmx':
      return vmx({
        ept: config.flag('ept'),
        eptAd: config.flag('eptAd'),
        eptExecOnly: config.flag('eptExecOnly'),
        eptMaxPageLevel: config.int('eptMaxPageLevel'),
        pml: config.flag('pml'),
      });
    case 'svm':
      return svm({
        npt: config.flag('npt'),
        smeMeMask: config.u64('smeMeMask'),
        ...memoryEncryptionFacts(config),
      });
  }
}

/** The public configuration that a vector's `config` describes. */
function mmuConfig({ kernel, config }: Pick<Vector, 'kernel' | 'config'>): MmuConfig {
  return {
    // Within the reference only the memory type hook differs: the variant names the kernel that has it.
    kernel: kernel ?? config.text('mtVariant'),
    host: {
      physBits: config.int('physBits'),
      cacheBits: config.int('cacheBits'),
      l1tf: config.flag('l1tf'),
      extCpuidLevel: config.u32('extCpuidLevel'),
      cpuid80000008Eax: config.u32('cpuid80000008Eax'),
      physicalMask: config.u64('physicalMask'),
      gbpages: config.flag('hostGbpages'),
    },
    params: {
      nxHugePages: config.flag('nxHugePages'),
      proveMmu: config.flag('proveMmu'),
      clearCpuBufVmMmio: config.optionalFlag('clearCpuBufVmMmio'),
    },
    policies: [l1tf, mmio({ mmioCaching: config.flag('mmioCaching') })],
    vendor: vendorOf(config),
    vm: config.optionalFlag('vmMmioOverride') ? { mmioValue: config.u64('vmMmioValue') } : {},
    root: {
      kind: checkOneOf('config.mmuKind', config.text('mmuKind'), MMU_KINDS),
      level: config.int('rootLevel'),
      eferNx: config.flag('eferNx'),
      guestGbpages: config.flag('guestGbpages'),
      ept12ExecOnly: config.flag('ept12ExecOnly'),
      cr4Smep: config.optionalFlag('cr4Smep'),
    },
  };
}

/** Computes the MMUs of vectors; equal configurations share one. */
export function mmuFactory(): (vector: Vector) => Mmu {
  const known = new Map<string, Mmu>();
  return (vector) => {
    const mmu = known.get(vector.configKey) ?? createMmu(mmuConfig(vector));
    known.set(vector.configKey, mmu);
    return mmu;
  };
}

/** A reserved-bit table as vectors write it. */
export function checkToJson({ bit7Clear, bit7Set, badMtXwr }: RsvdBitsValidate): JsonObject {
  return { bit7Clear: bit7Clear.map(hex), bit7Set: bit7Set.map(hex), badMtXwr: hex(badMtXwr) };
}

/** The page format of an MMU: what vectors list under `zeroCheck`. */
function pageFormatToJson({ kernel, zeroCheck, permissions }: Mmu): JsonObject {
  return { ...checkToJson(zeroCheck), ...(hasRwux(kernel) && { permissions: permissions.map(hex) }) };
}

/** Whether a kernel tells read from present, and user fetches from others: its vectors then have other masks. */
export function hasRwux(kernel: KernelVersion): boolean {
  return accessBits(kernel).read !== 0;
}

/** Whether a kernel has an MMIO value per VM. */
function hasVmMmioValue(kernel: KernelVersion): boolean {
  return !isBefore(kernel, '6.10');
}

type Values = Record<string, bigint | number | boolean>;

function toJson(values: Values): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'bigint' ? hex(value) : value]),
  );
}

/** The masks, as vectors of a kernel write those of a registry after a step. */
export function registryToJson(kernel: KernelVersion, masks: Masks): JsonObject {
  const { x, xu, vmMmioValue, kvmAdEnabled, memtype, ...others } = masks;
  const { baseAddr, tdpEnabled, maxHugePageLevel, cpuDirtyLogSize, ...registry } = others;
  return toJson(
    hasRwux(kernel) ? { ...registry, xs: x, xu, vmMmioValue, kvmAdEnabled } : { ...registry, x, memtype },
  );
}

/** Everything that vectors list under `masks`. */
export function mmuToJson(mmu: Mmu): JsonObject {
  const { kernel, masks } = mmu;
  const { baseAddr, tdpEnabled, maxHugePageLevel, cpuDirtyLogSize, vmMmioValue, memtype } = masks;
  return {
    ...registryToJson(kernel, masks),
    ...toJson({
      baseAddr,
      tdpEnabled,
      maxHugePageLevel,
      cpuDirtyLogSize,
      ...(hasVmMmioValue(kernel) && { vmMmioValue }),
      ...(hasRwux(kernel) && { hasMtHook: memtype !== 0n }),
    }),
    zeroCheck: pageFormatToJson(mmu),
  };
}
