// SPDX-License-Identifier: GPL-2.0-only
import { bit, bits, checkInteger, createMmu, type Mmu, type MmuConfig, type Vendor } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { SYSCFG_MEM_ENCRYPT, svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { type Attempt, attempt, type FormErrors, Reader } from '../fields/attempt.ts';
import { parseDecimal } from '../fields/parse.ts';
import type { Machine, Sme } from './machine.ts';

export type MachineErrors = FormErrors<keyof Machine>;

/** Which field feeds an argument of the packages. */
const FIELD_OF: Readonly<Record<string, keyof Machine>> = {
  kernel: 'kernel',
  'host.physBits': 'physBits',
  'host.cacheBits': 'cacheBits',
  rawPhysBits: 'rawPhysBits',
  cBit: 'cBit',
  'root.level': 'rootLevel',
  eptMaxPageLevel: 'eptMaxPageLevel',
};

/** Highest extended CPUID leaf: the address sizes on Intel, memory encryption and more on AMD. */
const INTEL_MAX_LEAF = 0x8000_0008;
const AMD_MAX_LEAF = 0x8000_0020;

/** The CPUID, MSR and kernel facts by which a machine with SME shows it. */
function smeFacts(sme: Sme, cBit: number): { smeMeMask: bigint; syscfg: bigint; cpuid8000001fEbx: number } {
  return {
    smeMeMask: sme === 'kernel' ? bit(cBit) : 0n,
    syscfg: sme === 'off' ? 0n : SYSCFG_MEM_ENCRYPT,
    cpuid8000001fEbx: cBit,
  };
}

/** Reads the form of a machine into the configuration of an MMU, and computes it. */
export function mmuOf(machine: Machine): Attempt<Mmu, keyof Machine> {
  const reader = new Reader<keyof Machine>();
  const number = (field: 'physBits' | 'rawPhysBits' | 'cacheBits' | 'cBit', substitute: number): number =>
    reader.read(field, parseDecimal(machine[field]), substitute);
  const physBits = number('physBits', 46);
  const rawPhysBits = number('rawPhysBits', 46);
  const cacheBits = number('cacheBits', 46);
  const amd = machine.vendor === 'svm';
  const usesSme = amd && machine.sme !== 'off';
  const cBit = usesSme ? number('cBit', 51) : 0;

  return attempt(reader, FIELD_OF, () => {
    checkInteger('rawPhysBits', rawPhysBits, 32, 52);
    checkInteger('cBit', cBit, 0, 63);
    const sme = smeFacts(usesSme ? machine.sme : 'off', cBit);
    const config: MmuConfig = {
      kernel: machine.kernel,
      host: {
        physBits,
        cacheBits,
        l1tf: machine.l1tf,
        extCpuidLevel: amd ? AMD_MAX_LEAF : INTEL_MAX_LEAF,
        cpuid80000008Eax: rawPhysBits,
        physicalMask: bits(51, 0) & ~sme.smeMeMask,
        gbpages: machine.gbpages,
      },
      params: { nxHugePages: machine.nxHugePages },
      policies: [l1tf, mmio({ mmioCaching: machine.mmioCaching })],
      vendor: vendorOf(machine, sme),
      root: {
        ...(machine.mmuKind !== 'default' && { kind: machine.mmuKind }),
        level: Number(machine.rootLevel),
        eferNx: machine.eferNx,
        guestGbpages: machine.guestGbpages,
        ept12ExecOnly: machine.ept12ExecOnly,
      },
    };
    return createMmu(config);
  });
}

function vendorOf(machine: Machine, sme: ReturnType<typeof smeFacts>): Vendor {
  if (machine.vendor === 'svm') return svm({ npt: machine.npt, cpuid80000000Eax: AMD_MAX_LEAF, ...sme });
  return vmx({
    ept: machine.ept,
    eptAd: machine.eptAd,
    eptExecOnly: machine.eptExecOnly,
    eptMaxPageLevel: Number(machine.eptMaxPageLevel),
    pml: machine.pml,
  });
}
