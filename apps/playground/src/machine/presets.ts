// SPDX-License-Identifier: GPL-2.0-only
import type { Machine } from './machine.ts';

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
    name: 'Intel Cascade Lake',
    machine: intel('46', { nxHugePages: true }),
  },
  { id: 'haswell', name: 'Intel Haswell server, L1TF', machine: haswell },
  {
    id: 'haswell-client',
    name: 'Intel Haswell client, L1TF',
    machine: intel('39', { l1tf: true, cacheBits: '44', nxHugePages: true, pml: false }),
  },
  {
    id: 'skylake-no-ad',
    name: 'Intel Skylake, L1TF, eptad=0',
    machine: intel('46', { l1tf: true, nxHugePages: true, eptAd: false, pml: false }),
  },
  { id: 'ice-lake', name: 'Intel Ice Lake server', machine: intel('46') },
  {
    id: 'sapphire-rapids',
    name: 'Intel Sapphire Rapids, MKTME',
    machine: intel('46', { rawPhysBits: '52', rootLevel: '5' }),
  },
  {
    id: 'intel-shadow',
    name: 'Intel Haswell, shadow paging',
    machine: { ...haswell, ept: false, eptAd: false, eptExecOnly: false, pml: false },
  },
  {
    id: 'intel-nested-ept',
    name: 'Intel Cascade Lake, nested EPT',
    machine: intel('46', { nxHugePages: true, mmuKind: 'ept12', ept12ExecOnly: true }),
  },
  { id: 'milan', name: 'AMD EPYC Milan', machine: amd('48') },
  { id: 'milan-sme', name: 'AMD EPYC Milan, SME', machine: amd('48', milanSme) },
  {
    id: 'genoa-sme',
    name: 'AMD EPYC Genoa, SME, 5 levels',
    machine: amd('52', { physBits: '46', cacheBits: '46', sme: 'kernel', rootLevel: '5' }),
  },
  {
    id: 'milan-smee',
    name: 'AMD EPYC Milan, SME unused',
    machine: amd('48', { ...milanSme, sme: 'firmware' }),
  },
  { id: 'amd-shadow', name: 'AMD EPYC Milan, shadow paging', machine: amd('48', { npt: false }) },
];

/** The preset of this id; the first one when there is none. */
export function presetOf(id: string): Preset {
  return presets.find((preset) => preset.id === id) ?? presets[0];
}
