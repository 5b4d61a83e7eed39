// SPDX-License-Identifier: GPL-2.0-only
import { formatKernel } from '@spte/core';
import { MEMORY_ENCRYPTION_LEAF } from '@spte/vendor-svm';
import { type AddressFacts, addressFacts, kvmFlag, multihitBug, physicalMask } from './address-facts.ts';
import { type HostConfig, isCachingPossible, type VendorChoice } from './config.ts';
import type { HostTexts } from './host-texts.ts';
import { ramEnd } from './iomem.ts';
import { kernelRelease, nameOf } from './kernel-release.ts';
import { assume, type Known, quoted, type Source, said } from './source.ts';
import { type Testimony, takeTestimony } from './testimony.ts';
import { type VendorFacts, type VendorName, vendorFacts, vendorOf } from './vendor-facts.ts';

/** A fact about the machine. */
export interface HostFact {
  readonly name: string;
  readonly value: string | number | boolean | bigint;
  /** The line that it rests on; null where no line says anything. */
  readonly source: Source | null;
  /** Whether the line leaves room for another value, or there is no line. */
  readonly assumed: boolean;
  readonly why: string;
}

/** How guests' memory is mapped. */
export type PagingMode = 'ept' | 'npt' | 'shadow';

/** A machine as KVM sees it, and how much of that is certain. */
export interface HostReport {
  readonly kernel: string;
  readonly vendor: VendorName;
  readonly mode: PagingMode;
  readonly facts: readonly HostFact[];
  /** The names of the facts that are assumed. */
  readonly assumed: readonly string[];
  readonly config: HostConfig;
  /** What could not be read. */
  readonly notes: readonly string[];
}

/**
 * Works out what a kernel finds on a machine, and says for each fact which line it rests on, or that it is assumed.
 * Never throws, whatever the texts hold.
 *
 * @example
 * ```ts
 * import { hostReport } from '@spte/host';
 *
 * const uname = { name: 'uname.txt', text: 'Linux h 6.1.0-56-amd64 #1 SMP Debian 6.1.192-2 x86_64' };
 * hostReport({ uname }).kernel; // 6.1.192
 * hostReport({}).assumed.length > 10; // true
 * ```
 *
 * @example
 * ```ts
 * import { hostReport } from '@spte/host';
 *
 * const cpuinfo = {
 *   name: 'cpuinfo.txt',
 *   text: 'vendor_id : AuthenticAMD\naddress sizes : 48 bits physical, 48 bits virtual\nflags : svm npt nx',
 * };
 * const { vendor, facts } = hostReport({ cpuinfo });
 * [vendor, facts.find(({ name }) => name === 'physBits')?.value]; // [ 'svm', 48 ]
 * ```
 */
export function hostReport(texts: HostTexts): HostReport {
  const machine = takeTestimony(texts);
  const kernel = kernelRelease(texts.uname, texts.versionSignature);
  const vendor = vendorOf(machine);
  const address = addressFacts(machine, vendor.value);
  const paging = vendorFacts(machine, vendor.value, kernel.value);
  const nxHugePages = nxHugePagesOf(machine);
  const draft: HostConfig = {
    kernel: nameOf(kernel.value),
    host: {
      physBits: address.physBits.value,
      cacheBits: address.cacheBits.value,
      l1tf: address.l1tf.value,
      cpuid80000008Eax: address.maxPhyAddr.value,
      physicalMask: physicalMask(address),
      gbpages: address.gbpages.value,
    },
    params: { nxHugePages: nxHugePages.value },
    mmioCaching: true,
    vendor: vendorChoice(vendor.value, paging, address),
    root: { level: paging.rootLevel.value },
  };
  const mmioCaching = mmioCachingOf(machine, isCachingPossible(draft));
  const mode = modeOf(vendor.value, paging.tdp.value);
  const { tdp, ...setup } = paging;
  const facts = listFacts({
    kernel: { ...kernel, value: formatKernel(kernel.value) },
    vendor,
    [vendor.value === 'vmx' ? 'ept' : 'npt']: tdp,
    ...(vendor.value === 'vmx' ? setup : { rootLevel: setup.rootLevel }),
    ...addressList(vendor.value, address),
    mmioCaching,
    nxHugePages,
    ...optionalFacts(machine, texts),
  });
  return {
    kernel: formatKernel(kernel.value),
    vendor: vendor.value,
    mode,
    facts,
    assumed: facts.filter((fact) => fact.assumed).map(({ name }) => name),
    config: { ...draft, mmioCaching: mmioCaching.value },
    notes: [...(texts.notes ?? []), ...machine.notes],
  };
}

const modeOf = (vendor: VendorName, tdp: boolean): PagingMode => {
  if (!tdp) return 'shadow';
  return vendor === 'vmx' ? 'ept' : 'npt';
};

function listFacts(known: Readonly<Record<string, Known<HostFact['value']>>>): HostFact[] {
  return Object.entries(known).map(([name, fact]) => ({
    ...fact,
    name,
    source: fact.source && quoted(fact.source),
  }));
}

/** AMD's encryption does not exist on an Intel machine. */
function addressList(vendor: VendorName, facts: AddressFacts): Record<string, Known<HostFact['value']>> {
  const { physBits, maxPhyAddr, cacheBits, l1tf, gbpages, cpuid8000001fEbx, syscfg, smeMeMask } = facts;
  const widths = { physBits, maxPhyAddr, cacheBits, l1tf, gbpages };
  return vendor === 'vmx' ? widths : { ...widths, cpuid8000001fEbx, syscfg, smeMeMask };
}

function vendorChoice(vendor: VendorName, paging: VendorFacts, address: AddressFacts): VendorChoice {
  if (vendor === 'vmx') {
    const { tdp, eptAd, eptExecOnly, eptMaxPageLevel, pml } = paging;
    return {
      name: 'vmx',
      options: {
        ept: tdp.value,
        eptAd: eptAd.value,
        eptExecOnly: eptExecOnly.value,
        eptMaxPageLevel: eptMaxPageLevel.value,
        pml: pml.value,
      },
    };
  }
  const { cpuid8000001fEbx, syscfg, smeMeMask } = address;
  return {
    name: 'svm',
    options: {
      npt: paging.tdp.value,
      cpuid80000000Eax: syscfg.value === 0n ? 0 : MEMORY_ENCRYPTION_LEAF,
      cpuid8000001fEbx: cpuid8000001fEbx.value,
      syscfg: syscfg.value,
      smeMeMask: smeMeMask.value,
    },
  };
}

/**
 * The parameter shows what the kernel decided: off may be what the user wanted, or that no reserved address bit is
 * left. Where caching is impossible, the one cannot be told from the other, and need not be.
 */
function mmioCachingOf(machine: Testimony, isPossible: boolean): Known<boolean> {
  const given = kvmFlag(machine, 'mmio_caching');
  if (given === null) return assume(true, 'the parameter was not read, or the kernel has none (up to 5.12)');
  if (given.value) return said(true, given.source, 'the parameter after the kernel has decided');
  return isPossible
    ? said(false, given.source, 'switched off: this machine could cache MMIO')
    : assume(true, 'off as a consequence: no reserved address bit is left to mark MMIO with', given.source);
}

function nxHugePagesOf(machine: Testimony): Known<boolean> {
  const given = machine.params.get('kvm.nx_huge_pages') ?? machine.cmdline.get('kvm.nx_huge_pages');
  if (given?.value === 'force') return said(true, given.source, 'forced');
  if (given?.value === 'never') return said(false, given.source, 'switched off for good');
  const decided = kvmFlag(machine, 'nx_huge_pages');
  return decided === null ? multihitBug(machine) : said(decided.value, decided.source, 'the parameter');
}

/** Facts that no mask depends on. */
function optionalFacts(machine: Testimony, { iomem }: HostTexts): Record<string, Known<HostFact['value']>> {
  const tdpMmu = kvmFlag(machine, 'tdp_mmu');
  const end = iomem === undefined ? null : ramEnd(iomem);
  return {
    ...(tdpMmu !== null && { tdpMmu: said(tdpMmu.value, tdpMmu.source, 'the parameter') }),
    ...(end !== null && { ramEnd: end }),
  };
}
