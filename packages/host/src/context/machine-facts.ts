// SPDX-License-Identifier: GPL-2.0-only
import { bit, bits, type MmuKind } from '@spte/core';
import { MEMORY_ENCRYPTION_LEAF, SYSCFG_MEM_ENCRYPT } from '@spte/vendor-svm';
import type { HostConfig, VendorChoice } from '../config.ts';
import { plainConfig } from '../presets.ts';
import type { VendorName } from '../vendor-facts.ts';

/** What may be known of a machine without its texts: by a flag, a log, or the entries themselves. */
export interface MachineFacts {
  /** As `uname -r` says it. */
  readonly kernel?: string | undefined;
  readonly vendor?: VendorName | undefined;
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

/** Physical address bits that SME takes on the machines that have it. */
const SME_REDUCTION = 5;

/**
 * A machine with facts put over it; what they do not say stays as it is.
 *
 * @param facts widths in bits: `maxphyaddr` 32..52 as CPUID reports it, `physBits` what memory encryption leaves of it
 *
 * @example
 * ```ts
 * import { configWith, plainConfig } from '@spte/host';
 *
 * configWith(plainConfig('vmx'), { kernel: '6.1', maxphyaddr: 39 }).host.physBits; // 39
 * configWith(plainConfig('vmx'), { vendor: 'svm' }).host.physBits; // 46
 * ```
 */
export function configWith(base: HostConfig, facts: MachineFacts): HostConfig {
  const { kernel, mmioCaching, nxHugePages, rootLevel, mmu, eferNx } = facts;
  const start =
    facts.vendor === undefined || facts.vendor === base.vendor.name
      ? base
      : { ...base, vendor: plainConfig(facts.vendor).vendor };
  const vendor = vendorWith(start.vendor, facts);
  const kind = mmu ?? start.root.kind;
  return {
    kernel: kernel ?? start.kernel,
    host: hostWith(start.host, facts),
    params: { ...start.params, ...(nxHugePages !== undefined && { nxHugePages }) },
    mmioCaching: mmioCaching ?? start.mmioCaching,
    vendor,
    root: {
      ...start.root,
      ...(rootLevel !== undefined && { level: rootLevel }),
      ...(kind !== undefined && { kind }),
      // A nested hypervisor is offered the execute-only entries that the CPU has.
      ...(kind === 'ept12' && { ept12ExecOnly: knowsExecOnly(vendor) }),
      ...(eferNx !== undefined && { eferNx }),
    },
  };
}

const knowsExecOnly = ({ name, options }: VendorChoice): boolean =>
  name === 'vmx' && options.eptExecOnly !== false;

/** A width that is given moves those that follow from it, unless they are given too. */
function hostWith(host: HostConfig['host'], facts: MachineFacts): HostConfig['host'] {
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
    ...(smeCBit !== undefined && { physicalMask: bits(51, 0) & ~bit(smeCBit) }),
  };
}

function vendorWith(vendor: VendorChoice, facts: MachineFacts): VendorChoice {
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
