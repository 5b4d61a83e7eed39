// SPDX-License-Identifier: GPL-2.0-only
import { bit, bits, checkInteger, createMmu, type Mmu } from '@spte/core';
import { type HostConfig, mmuConfigOf, type VendorChoice } from '@spte/host';
import { MEMORY_ENCRYPTION_LEAF, SYSCFG_MEM_ENCRYPT } from '@spte/vendor-svm';
import { type Attempt, attempt, type FormErrors, Reader } from '../fields/attempt.ts';
import { parseDecimal } from '../fields/parse.ts';
import { type Machine, machineCodecs, type Sme } from './machine.ts';

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

/** The C-bit that the form shows while nothing is encrypted: that of most CPUs with SME. */
const USUAL_C_BIT = 51;

const C_BIT_POSITION = 0x3f;

type Encryption = (VendorChoice & { readonly name: 'svm' })['options'];

/** What a machine with SME shows of it. */
function encryptionOf(sme: Sme, cBit: number): Encryption {
  if (sme === 'off') return {};
  return {
    smeMeMask: sme === 'kernel' ? bit(cBit) : 0n,
    syscfg: SYSCFG_MEM_ENCRYPT,
    cpuid80000000Eax: MEMORY_ENCRYPTION_LEAF,
    cpuid8000001fEbx: cBit,
  };
}

function smeOf({ syscfg = 0n, smeMeMask = 0n }: Encryption): Sme {
  if (smeMeMask !== 0n) return 'kernel';
  return syscfg === 0n ? 'off' : 'firmware';
}

/** The form that says what a configuration says. */
export function machineOf({ kernel, host, params, mmioCaching, vendor, root }: HostConfig): Machine {
  const intel = vendor.name === 'vmx' ? vendor.options : {};
  const amd = vendor.name === 'svm' ? vendor.options : {};
  const sme = smeOf(amd);
  return {
    vendor: vendor.name,
    kernel,
    physBits: String(host.physBits),
    rawPhysBits: String(host.cpuid80000008Eax ?? host.physBits),
    cacheBits: String(host.cacheBits ?? host.physBits),
    l1tf: host.l1tf ?? false,
    gbpages: host.gbpages ?? true,
    ept: intel.ept ?? true,
    eptAd: intel.eptAd ?? true,
    eptExecOnly: intel.eptExecOnly ?? true,
    eptMaxPageLevel: machineCodecs.eptMaxPageLevel.decode(String(intel.eptMaxPageLevel)) ?? '3',
    pml: intel.pml ?? true,
    npt: amd.npt ?? true,
    sme,
    cBit: String(sme === 'off' ? USUAL_C_BIT : (amd.cpuid8000001fEbx ?? 0) & C_BIT_POSITION),
    mmioCaching,
    nxHugePages: params.nxHugePages ?? false,
    mmuKind: root.kind ?? 'default',
    rootLevel: machineCodecs.rootLevel.decode(String(root.level)) ?? '4',
    eferNx: root.eferNx ?? true,
    guestGbpages: root.guestGbpages ?? true,
    ept12ExecOnly: root.ept12ExecOnly ?? false,
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
  const usesSme = machine.vendor === 'svm' && machine.sme !== 'off';
  const cBit = usesSme ? number('cBit', USUAL_C_BIT) : 0;

  return attempt(reader, FIELD_OF, () => {
    checkInteger('rawPhysBits', rawPhysBits, 32, 52);
    checkInteger('cBit', cBit, 0, 63);
    const encryption = encryptionOf(usesSme ? machine.sme : 'off', cBit);
    const config: HostConfig = {
      kernel: machine.kernel,
      host: {
        physBits,
        cacheBits,
        l1tf: machine.l1tf,
        cpuid80000008Eax: rawPhysBits,
        physicalMask: bits(51, 0) & ~(encryption.smeMeMask ?? 0n),
        gbpages: machine.gbpages,
      },
      params: { nxHugePages: machine.nxHugePages },
      mmioCaching: machine.mmioCaching,
      vendor: vendorOf(machine, encryption),
      root: {
        ...(machine.mmuKind !== 'default' && { kind: machine.mmuKind }),
        level: Number(machine.rootLevel),
        eferNx: machine.eferNx,
        guestGbpages: machine.guestGbpages,
        ept12ExecOnly: machine.ept12ExecOnly,
      },
    };
    return createMmu(mmuConfigOf(config));
  });
}

function vendorOf(machine: Machine, encryption: Encryption): VendorChoice {
  if (machine.vendor === 'svm') return { name: 'svm', options: { npt: machine.npt, ...encryption } };
  const { ept, eptAd, eptExecOnly, eptMaxPageLevel, pml } = machine;
  return {
    name: 'vmx',
    options: { ept, eptAd, eptExecOnly, eptMaxPageLevel: Number(eptMaxPageLevel), pml },
  };
}
