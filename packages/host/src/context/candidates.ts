// SPDX-License-Identifier: GPL-2.0-only
import {
  BoundedMap,
  compareKernelVersions,
  createMmu,
  distributionLayouts,
  formatKernelVersion,
  type Mmu,
  REFERENCE,
  readKernelRelease,
  readReleases,
  rhelReleases,
  toJson,
} from '@spte/core';
import { type HostConfig, mmuConfigOf } from '../config.ts';
import { plainConfig } from '../presets.ts';
import type { VendorName } from '../vendor-facts.ts';
import { configWith, type MachineFacts } from './machine-facts.ts';

/** A way to map a guest's memory that puts bits of its own into entries. */
interface Mode {
  readonly name: string;
  readonly facts: MachineFacts & { readonly vendor: VendorName; readonly tdp: boolean };
}

const MODES: readonly Mode[] = [
  { name: 'EPT', facts: { vendor: 'vmx', tdp: true, ad: true } },
  { name: 'EPT without A/D', facts: { vendor: 'vmx', tdp: true, ad: false, pml: false } },
  { name: 'NPT', facts: { vendor: 'svm', tdp: true } },
  { name: 'shadow paging on Intel', facts: { vendor: 'vmx', tdp: false } },
  { name: 'shadow paging on AMD', facts: { vendor: 'svm', tdp: false } },
];

/** What a machine does with address bits, and the widths that such machines report, the usual ones first. */
interface Machine {
  readonly facts: MachineFacts;
  /** In bits, as CPUID reports them. */
  readonly widths: readonly number[];
}

/** Where a CPU has L1TF, its cache looks at 44 bits, or at as many as there are. */
const MACHINES: Readonly<Record<VendorName, readonly Machine[]>> = {
  vmx: [
    { facts: { l1tf: false }, widths: [46, 52, 48, 45, 42, 39, 36] },
    { facts: { l1tf: true, cacheBits: 44 }, widths: [39, 44, 43, 42, 40, 36] },
    { facts: { l1tf: true }, widths: [46, 45] },
  ],
  svm: [
    { facts: {}, widths: [48, 52, 47, 46, 44, 43, 40, 36] },
    { facts: { smeCBit: 47 }, widths: [48] },
    { facts: { smeCBit: 51 }, widths: [52] },
  ],
};

/** Releases, first and last. */
export type Releases = readonly [first: string, last: string];

/** A kernel on a machine that entries may be of. */
export interface ContextCandidate {
  readonly mode: Mode;
  readonly machine: Machine;
  /** Releases that judge entries alike. */
  readonly releases: Releases;
  readonly facts: MachineFacts;
  readonly config: HostConfig;
  readonly mmu: Mmu;
}

const KERNELS: readonly Releases[] = readReleases.map(({ first, last }) => [
  formatKernelVersion(first),
  formatKernelVersion(last),
]);

/** Kernels of RHEL that keep bits where no upstream release has them, the likeliest first. */
const OLD_RHEL_KERNELS: readonly Releases[] = Object.values(rhelReleases)
  .flat()
  .filter(({ layout }) => layout !== undefined && distributionLayouts.includes(layout))
  .map(({ example }) => [example, example]);

/** Everything that a verdict about an entry depends on. */
export function judgeKey({ layout, masks, zeroCheck }: Mmu): string {
  const { cpuDirtyLogSize: _size, allowMmioCaching: _allowed, ...rest } = masks;
  return JSON.stringify(toJson([layout.since, rest, zeroCheck]));
}

/** Whether two sets of facts say nothing different. */
function agrees(known: MachineFacts, facts: MachineFacts): boolean {
  return (Object.keys(facts) as (keyof MachineFacts)[]).every(
    (name) => known[name] === undefined || facts[name] === undefined || known[name] === facts[name],
  );
}

/** Candidates that are remembered: those of a few machines, of which everything is asked again for each input. */
const MAX_CANDIDATES = 1 << 10;

const made = new BoundedMap<string, ContextCandidate>(MAX_CANDIDATES);

function candidate(
  mode: Mode,
  machine: Machine,
  releases: Releases,
  width: number,
  known: MachineFacts,
): ContextCandidate {
  const facts = { ...mode.facts, ...machine.facts, maxphyaddr: width, kernel: releases[1], ...known };
  const key = JSON.stringify([mode.name, machine.widths, releases[0], facts]);
  const before = made.get(key);
  if (before !== undefined) return before;
  const config = configWith(plainConfig(mode.facts.vendor), facts);
  const one = { mode, machine, releases, facts, config, mmu: createMmu(mmuConfigOf(config)) };
  made.set(key, one);
  return one;
}

/**
 * The kernels that known facts leave open, those together that judge the entries of a mode alike; the likeliest first.
 */
function kernelsOf(mode: Mode, known: MachineFacts): readonly Releases[] {
  if (known.kernel !== undefined) return [[known.kernel, known.kernel]];
  const key = JSON.stringify([mode.name, known]);
  const before = grouped.get(key);
  if (before !== undefined) return before;
  const groups = new Map<string, Releases>();
  for (const releases of KERNELS) {
    const { mmu } = candidate(mode, { facts: {}, widths: [] }, releases, WIDEST, known);
    const key = judgeKey(mmu);
    groups.set(key, [groups.get(key)?.[0] ?? releases[0], releases[1]]);
  }
  const kernels = [...groups.values()].toReversed().toSorted((a, b) => rankOf(b) - rankOf(a));
  grouped.set(key, kernels);
  return kernels;
}

/** Answers of {@link kernelsOf} that are remembered. */
const grouped = new BoundedMap<string, readonly Releases[]>(MAX_CANDIDATES);

/** The series that most hosts run, oldest first: those with long support. */
const LONG_SUPPORT: readonly string[] = ['5.4', '5.10', '5.15', '6.1', '6.6', '6.12', '6.18'];

const REFERENCE_RELEASE = formatKernelVersion(REFERENCE);

/** Which releases are likely, of those that would do. */
function rankOf(releases: Releases): number {
  if (isAmong(releases, REFERENCE_RELEASE)) return 2;
  return LONG_SUPPORT.some((series) => isAmong(releases, series)) ? 1 : 0;
}

const isAmong = ([first, last]: Releases, release: string): boolean =>
  isAtMost(first, release) && isAtMost(release, last);

/** The release that stands for several: the reference, else the newest of those with long support, else the newest. */
export function typicalRelease(releases: Releases, isWanted: (release: string) => boolean): string {
  if (releases[0] === releases[1]) return releases[1];
  const all = KERNELS.map(([, last]) => last).filter((last) => isAmong(releases, last));
  const wanted = all.filter(isWanted);
  const among = wanted.length === 0 ? all : wanted;
  const isSupported = (last: string): boolean =>
    LONG_SUPPORT.some((series) => last === series || last.startsWith(`${series}.`));
  if (among.includes(REFERENCE_RELEASE)) return REFERENCE_RELEASE;
  return among.findLast(isSupported) ?? (among.at(-1) as string);
}

/** Whether one release is no newer than another; of a distribution's kernel, its base counts. */
export function isAtMost(a: string, b: string): boolean {
  return compareKernelVersions(readKernelRelease(a), readKernelRelease(b)) <= 0;
}

/** An address width that leaves a bit to mark MMIO with. */
const WIDEST = 48;

/**
 * Every upstream kernel, mode and use of address bits that known facts leave open, each once, at the widest addresses:
 * of the widths, those that fit are found with {@link widthsOf}.
 */
export function contextCandidates(known: MachineFacts): ContextCandidate[] {
  return candidatesOf(known, (mode) => kernelsOf(mode, known));
}

/** The same of the kernels of RHEL that keep bits where no upstream release has them. */
export function oldRhelCandidates(known: MachineFacts): ContextCandidate[] {
  return candidatesOf(known, () => OLD_RHEL_KERNELS);
}

function candidatesOf(
  known: MachineFacts,
  kernelsOf: (mode: Mode) => readonly Releases[],
): ContextCandidate[] {
  const { smeCBit, vendor = smeCBit === undefined ? undefined : 'svm' } = known;
  return MODES.filter(({ facts }) => agrees({ ...known, vendor }, facts)).flatMap((mode) => {
    const machines = MACHINES[mode.facts.vendor].filter(({ facts }) => agrees(known, facts));
    const kernels = kernelsOf(mode);
    return machines.flatMap((machine) =>
      kernels.map((releases) => candidate(mode, machine, releases, widestOf(machine), known)),
    );
  });
}

/** The widest addresses of a machine that leave a bit to mark MMIO with, where there are such. */
function widestOf({ widths }: Machine): number {
  const narrower = widths.filter((width) => width < NO_BIT_LEFT);
  return Math.max(...(narrower.length === 0 ? widths : narrower));
}

/** The address width with which there may be no MMIO caching: no address bit is reserved. */
const NO_BIT_LEFT = 52;

/** A candidate at the widths at which the fewest entries can be wrong. */
export function widest(one: ContextCandidate, known: MachineFacts): ContextCandidate[] {
  const { mode, machine, releases } = one;
  if (known.maxphyaddr !== undefined || !machine.widths.includes(NO_BIT_LEFT)) return [one];
  return [one, candidate(mode, machine, releases, NO_BIT_LEFT, known)];
}

/** A candidate at each of the widths that its machine may have: on AMD, those that have the C-bit if it is known. */
export function widthsOf(
  { mode, machine, releases }: ContextCandidate,
  known: MachineFacts,
): ContextCandidate[] {
  const { maxphyaddr, smeCBit = 0 } = known;
  const usable = machine.widths.filter((width) => mode.facts.vendor !== 'svm' || width > smeCBit);
  const widths = maxphyaddr === undefined ? usable : [maxphyaddr];
  return widths.map((width) => candidate(mode, machine, releases, width, known));
}

/** What a candidate is called: its mode and its releases, `NPT 6.0-6.9`. */
export function candidateName({ mode, releases }: ContextCandidate): string {
  return `${mode.name} ${releasesText(releases)}`;
}

/** `6.0-6.9`, or the one release that there is. */
export function releasesText([first, last]: Releases): string {
  return first === last ? first : `${first}-${last}`;
}
