// SPDX-License-Identifier: GPL-2.0-only
import {
  compareKernelVersions,
  formatKernelVersion,
  type KernelVersion,
  NEWEST_STABLE,
  parseKernelVersion,
} from './kernel-version.ts';
import { layoutFor, layouts } from './layout.ts';
import { differingVariants, type Variant } from './variant.ts';
import { coreVariants } from './variants.ts';

/** Releases of one series, first and last. */
export interface ReleaseRun {
  readonly first: KernelVersion;
  readonly last: KernelVersion;
}

/**
 * Runs of releases whose sources (6.16: whose binaries) were read, first and last. Within a run every release was read,
 * or those around it are alike. A series that was read at one stable release stands here from its .0 on, unless a fix
 * came in between: that begins a run where its release is known, be it from the mail that proposed it for that release.
 */
export const readReleases: readonly ReleaseRun[] = [
  ['5.4.0', '5.4.18'],
  ['5.4.19', '5.4.38'],
  ['5.4.49', '5.4.49'],
  ['5.4.59', '5.4.84'],
  ['5.4.85', '5.4.301'],
  ['5.10', '5.10.265'],
  ['5.11', '5.11'],
  ['5.12', '5.12.16'],
  ['5.12.17', '5.12.17'],
  ['5.13', '5.13.1'],
  ['5.13.2', '5.13.2'],
  ['5.14', '5.14'],
  ['5.15', '5.15.215'],
  ['5.16', '5.16.2'],
  ['5.17', '5.17'],
  ['5.18', '5.18.12'],
  ['5.19', '5.19.1'],
  ['5.19.2', '5.19.2'],
  ['6.0', '6.0'],
  ['6.1', '6.1.192'],
  ['6.2', '6.2.12'],
  ['6.3', '6.3.8'],
  ['6.4', '6.4.6'],
  ['6.5', '6.5'],
  ['6.6', '6.6.150'],
  ['6.7', '6.7.3'],
  ['6.8', '6.8'],
  ['6.9', '6.9'],
  ['6.10', '6.10'],
  ['6.11.11', '6.11.11'],
  ['6.12', '6.12.1'],
  ['6.12.2', '6.12.74'],
  ['6.12.85', '6.12.118'],
  ['6.13', '6.13.7'],
  ['6.14', '6.14'],
  ['6.16', '6.16.12'],
  ['6.17', '6.17.8'],
  ['6.18', '6.18.35'],
  ['6.19', '6.19.10'],
  ['7.0', '7.0'],
  ['7.1', '7.1.5'],
  ['7.2', '7.2.13'],
  ['7.3', '7.3.4'],
].map(([first, last]) => ({
  first: parseKernelVersion(first as string),
  last: parseKernelVersion(last as string),
}));

const isSeries = (a: KernelVersion, b: KernelVersion): boolean => a.major === b.major && a.minor === b.minor;

/** The read releases next to one that was not read itself. */
interface Neighbours {
  /** Null for a kernel older than all of them. */
  readonly older: KernelVersion | null;
  /** Null for a kernel newer than all of them. */
  readonly newer: KernelVersion | null;
}

/**
 * Null for a release that was read. One that is newer than the last that was read of its series counts as that: what
 * later series changed is not in it.
 */
function neighboursOf(kernel: KernelVersion): Neighbours | null {
  const older = readReleases.findLast(({ first }) => compareKernelVersions(first, kernel) <= 0);
  const newer = readReleases.find(({ first }) => compareKernelVersions(first, kernel) > 0)?.first ?? null;
  if (older === undefined) return { older: null, newer };
  if (compareKernelVersions(kernel, older.last) <= 0) return null;
  // A series branches off before the one that precedes it has any stable release.
  if (!isSeries(kernel, older.last)) return { older: { ...older.last, patch: 0 }, newer };
  return newer !== null && isSeries(kernel, newer) ? { older: older.last, newer } : null;
}

/** What differs between two kernels: names of layout changes and topics of variants. */
function differencesBetween(
  a: KernelVersion,
  b: KernelVersion,
  variants: readonly Variant<unknown>[],
): string[] {
  const topics = differingVariants(a, b, variants).map(({ topic }) => topic);
  return layoutFor(a) === layoutFor(b) ? topics : ['where bits are', ...topics];
}

/**
 * What to know about a kernel's rules before they are trusted; null for a kernel that was read, or that lies between
 * two that were read and are alike.
 *
 * @param variants differences between kernels that count beside those of this package
 */
export function releaseCaveat(
  kernel: KernelVersion,
  variants: readonly Variant<unknown>[] = [],
): string | null {
  const neighbours = neighboursOf(kernel);
  if (neighbours === null) return null;
  const { older, newer } = neighbours;
  const name = `kernel ${formatKernelVersion(kernel)} was not read`;
  if (older === null)
    return `${name}: it is taken for ${formatKernelVersion(newer as KernelVersion)}, the oldest that was`;
  if (newer === null) return `${name}: it is taken for ${formatKernelVersion(older)}, the newest that was`;
  const differences = differencesBetween(older, newer, [...coreVariants, ...variants]);
  if (differences.length === 0) return null;
  return `${name}: it lies between ${formatKernelVersion(older)} and ${formatKernelVersion(newer)}, which differ in ${differences.join('; ')}`;
}

/**
 * Which releases of its series changed a rule, for a kernel that may be an older or a newer one of them than it was
 * taken for; null where the series has one set of rules.
 *
 * @param variants differences between kernels that count beside those of this package
 */
export function seriesCaveat(
  kernel: KernelVersion,
  variants: readonly Variant<unknown>[] = [],
): string | null {
  const rows = [...layouts, ...[...coreVariants, ...variants].flatMap((variant) => variant.rows)];
  const changes = rows
    .map(({ since }) => parseKernelVersion(since))
    .filter((since) => isSeries(since, kernel) && since.patch > 0 && since.patch < NEWEST_STABLE)
    .toSorted(compareKernelVersions)
    .map(formatKernelVersion);
  const releases = [...new Set(changes)];
  if (releases.length === 0) return null;
  return `kernel ${kernel.major}.${kernel.minor} changed rules in stable releases, which this one may have or lack: ${releases.join(', ')}`;
}

/** Whether a release was read, or lies between two that were read and are alike. */
export function isKernelCovered(kernel: KernelVersion): boolean {
  return releaseCaveat(kernel) === null;
}
