// SPDX-License-Identifier: GPL-2.0-only
import type { Facts } from './machine.ts';

/** A typical machine under a name. */
export interface Preset {
  readonly name: string;
  readonly what: string;
  readonly facts: Facts & Required<Pick<Facts, 'vendor'>>;
}

const intel = (maxphyaddr: number, facts: Facts = {}): Preset['facts'] => ({
  vendor: 'vmx',
  maxphyaddr,
  nxHugePages: false,
  ...facts,
});

const amd = (maxphyaddr: number, facts: Facts = {}): Preset['facts'] => ({
  vendor: 'svm',
  maxphyaddr,
  nxHugePages: false,
  ...facts,
});

const HASWELL = { l1tf: true, nxHugePages: true } as const;

/** Typical machines; those of the playground under the same names. */
export const PRESETS: readonly Preset[] = [
  { name: 'cascade-lake', what: 'Intel Cascade Lake', facts: intel(46, { nxHugePages: true }) },
  { name: 'haswell', what: 'Intel Haswell server, L1TF', facts: intel(46, HASWELL) },
  {
    name: 'haswell-client',
    what: 'Intel Haswell client, L1TF, 39 address bits',
    facts: intel(39, { ...HASWELL, cacheBits: 44, pml: false }),
  },
  {
    name: 'skylake-no-ad',
    what: 'Intel Skylake, L1TF, eptad=0',
    facts: intel(46, { ...HASWELL, ad: false, pml: false }),
  },
  { name: 'ice-lake', what: 'Intel Ice Lake server', facts: intel(46) },
  {
    name: 'sapphire-rapids',
    what: 'Intel Sapphire Rapids, MKTME',
    facts: intel(52, { physBits: 46, rootLevel: 5 }),
  },
  {
    name: 'intel-shadow',
    what: 'Intel Haswell, shadow paging',
    facts: intel(46, { ...HASWELL, tdp: false, ad: false, execOnly: false, pml: false }),
  },
  {
    name: 'intel-nested-ept',
    what: 'Intel Cascade Lake, nested EPT',
    facts: intel(46, { nxHugePages: true, mmu: 'ept12' }),
  },
  { name: 'milan', what: 'AMD EPYC Milan', facts: amd(48) },
  { name: 'milan-sme', what: 'AMD EPYC Milan, SME', facts: amd(48, { physBits: 43, smeCBit: 51 }) },
  {
    name: 'genoa-sme',
    what: 'AMD EPYC Genoa, SME, 5 levels',
    facts: amd(52, { physBits: 46, smeCBit: 51, rootLevel: 5 }),
  },
  { name: 'amd-shadow', what: 'AMD EPYC Milan, shadow paging', facts: amd(48, { tdp: false }) },
];
