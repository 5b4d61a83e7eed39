// SPDX-License-Identifier: GPL-2.0-only
import { bit, bits, createMmu, type Mmu, type MmuKind } from '@spte/core';
import { type HostConfig, mmuConfigOf, type VendorChoice } from '@spte/host';
import { MEMORY_ENCRYPTION_LEAF, SYSCFG_MEM_ENCRYPT } from '@spte/vendor-svm';

/** What can be said about a machine on the command line; what is not said stays as the base has it. */
export interface Facts {
  readonly kernel?: string | undefined;
  readonly vendor?: 'vmx' | 'svm' | undefined;
  /** Whether EPT or NPT is used, rather than shadow paging. */
  readonly tdp?: boolean | undefined;
  readonly ad?: boolean | undefined;
  readonly execOnly?: boolean | undefined;
  readonly pml?: boolean | undefined;
  readonly gbpages?: boolean | undefined;
  readonly maxphyaddr?: number | undefined;
  readonly physBits?: number | undefined;
  readonly cacheBits?: number | undefined;
  readonly l1tf?: boolean | undefined;
  readonly smeCBit?: number | undefined;
  readonly mmioCaching?: boolean | undefined;
  readonly nxHugePages?: boolean | undefined;
  readonly rootLevel?: number | undefined;
  readonly mmu?: MmuKind | undefined;
  readonly eferNx?: boolean | undefined;
}

const ADDRESS = bits(51, 0);

/** Physical address bits that SME takes on the machines that have it. */
const SME_REDUCTION = 5;

const WIDTHS = { vmx: 46, svm: 48 } as const;

const VENDORS: Readonly<Record<'vmx' | 'svm', VendorChoice>> = {
  vmx: {
    name: 'vmx',
    options: { ept: true, eptAd: true, eptExecOnly: true, eptMaxPageLevel: 3, pml: true },
  },
  svm: { name: 'svm', options: { npt: true } },
};

/** A machine of which nothing but the vendor is known. */
export function plainConfig(vendor: 'vmx' | 'svm'): HostConfig {
  const width = WIDTHS[vendor];
  return {
    kernel: '6.8',
    host: {
      physBits: width,
      cacheBits: width,
      cpuid80000008Eax: width,
      physicalMask: ADDRESS,
      gbpages: true,
    },
    params: { nxHugePages: false },
    mmioCaching: true,
    vendor: VENDORS[vendor],
    root: { level: 4 },
  };
}

/** The base with the facts put over it. */
export function withFacts(base: HostConfig, facts: Facts): HostConfig {
  const { kernel, mmioCaching, nxHugePages, rootLevel, mmu, eferNx } = facts;
  const start =
    facts.vendor === undefined || facts.vendor === base.vendor.name
      ? base
      : { ...base, vendor: VENDORS[facts.vendor] };
  return {
    kernel: kernel ?? start.kernel,
    host: hostWith(start.host, facts),
    params: { ...start.params, ...(nxHugePages !== undefined && { nxHugePages }) },
    mmioCaching: mmioCaching ?? start.mmioCaching,
    vendor: vendorWith(start.vendor, facts),
    root: {
      ...start.root,
      ...(rootLevel !== undefined && { level: rootLevel }),
      ...(mmu !== undefined && { kind: mmu }),
      ...(eferNx !== undefined && { eferNx }),
    },
  };
}

/** A width that is given moves those that follow from it, unless they are given too. */
function hostWith(host: HostConfig['host'], facts: Facts): HostConfig['host'] {
  const { maxphyaddr, smeCBit, l1tf, gbpages } = facts;
  const raw = maxphyaddr ?? host.cpuid80000008Eax ?? host.physBits;
  const usable = smeCBit === undefined ? raw : raw - SME_REDUCTION;
  const widths = maxphyaddr !== undefined || smeCBit !== undefined;
  const physBits = facts.physBits ?? (widths ? usable : host.physBits);
  const moved = widths || facts.physBits !== undefined;
  return {
    ...host,
    physBits,
    cacheBits: facts.cacheBits ?? (moved ? physBits : (host.cacheBits ?? physBits)),
    cpuid80000008Eax: Math.max(raw, physBits),
    ...(l1tf !== undefined && { l1tf }),
    ...(gbpages !== undefined && { gbpages }),
    ...(smeCBit !== undefined && { physicalMask: ADDRESS & ~bit(smeCBit) }),
  };
}

function vendorWith(vendor: VendorChoice, facts: Facts): VendorChoice {
  const { tdp, ad, execOnly, pml, gbpages, smeCBit } = facts;
  if (vendor.name === 'svm') {
    return {
      name: 'svm',
      options: {
        ...vendor.options,
        ...(tdp !== undefined && { npt: tdp }),
        ...(smeCBit !== undefined && {
          smeMeMask: bit(smeCBit),
          cpuid80000000Eax: MEMORY_ENCRYPTION_LEAF,
          cpuid8000001fEbx: smeCBit,
          syscfg: SYSCFG_MEM_ENCRYPT,
        }),
      },
    };
  }
  return {
    name: 'vmx',
    options: {
      ...vendor.options,
      ...(tdp !== undefined && { ept: tdp }),
      ...(ad !== undefined && { eptAd: ad }),
      ...(execOnly !== undefined && { eptExecOnly: execOnly }),
      ...(pml !== undefined && { pml }),
      ...(gbpages !== undefined && { eptMaxPageLevel: gbpages ? 3 : 2 }),
    },
  };
}

/** The masks that the kernel of a configuration holds. */
export function mmuFrom(config: HostConfig): Mmu {
  return createMmu(mmuConfigOf(config));
}
