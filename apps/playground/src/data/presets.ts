// SPDX-License-Identifier: GPL-2.0-only
import type { Machine } from '../model/machine.ts';

/** A typical machine. */
export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly machine: Machine;
}

/** A four-level host without any of the bugs and extensions that a preset may have. */
const plain = {
  kernel: '6.8',
  l1tf: false,
  gbpages: true,
  ept: true,
  eptAd: true,
  eptExecOnly: true,
  eptMaxPageLevel: '3',
  pml: true,
  npt: true,
  sme: 'off',
  cBit: '51',
  mmioCaching: true,
  nxHugePages: false,
  mmuKind: 'default',
  rootLevel: '4',
  eferNx: true,
  guestGbpages: true,
  ept12ExecOnly: false,
} as const satisfies Partial<Machine>;

const intel = (bits: string, fields: Partial<Machine> = {}): Machine => ({
  ...plain,
  vendor: 'vmx',
  physBits: bits,
  rawPhysBits: bits,
  cacheBits: bits,
  ...fields,
});

const amd = (bits: string, fields: Partial<Machine> = {}): Machine => ({
  ...plain,
  vendor: 'svm',
  physBits: bits,
  rawPhysBits: bits,
  cacheBits: bits,
  ...fields,
});

const haswell = intel('46', { l1tf: true, nxHugePages: true });
const milanSme = { physBits: '43', cacheBits: '43', rawPhysBits: '48', sme: 'kernel' } as const;

/** The first one is what a plain link opens. */
export const presets: readonly [Preset, ...Preset[]] = [
  {
    id: 'cascade-lake',
    name: 'Intel Cascade Lake: EPT A/D, iTLB multihit',
    machine: intel('46', { nxHugePages: true }),
  },
  { id: 'haswell', name: 'Intel Haswell server: EPT A/D, L1TF', machine: haswell },
  {
    id: 'haswell-client',
    name: 'Intel Haswell client: L1TF, 44 cache bits',
    machine: intel('39', { l1tf: true, cacheBits: '44', nxHugePages: true, pml: false }),
  },
  {
    id: 'skylake-no-ad',
    name: 'Intel Skylake, eptad=0: L1TF',
    machine: intel('46', { l1tf: true, nxHugePages: true, eptAd: false, pml: false }),
  },
  { id: 'ice-lake', name: 'Intel Ice Lake server: EPT A/D', machine: intel('46') },
  {
    id: 'sapphire-rapids',
    name: 'Intel Sapphire Rapids: MKTME, 5 levels',
    machine: intel('46', { rawPhysBits: '52', rootLevel: '5' }),
  },
  {
    id: 'intel-shadow',
    name: 'Intel Haswell server, ept=0: shadow paging',
    machine: { ...haswell, ept: false, eptAd: false, eptExecOnly: false, pml: false },
  },
  {
    id: 'intel-nested-ept',
    name: 'Intel Cascade Lake: EPT of a nested guest',
    machine: intel('46', { nxHugePages: true, mmuKind: 'ept12', ept12ExecOnly: true }),
  },
  { id: 'milan', name: 'AMD EPYC Milan: NPT', machine: amd('48') },
  { id: 'milan-sme', name: 'AMD EPYC Milan: NPT, SME', machine: amd('48', milanSme) },
  {
    id: 'genoa-sme',
    name: 'AMD EPYC Genoa: NPT, SME, 5 levels',
    machine: amd('52', { physBits: '46', cacheBits: '46', sme: 'kernel', rootLevel: '5' }),
  },
  {
    id: 'milan-smee',
    name: 'AMD EPYC Milan: SME on in the firmware only',
    machine: amd('48', { ...milanSme, sme: 'firmware' }),
  },
  { id: 'amd-shadow', name: 'AMD EPYC Milan, npt=0: shadow paging', machine: amd('48', { npt: false }) },
];

/** The preset of this id; the first one when there is none. */
export function presetOf(id: string): Preset {
  return presets.find((preset) => preset.id === id) ?? presets[0];
}
