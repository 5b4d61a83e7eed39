// SPDX-License-Identifier: GPL-2.0-only
import { compareKernelVersions, hidesStableRelease, type Kernel, NEWEST_STABLE } from '@spte/core';
import type { Alternative, Erratum } from './erratum.ts';

/** Whether a kernel has a bug, as far as releases say. */
export interface KernelRange {
  readonly state: 'inside' | 'outside' | 'unknown';
  /** Whether releases say so: not where it is not known since when there is the bug, or what a distribution took over. */
  readonly sure: boolean;
  /** Why, in a few words: `fixed in 6.0, yours says 6.1.5`. */
  readonly why: string;
}

/** A release with its candidates: `7.0-rc2` comes before `7.0`. */
interface Release {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Of the candidate; infinite for the release itself. */
  readonly rc: number;
}

/** A release as tables name it; anchored, linear. */
const NAMED = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?(?:-rc(\d{1,3}))?$/;

/** What marks a candidate in the name of a kernel: `7.0.0-rc2`, `6.13~rc6-amd64`. */
const CANDIDATE = /^\d{1,4}\.\d{1,4}(?:\.0)?[-~]rc(\d{1,3})/;

/** A release of a table; null for anything that is not one, such as the id of a commit. */
function named(text: string): Release | null {
  const match = NAMED.exec(text);
  if (match === null) return null;
  const [, major, minor, patch = '0', rc = 'Infinity'] = match;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), rc: Number(rc) };
}

/** The release whose rules a kernel follows: by its row of core's table, else by its number. */
function releaseOf({ major, minor, patch, name }: Kernel): Release {
  const candidate = CANDIDATE.exec(name)?.[1];
  return { major, minor, patch, rc: candidate === undefined ? Number.POSITIVE_INFINITY : Number(candidate) };
}

const isBefore = (a: Release, b: Release): boolean =>
  (compareKernelVersions(a, b) || Math.sign(a.rc - b.rc)) < 0;

/** The name of a kernel, and of the release that it follows where the name says another. */
function yours(kernel: Kernel): string {
  const { name, major, minor, patch } = kernel;
  const base = patch === 0 || patch === NEWEST_STABLE ? `${major}.${minor}` : `${major}.${minor}.${patch}`;
  return name.startsWith(base) ? name : `${name} (as ${base})`;
}

/** A stable release that has a fix, which may not be the first, and its words. */
function fixPoint(text: string): {
  readonly release: Release | null;
  readonly exact: boolean;
  readonly words: string;
} {
  const exact = !text.startsWith('<=');
  const number = exact ? text : text.slice(2);
  return { release: named(number), exact, words: exact ? number : `${number} or before` };
}

/** Why nothing is known of a kernel that is not known. */
export const UNKNOWN_KERNEL = 'the kernel is not known';

const inside = (why: string, sure: boolean): KernelRange => ({ state: 'inside', sure, why });
const outside = (why: string): KernelRange => ({ state: 'outside', sure: true, why });
const unknown = (why: string): KernelRange => ({ state: 'unknown', sure: false, why });

/** Where a kernel stands to the fix in its own series; null where that series has none. */
function inSeries({ stable }: Erratum, kernel: Kernel): KernelRange | null {
  const { major, minor, patch } = kernel;
  const text = stable[`${major}.${minor}`];
  if (text === undefined) return null;
  const { release, exact, words } = fixPoint(text);
  const says = yours(kernel);
  if (patch === NEWEST_STABLE && hidesStableRelease(kernel.name)) {
    return unknown(`fixed in ${words}, and ${says} does not say which stable release it is`);
  }
  if (release === null || patch >= release.patch) return outside(`fixed in ${words}, yours says ${says}`);
  if (exact) return inside(`before ${words}, yours says ${says}`, kernel.distribution === null);
  return unknown(`fixed in ${words}, yours says ${says}`);
}

/** Whether a kernel comes before a release that a table names; false where it names none. */
const comesBefore = (kernel: Kernel, text: string): boolean => {
  const release = named(text);
  return release !== null && isBefore(releaseOf(kernel), release);
};

/** Why a kernel is not within `[since, before)`; null where it is. */
function outsideWindow(
  { since = '', before = '' }: Pick<Alternative, 'since' | 'before'>,
  kernel: Kernel,
): KernelRange | null {
  const says = yours(kernel);
  if (comesBefore(kernel, since)) return outside(`since ${since}, yours says ${says}`);
  if (before !== '' && !comesBefore(kernel, before)) return outside(`before ${before}, yours says ${says}`);
  return null;
}

/**
 * Whether a kernel has a bug, by the releases that brought and fixed it. A release candidate of the release with the fix
 * counts as one without it. What a distribution took over is not known: of its kernels the row of core's table counts,
 * or the number.
 *
 * @param kernel as `readKernelRelease()` of core reads it; null where it is not known
 * @param window what conditions say of kernels beside that
 *
 * @example
 * ```ts
 * import { readKernelRelease } from '@spte/core';
 * import { errata, kernelRange } from '@spte/errata';
 *
 * const [nptNx] = errata;
 * const range = (release: string) => nptNx && kernelRange(nptNx, readKernelRelease(release));
 * range('5.15.200')?.state; // inside
 * range('5.19.2'); // { state: 'outside', sure: true, why: 'fixed in 5.19.2, yours says 5.19.2' }
 * range('5.14.0-162.6.1.el9_1.x86_64')?.state; // inside
 * ```
 *
 * @example
 * ```ts
 * import { readKernelRelease } from '@spte/core';
 * import { errata, kernelRange } from '@spte/errata';
 *
 * const [nptNx] = errata;
 * // A release candidate of the release with the fix counts as one without it.
 * const range = (release: string) => nptNx && kernelRange(nptNx, readKernelRelease(release))?.state;
 * [range('6.0.0-rc1'), range('6.0'), nptNx && kernelRange(nptNx, null).state]; // [ 'inside', 'outside', 'unknown' ]
 * ```
 */
export function kernelRange(
  erratum: Erratum,
  kernel: Kernel | null,
  window: Pick<Alternative, 'since' | 'before'> = {},
): KernelRange {
  const { kind, introduced, fixedIn, stable, unfixedIn } = erratum;
  const bounded = fixedIn !== null || Object.keys(stable).length > 0 || window.before !== undefined;
  if (!bounded && kind === 'look-alike') return inside('of any release', false);
  if (kernel === null) return unknown(UNKNOWN_KERNEL);
  const says = yours(kernel);
  // A distribution may have taken the fix over.
  const upstream = kernel.distribution === null;
  const beyond =
    outsideWindow({ ...(introduced !== null && { since: introduced }) }, kernel) ??
    outsideWindow(window, kernel);
  if (beyond !== null) return beyond;
  const series = `${kernel.major}.${kernel.minor}`;
  if (series in unfixedIn) return inside(`${series} never got the fix, yours says ${says}`, upstream);
  if (fixedIn !== null && !comesBefore(kernel, fixedIn))
    return outside(`fixed in ${fixedIn}, yours says ${says}`);
  const known = inSeries(erratum, kernel);
  if (known !== null) return known;
  const till = fixedIn ?? window.before;
  if (till === undefined) return unknown(`which releases have it is not known, yours says ${says}`);
  const since = named(introduced ?? '') !== null || window.since !== undefined;
  return inside(`before ${till}, yours says ${says}`, upstream && since);
}

/**
 * {@link kernelRange}, of any of the ways in which an erratum shows: outside of all their windows is outside.
 */
export function affectedKernel(erratum: Erratum, kernel: Kernel | null): KernelRange {
  const ranges = erratum.when.map((window) => kernelRange(erratum, kernel, window));
  return (
    ranges.find(({ state }) => state === 'inside') ??
    ranges.find(({ state }) => state === 'unknown') ??
    ranges[0] ??
    kernelRange(erratum, kernel)
  );
}
