// SPDX-License-Identifier: GPL-2.0-only
import { bit, bits } from '@spte/core';
import { MEMORY_ENCRYPTION_LEAF, SYSCFG_MEM_ENCRYPT } from '@spte/vendor-svm';
import type { HostConfig, VendorChoice } from './config.ts';
import { cBitOf, encryptionEbx } from './memory-encryption.ts';
import type { VendorName } from './vendor-facts.ts';

/** A typical machine under a name. */
export interface Preset {
  /** The name that command lines and links use. */
  readonly name: string;
  /** The machine in a few words. */
  readonly what: string;
  readonly config: HostConfig;
}

/** What vendors' options say where nothing is switched off. */
const VENDORS = {
  vmx: {
    name: 'vmx',
    options: { ept: true, eptAd: true, eptExecOnly: true, eptMaxPageLevel: 3, pml: true },
  },
  svm: { name: 'svm', options: { npt: true } },
} as const satisfies Readonly<Record<VendorName, VendorChoice>>;

/** Physical address bits of a usual server. */
const WIDTHS: Readonly<Record<VendorName, number>> = { vmx: 46, svm: 48 };

/**
 * A machine of which nothing but the vendor is known: a four-level host with every feature of its tables, without the
 * bugs that cost address bits, executable huge pages or memory encryption.
 *
 * @param width physical address bits as CPUID reports them
 *
 * @example
 * ```ts
 * import { plainConfig } from '@spte/host';
 *
 * plainConfig('vmx').host.physBits; // 46
 * plainConfig('svm', 40).host.physBits; // 40
 * plainConfig('svm').vendor; // { name: 'svm', options: { npt: true } }
 * ```
 */
export function plainConfig(vendor: VendorName, width: number = WIDTHS[vendor]): HostConfig {
  return {
    kernel: '6.8',
    host: {
      physBits: width,
      cacheBits: width,
      cpuid80000008Eax: width,
      physicalMask: bits(51, 0),
      gbpages: true,
    },
    params: { nxHugePages: false },
    mmioCaching: true,
    vendor: VENDORS[vendor],
    root: { level: 4 },
  };
}

/** A preset as what differs from a plain machine of its vendor. */
interface Differences {
  readonly width?: number;
  readonly host?: Partial<HostConfig['host']>;
  /** Itlb_multihit: KVM keeps huge pages from being executed. */
  readonly nxHugePages?: boolean;
  readonly root?: HostConfig['root'];
}

function plainWith(
  vendor: VendorChoice,
  { width, host, nxHugePages = false, root }: Differences,
): HostConfig {
  const plain = plainConfig(vendor.name, width);
  return {
    ...plain,
    host: { ...plain.host, ...host },
    params: { nxHugePages },
    vendor,
    root: { ...plain.root, ...root },
  };
}

type IntelOptions = (VendorChoice & { readonly name: 'vmx' })['options'];

const intel = (differences: Differences = {}, options: IntelOptions = {}): HostConfig =>
  plainWith({ name: 'vmx', options: { ...VENDORS.vmx.options, ...options } }, differences);

const amd = (differences: Differences = {}, npt = true): HostConfig =>
  plainWith({ name: 'svm', options: { npt } }, differences);

/**
 * The machine with memory encryption as the row of its CPU says, switched on by the firmware and, unless `used` is
 * false, set by the host kernel in its own tables. The CPU takes the address bits in both cases.
 */
function encrypted(config: HostConfig, model: number, used = true): HostConfig {
  const row = cBitOf(0x19, model);
  const physBits = config.host.physBits - row.reduction;
  const smeMeMask = used ? bit(row.cBit) : 0n;
  return {
    ...config,
    host: { ...config.host, physBits, cacheBits: physBits, physicalMask: bits(51, 0) & ~smeMeMask },
    vendor: {
      name: 'svm',
      options: {
        npt: true,
        smeMeMask,
        cpuid80000000Eax: MEMORY_ENCRYPTION_LEAF,
        cpuid8000001fEbx: encryptionEbx(row),
        syscfg: SYSCFG_MEM_ENCRYPT,
      },
    },
  };
}

/** Models of AMD's family 0x19. */
const MILAN = 0x01;
const GENOA = 0x11;

const HASWELL: Differences = { host: { l1tf: true }, nxHugePages: true };

/**
 * Typical machines, all with Linux 6.8. The first one is what to open with.
 *
 * The nested EPT of `intel-nested-ept` allows execute-only entries: KVM offers them to the nested hypervisor where the
 * CPU has them, as these CPUs do, and checks the entries that shadow its tables accordingly.
 */
export const PRESETS: readonly [Preset, ...Preset[]] = [
  { name: 'cascade-lake', what: 'Intel Cascade Lake', config: intel({ nxHugePages: true }) },
  { name: 'haswell', what: 'Intel Haswell server, L1TF', config: intel(HASWELL) },
  {
    name: 'haswell-client',
    what: 'Intel Haswell client, L1TF, 39 address bits',
    config: intel({ ...HASWELL, width: 39, host: { l1tf: true, cacheBits: 44 } }, { pml: false }),
  },
  {
    name: 'skylake-no-ad',
    what: 'Intel Skylake, L1TF, eptad=0',
    config: intel(HASWELL, { eptAd: false, pml: false }),
  },
  { name: 'ice-lake', what: 'Intel Ice Lake server', config: intel() },
  {
    name: 'sapphire-rapids',
    what: 'Intel Sapphire Rapids, MKTME',
    config: intel({ width: 52, host: { physBits: 46, cacheBits: 46 }, root: { level: 5 } }),
  },
  {
    name: 'intel-shadow',
    what: 'Intel Haswell, shadow paging',
    config: intel(HASWELL, { ept: false, eptAd: false, eptExecOnly: false, pml: false }),
  },
  {
    name: 'intel-nested-ept',
    what: 'Intel Cascade Lake, nested EPT',
    config: intel({ nxHugePages: true, root: { kind: 'ept12', ept12ExecOnly: true } }),
  },
  { name: 'milan', what: 'AMD EPYC Milan', config: amd() },
  { name: 'milan-sme', what: 'AMD EPYC Milan, SME', config: encrypted(amd(), MILAN) },
  {
    name: 'genoa-sme',
    what: 'AMD EPYC Genoa, SME, 5 levels',
    config: encrypted(amd({ width: 52, root: { level: 5 } }), GENOA),
  },
  { name: 'milan-smee', what: 'AMD EPYC Milan, SME unused', config: encrypted(amd(), MILAN, false) },
  { name: 'amd-shadow', what: 'AMD EPYC Milan, shadow paging', config: amd({}, false) },
];

/**
 * The preset of this name, in any case; undefined when there is none.
 *
 * @example
 * ```ts
 * import { presetOf } from '@spte/host';
 *
 * presetOf('Milan-SMEE')?.what; // AMD EPYC Milan, SME unused
 * presetOf('milan-smee')?.config.vendor.name; // svm
 * presetOf('pentium'); // undefined
 * ```
 */
export function presetOf(name: string): Preset | undefined {
  return PRESETS.find((preset) => preset.name === name.toLowerCase());
}
