// SPDX-License-Identifier: GPL-2.0-only
import { byKernel, type KernelVersion } from '@spte/core';
import { flag } from './params.ts';
import { assume, type Known, said } from './source.ts';
import type { Testimony, Words } from './testimony.ts';

/** `vmx` for kvm-intel, `svm` for kvm-amd. */
export type VendorName = 'vmx' | 'svm';

/** `vendor_id` of the CPUs that each module drives. */
const VENDORS: Readonly<Record<string, VendorName>> = {
  GenuineIntel: 'vmx',
  CentaurHauls: 'vmx',
  Shanghai: 'vmx',
  AuthenticAMD: 'svm',
  HygonGenuine: 'svm',
};

/** Which vendor module serves the machine. */
export function vendorOf({ cpuinfo, params }: Testimony): Known<VendorName> {
  const id = cpuinfo.get('vendor_id');
  // A text may well be the name of something that every object inherits.
  const vendor = id && Object.hasOwn(VENDORS, id.value) ? VENDORS[id.value] : undefined;
  if (id !== undefined && vendor !== undefined) return said(vendor, id.source, 'vendor_id');
  for (const [name, { source }] of params) {
    if (name.startsWith('kvm_intel.')) return said('vmx', source, 'kvm_intel is loaded');
    if (name.startsWith('kvm_amd.')) return said('svm', source, 'kvm_amd is loaded');
  }
  return assume(
    'vmx',
    'neither a known vendor_id nor parameters of a vendor module were read',
    id?.source ?? null,
  );
}

/** How a vendor module is set up. */
export interface VendorFacts {
  /** Whether the CPU walks the tables of the second dimension: EPT or NPT. */
  readonly tdp: Known<boolean>;
  readonly eptAd: Known<boolean>;
  readonly eptExecOnly: Known<boolean>;
  readonly eptMaxPageLevel: Known<number>;
  readonly pml: Known<boolean>;
  readonly rootLevel: Known<number>;
}

/** Reads what the CPU offers and what the parameters leave of it. */
export function vendorFacts(machine: Testimony, vendor: VendorName, kernel: KernelVersion): VendorFacts {
  return vendor === 'vmx' ? vmxFacts(machine) : svmFacts(machine, kernel);
}

/** A parameter shows what the module made of it; without, the CPU decides. */
function moduleSwitch(
  { params, cmdline }: Testimony,
  parameter: string,
  cpu: Known<boolean>,
): Known<boolean> {
  const value = flag(params, parameter);
  if (value !== null) return said(value.value, value.source, 'the parameter as the loaded module shows it');
  const asked = flag(cmdline, parameter);
  if (asked === null || !cpu.value) return cpu;
  return assume(asked.value, 'asked for on the command line; the module itself was not seen', asked.source);
}

/** Whether the CPU has a feature, by any line that would name it. */
function cpuHas(name: string, ...lines: readonly Words[]): Known<boolean> {
  const known = lines.filter((line) => line !== null);
  const [first] = known;
  if (first === undefined) return assume(true, `no line was read that would name ${name}`);
  const naming = known.find((line) => line.value.has(name));
  return said(naming !== undefined, (naming ?? first).source, `flag ${name}`);
}

function vmxFacts(machine: Testimony): VendorFacts {
  const { flags, vmxFlags } = machine;
  const tdp = moduleSwitch(machine, 'kvm_intel.ept', cpuHas('ept', flags, vmxFlags));
  const withTdp = (known: Known<boolean>): Known<boolean> =>
    tdp.value ? known : { ...tdp, value: false, why: 'needs EPT' };
  const eptAd = withTdp(moduleSwitch(machine, 'kvm_intel.eptad', cpuHas('ept_ad', flags, vmxFlags)));
  const huge = cpuHas('ept_1gb', vmxFlags);
  return {
    tdp,
    eptAd,
    eptExecOnly: withTdp(cpuHas('ept_x_only', vmxFlags)),
    eptMaxPageLevel: { ...huge, value: huge.value ? 3 : 2 },
    pml: eptAd.value
      ? moduleSwitch(machine, 'kvm_intel.pml', cpuHas('pml', vmxFlags))
      : { ...eptAd, why: 'needs A/D bits' },
    rootLevel: assume(4, 'guests with more than 48 physical address bits, and 5-level guests, would have 5'),
  };
}

/** Since which release NPT has as many levels as the host. */
const nptLevels = byKernel({ since: '5.4', asHost: false }, { since: '5.15', asHost: true });

function svmFacts(machine: Testimony, kernel: KernelVersion): VendorFacts {
  const { flags } = machine;
  const tdp = moduleSwitch(machine, 'kvm_amd.npt', cpuHas('npt', flags));
  const intelOnly = assume(false, 'only Intel has it');
  const la57 = flags?.value.has('la57') === true && nptLevels(kernel).asHost;
  const npt =
    flags === null
      ? assume(4, 'no flags were read')
      : said(la57 ? 5 : 4, flags.source, 'flag la57: NPT has as many levels as the host');
  return {
    tdp,
    eptAd: intelOnly,
    eptExecOnly: intelOnly,
    eptMaxPageLevel: assume(3, 'NPT maps 1G pages'),
    pml: intelOnly,
    rootLevel: tdp.value ? npt : assume(4, 'shadow paging has as many levels as the guest'),
  };
}
