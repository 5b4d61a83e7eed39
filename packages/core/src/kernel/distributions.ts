// SPDX-License-Identifier: GPL-2.0-only
import { field } from '../bits/bit-field.ts';
import type { KernelEvidence } from './kernel.ts';
import { adType, after, generation, type Layout, saved, v5_4_0, v5_10 } from './layout.ts';
import { writableOldSpte } from './make-spte-variants.ts';
import { roleLayout } from './role.ts';
import { physBitsAtModuleInit } from './variants.ts';
import { shadowGbpagesByTdp, shadowNx } from './zero-check-variants.ts';

/** What a kernel of a distribution does: the rules of an upstream release, but for what is said here. */
export interface DistributionKernel {
  /** The upstream release whose rules it follows; null for the one that its number says. */
  readonly base: string | null;
  /** Topics of variants in which it behaves as another release. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Places of bits that are not those of its base. */
  readonly layout?: Layout;
  readonly sure: KernelEvidence;
  /** What was read; absent where nothing was. */
  readonly source?: string;
  /** Releases that differ from the base, and that it may follow instead, in part or as a whole. */
  readonly candidates?: readonly string[];
  /** What else to know about it. */
  readonly note?: string;
}

/** The kernels of a distribution that its names tell apart by nothing. */
export interface NamedKernels extends DistributionKernel {
  readonly distribution: string;
  /** The names that it is for. */
  readonly names: RegExp;
  /** A name as `uname -r` says it. */
  readonly example: string;
}

/** A release of RHEL, whose kernels keep one number and count their builds: `5.14.0-570.12.1.el9_6`. */
export interface DistributionRelease extends DistributionKernel {
  readonly release: string;
  /** Its first build, and the second part of that build's number where it counts. */
  readonly build: readonly [number, number?];
  /** The last build that has the same code; the first one when absent. */
  readonly lastBuild?: number;
  readonly example: string;
}

/** Oldest first. */
export type Releases = readonly [DistributionRelease, ...DistributionRelease[]];

/*
 *  bits       63  62       61:52            ...  11:3
 *  MMIO       .   marker   gen 19:10             gen 9:1  (up to 4.18.0-96.el8)
 *  present    .   type     54 X', 52 R'          11 MW, 10 HW
 */

/** One bit marks MMIO SPTEs, and present ones without A/D bits. */
const rhel7: Layout = after(v5_4_0, {
  since: '3.10.0-1062.el7',
  until: '4.18.0-96.el8',
  commits: [],
  adType: adType(62, 62),
  savedBits: {
    mask: 0x5n,
    shift: 52n,
    fields: [saved('savedReadable', 52, 'R'), saved('savedExecutable', 54, 'X')],
  },
  mmioMarker: field('mmioMarker', 62, 62, 'kvm', 'marks an MMIO SPTE'),
  // Generations are even: bit 0 is not kept.
  mmioGeneration: generation([11, 3], [61, 52], 10, 1),
});

/** As before, with the generation as 5.4.0 keeps it. */
const rhel8: Layout = after(rhel7, {
  since: '4.18.0-97.el8',
  until: '4.18.0-147.7.el8',
  commits: [],
  mmioGeneration: v5_4_0.mmioGeneration,
});

/** Layouts that no upstream release from 5.4 on has, oldest first. */
export const distributionLayouts: readonly [Layout, ...Layout[]] = [rhel7, rhel8];

const OLD_SCHEME =
  'bit 62 marks MMIO SPTEs, and present ones without A/D bits; serves to decode: what it builds was not read';

// Variants of plugins, which this package does not know: a test looks whether there are any by these names.
const L1TF = 'which CPUs L1TF is guarded against on';
const MEMORY_TYPE = 'memory type in EPT leaves';
const MMIO_MASK = 'what an MMIO mask is checked for';

/** What one read tree shows of the releases after those that were read. */
const LATER: Omit<DistributionRelease, 'release' | 'build' | 'example'> = {
  base: '6.12',
  overrides: { [roleLayout.topic]: '6.14' },
  sure: 'number only',
  source: 'spte.h of a RHEL tree whose release is not known',
  candidates: ['6.13', '6.14', '6.16'],
  note: "a tree of that age has 6.14's role bits and 6.12's accessed and dirty masks",
};

const el7: Releases = [
  {
    release: '7.7',
    build: [1062],
    example: '3.10.0-1062.el7.x86_64',
    base: '5.4.0',
    layout: rhel7,
    overrides: { [L1TF]: '3.10' },
    sure: 'read',
    source: 'the tree of 3.10.0-1062, nearest to 4.12 to 4.18',
    note: OLD_SCHEME,
  },
];

const el8: Releases = [
  {
    release: '8.0',
    build: [80],
    lastBuild: 96,
    example: '4.18.0-80.el8.x86_64',
    base: '5.4.0',
    layout: rhel7,
    sure: 'changelog',
    source: 'the changelog of 4.18.0-167',
    note: OLD_SCHEME,
  },
  {
    release: '8.1',
    build: [97],
    lastBuild: 147,
    example: '4.18.0-147.el8.x86_64',
    base: '5.4.0',
    layout: rhel8,
    sure: 'changelog',
    source: 'the changelog of 4.18.0-167: "Refactor the MMIO SPTE generation handling" in 4.18.0-97',
    note: `${OLD_SCHEME}; how it keeps the generation is a guess`,
  },
  {
    release: '8.2',
    build: [147, 8],
    lastBuild: 239,
    example: '4.18.0-193.el8.x86_64',
    base: '5.4.0',
    sure: 'changelog',
    source: 'the changelog of 4.18.0-167: "assign two bits to track SPTE kinds" in 4.18.0-147.8',
    candidates: ['5.4.19', '5.4.85'],
    note: 'how it keeps the generation is a guess; 4.18.0-147.8 is a late kernel of 8.1',
  },
  {
    release: '8.3',
    build: [240],
    example: '4.18.0-240.el8.x86_64',
    base: '5.8',
    layout: v5_10,
    overrides: { [MMIO_MASK]: '5.10' },
    sure: 'read',
    source: 'AlmaLinux 8.3: 860 lines differ from 5.4.286; MMIO SPTEs are those of 5.10',
    note: 'it has no TDP MMU',
  },
  {
    release: '8.4',
    build: [305],
    example: '4.18.0-305.el8.x86_64',
    base: '5.12',
    sure: 'read',
    source: 'AlmaLinux 8.4: spte.c differs from 5.12.9 in 2 lines, mmutrace.h in none',
    note: 'tdp_mmu is off by default',
  },
  {
    release: '8.5',
    build: [348],
    example: '4.18.0-348.el8.x86_64',
    base: '5.15',
    overrides: { [shadowNx.topic]: '5.13', [shadowGbpagesByTdp.topic]: '5.13' },
    sure: 'read',
    source:
      'AlmaLinux 8.5: spte.h and spte.c are nearest to 5.15 (22 and 14 lines), the rest to 5.12 and 5.13',
    note: 'tdp_mmu is off by default',
  },
  {
    release: '8.6',
    build: [372],
    example: '4.18.0-372.el8.x86_64',
    base: '5.15',
    sure: 'read',
    source: 'AlmaLinux 8.6: spte.c and mmutrace.h are those of 5.15',
    note: 'tdp_mmu is off by default',
  },
  {
    release: '8.7 to 8.10',
    build: [425],
    lastBuild: 553,
    example: '4.18.0-553.el8_10.x86_64',
    base: '5.18',
    sure: 'read',
    source: 'AlmaLinux 8.7 to 8.10: 33 to 40 lines differ from 5.18.12, of spte.c one, of spte.h none',
    note: 'tdp_mmu is off by default',
  },
];

const el9: Releases = [
  {
    release: '9.0',
    build: [70],
    example: '5.14.0-70.el9.x86_64',
    base: '5.15',
    sure: 'read',
    source: 'AlmaLinux 9.0: 184 lines differ from 5.15.215, of spte.c none',
  },
  {
    release: '9.1',
    build: [162],
    example: '5.14.0-162.6.1.el9_1.x86_64',
    base: '5.18',
    sure: 'read',
    source: 'AlmaLinux 9.1: 9 lines differ from 5.18.12',
  },
  {
    release: '9.2',
    build: [284],
    example: '5.14.0-284.el9.x86_64',
    base: '6.0',
    sure: 'read',
    source: 'AlmaLinux 9.2: spte.c is that of 6.0',
    note: 'kvm_page_fault is printed as `address … error_code …`',
  },
  {
    release: '9.3',
    build: [362],
    example: '5.14.0-362.el9.x86_64',
    base: '6.3',
    sure: 'read',
    source: 'AlmaLinux 9.3: 23 lines differ from 6.3.8',
  },
  {
    release: '9.4',
    build: [427],
    example: '5.14.0-427.el9.x86_64',
    base: '6.6',
    sure: 'read',
    source: 'AlmaLinux 9.4: spte.h, spte.c and tdp_mmu.c are those of 6.6 and 6.7',
    candidates: ['6.7'],
  },
  {
    release: '9.5',
    build: [503],
    example: '5.14.0-503.el9.x86_64',
    base: '6.10',
    sure: 'read',
    source: 'AlmaLinux 9.5: 73 lines differ from 6.10, of spte.h, spte.c, tdp_mmu.c and mmutrace.h none',
  },
  {
    release: '9.6',
    build: [570],
    example: '5.14.0-570.12.1.el9_6.x86_64',
    base: '6.11.11',
    overrides: {
      [writableOldSpte.topic]: '6.10',
      [MEMORY_TYPE]: '6.10',
      [physBitsAtModuleInit.topic]: '6.10',
    },
    sure: 'read',
    source:
      'AlmaLinux 9.6: spte.h, tdp_mmu.c and the split are those of 6.11, shadow_phys_bits and the memory type those of 6.10',
    note: 'no upstream release behaves like it',
  },
  {
    ...LATER,
    release: 'after 9.6',
    build: [571],
    lastBuild: Number.POSITIVE_INFINITY,
    example: '5.14.0-611.el9_7.x86_64',
  },
];

const el10: Releases = [
  {
    release: '10.0',
    build: [55],
    example: '6.12.0-55.el10.x86_64',
    base: '6.12',
    sure: 'read',
    source: 'AlmaLinux 10.0: 6.12 without the fix of 6.12.10 and without the PAT quirk of 6.12.85',
  },
  {
    ...LATER,
    release: 'after 10.0',
    build: [56],
    lastBuild: Number.POSITIVE_INFINITY,
    example: '6.12.0-124.el10_1.x86_64',
  },
];

/** RHEL and what is rebuilt from it (AlmaLinux, CentOS, Oracle Linux without UEK, Rocky Linux), by its major release. */
export const rhelReleases: Readonly<Record<string, Releases>> = { 7: el7, 8: el8, 9: el9, 10: el10 };

/** Kernels whose names follow a rule; the first that fits a name is meant. */
export const namedKernels: readonly NamedKernels[] = [
  {
    distribution: 'elrepo',
    names: /\.el\d+\.elrepo/,
    example: '6.6.3-1.el9.elrepo.x86_64',
    base: null,
    sure: 'upstream',
  },
  {
    distribution: 'Nutanix',
    names: /\.nutanix\.|^\d+\.\d+\.\d+-\d+\.\d+s\d+c\d+r\d+\.el\d/,
    example: '6.12.26-11.0s20c78r5.el9.x86_64',
    base: null,
    sure: 'upstream',
  },
  {
    distribution: 'UEK7',
    names: /^5\.15\.0-\S*\.el\duek/,
    example: '5.15.0-200.131.27.el9uek.x86_64',
    base: '5.15',
    sure: 'read in part',
    source: 'spte.h of linux-uek',
  },
  {
    distribution: 'UEK5',
    names: /^4\.14\.\d+-\S*\.el7uek/,
    example: '4.14.35-2047.518.4.2.el7uek.x86_64',
    base: '5.4.0',
    layout: rhel7,
    sure: 'read in part',
    source: 'mmu.c of linux-uek',
    note: `${OLD_SCHEME}; L1TF is guarded against by physical address bits alone`,
  },
  {
    distribution: 'UEK',
    names: /\.el\d+uek/,
    example: '5.4.17-2136.330.7.1.el8uek.x86_64',
    base: null,
    sure: 'number only',
  },
  {
    distribution: 'Debian',
    names: /^\d+\.\d+\.(?!0-)\d+(?:\+(?:deb\d|bpo)|-\d\S*~(?:deb|bpo)\d)/,
    example: '6.12.43+deb13-amd64',
    base: null,
    sure: 'upstream',
  },
  {
    distribution: 'Debian',
    names: /^\d+\.\d+\.0-\S*\d-(?:cloud-|rt-)?amd64/,
    example: '6.1.0-56-amd64',
    base: null,
    sure: 'number only',
    note: '`uname -v` names the stable release',
  },
  {
    distribution: 'SLES 15 SP6',
    names: /^6\.4\.0-1506\d\d\./,
    example: '6.4.0-150600.23.25-default',
    base: null,
    sure: 'number only',
    source: 'a tree derived from it, with bit 63 in empty entries and REMOVED as 6.10',
    candidates: ['6.10'],
    note: 'a tree derived from it has the entries of 6.10, and one of openSUSE, of a branch that is not known, those of 6.4 with host-MMIO tracking; which of them ships is not settled',
  },
  {
    distribution: 'SUSE',
    names: /-1[56]\d{4}\.|-default$/,
    example: '5.14.21-150500.55.49-default',
    base: null,
    sure: 'number only',
  },
  {
    distribution: 'Ubuntu for Azure',
    names: /^\d+\.\d+\.0-[\d.]+-azure/,
    example: '6.8.0-1021-azure',
    base: null,
    sure: 'number only',
  },
  {
    distribution: 'Ubuntu',
    names: /^\d+\.\d+\.0-[\d.]+-(?:generic|lowlatency|aws|gcp|gke|ibm|kvm|nvidia|oem|oracle|raspi|realtime)/,
    example: '5.15.0-91-generic',
    base: null,
    sure: 'number only',
    note: '/proc/version_signature names the stable release',
  },
  {
    distribution: 'Proxmox',
    names: /-pve$/,
    example: '6.8.12-4-pve',
    base: null,
    sure: 'number only',
  },
  {
    distribution: 'Amazon Linux',
    names: /\.amzn\d/,
    example: '6.1.132-147.221.amzn2023.x86_64',
    base: null,
    sure: 'number only',
  },
  {
    distribution: 'WSL2',
    names: /-microsoft-standard/,
    example: '5.15.167.4-microsoft-standard-WSL2',
    base: null,
    sure: 'number only',
  },
  {
    distribution: 'Android',
    names: /-android\d/,
    example: '6.1.75-android14-11-g0123456789ab',
    base: null,
    sure: 'number only',
  },
  {
    distribution: 'Azure Linux',
    names: /\.(?:azl|cm)\d/,
    example: '6.6.51.1-5.azl3',
    base: null,
    sure: 'number only',
  },
];
