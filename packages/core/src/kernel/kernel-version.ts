// SPDX-License-Identifier: GPL-2.0-only

/** A kernel release as far as layouts and behaviour depend on it: `6.1`, `6.12.117`. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  /** Stable release within `major.minor`; {@link NEWEST_STABLE} where only the series is known. */
  readonly patch: number;
  /** Points, by the topic of their {@link Variant}, in which it behaves as another release; none when absent. */
  readonly overrides?: Readonly<Record<string, KernelVersion>> | undefined;
}

/** The stable release of a series of which nothing but the series is known: newer than every one that has a number. */
export const NEWEST_STABLE = 99_999;

/** The longest release that `uname` gives. Kernel: `__NEW_UTS_LEN`. */
export const MAX_RELEASE = 64;

/** Anchored, without nested quantifiers: linear in the length of hostile text. */
const RELEASE = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}|y\b))?/;

/** `6.1.0-56-amd64`, but no candidate, `6.1.0-rc3` or `6.1.0-0.rc3.fc42`, nor what `git describe` says, `6.1.0-123-g1a2b3c4`. */
const ABI_NUMBER = /^v?\d{1,4}\.\d{1,4}\.0-(?!\d{1,6}-g[0-9a-f]{7}|0\.rc\d)\d/;

/** The one upstream number that all kernels of a major release of RHEL keep. */
const RHEL_NUMBERS: Readonly<Record<string, string>> = {
  7: '3.10.0',
  8: '4.18.0',
  9: '5.14.0',
  10: '6.12.0',
};

/** A number, a build and what may be a major release of RHEL: names of elrepo and UEK end alike. For short texts only. */
const RHEL_RELEASE = /^v?(\d{1,4}\.\d{1,4}\.0)-(\d+(?:\.\d+)*)\S*?\.el(\d+)(?!\d|uek|\.elrepo)/;

/** A kernel of RHEL, or of what is rebuilt from it: it carries the KVM of a much later release than its number says. */
export interface RhelBuild {
  /** RHEL's major release: `7`, `8`, `9` or `10`. */
  readonly major: string;
  /** Its number among the kernels of that release: `[570, 12, 1]` for `5.14.0-570.12.1.el9_6`. */
  readonly build: readonly number[];
}

/** Which kernel of RHEL a release is; null for any other. */
export function rhelBuild(text: string): RhelBuild | null {
  if (!text.includes('.el')) return null;
  const [, number, build = '', major = ''] = RHEL_RELEASE.exec(text.trim().slice(0, MAX_RELEASE)) ?? [];
  return number === undefined || RHEL_NUMBERS[major] !== number
    ? null
    : { major, build: build.split('.').map(Number) };
}

/** The series whose plain name means its newest release: 5.4.y was changed four times, and few run 5.4.0. */
const isNamedByNewest = (major: number, minor: number): boolean => major === 5 && minor === 4;

/**
 * Whether a release is a distribution's number for its ABI, as `6.1.0-56-amd64`: it names the series, and no stable
 * release of it.
 */
export function hidesStableRelease(text: string): boolean {
  return ABI_NUMBER.test(text.trim());
}

/**
 * Reads the number of a kernel release: `6.8`, `v6.8`, `6.6.y`, `6.1.0-56-amd64`, `5.10.0-rc6`, `7.3.4-1~bpo13+1`.
 *
 * A release candidate counts as the release that it precedes. `6.6.y`, a distribution's number
 * ({@link hidesStableRelease}) and plain `5.4` mean the newest release of their series; any other `6.6` is 6.6.0. What
 * a distribution's kernel is besides its number, {@link readKernelRelease} knows.
 *
 * @throws TypeError when the text does not start with `major.minor`, or is a kernel of RHEL, whose number says nothing
 *
 * @example
 * ```ts
 * import { parseKernelVersion } from '@spte/core';
 *
 * parseKernelVersion('6.1.0-56-amd64'); // { major: 6, minor: 1, patch: 99999 }
 * parseKernelVersion('5.10.0-rc6'); // { major: 5, minor: 10, patch: 0 }
 * ```
 *
 * @example
 * ```ts
 * import { parseKernelVersion } from '@spte/core';
 *
 * parseKernelVersion('6.6'); // { major: 6, minor: 6, patch: 0 }
 * parseKernelVersion('6.6.y'); // { major: 6, minor: 6, patch: 99999 }
 * // A release candidate counts as the release that it precedes.
 * parseKernelVersion('v7.3-rc2'); // { major: 7, minor: 3, patch: 0 }
 * ```
 */
export function parseKernelVersion(text: string): KernelVersion {
  const match = typeof text === 'string' ? RELEASE.exec(text.trim()) : null;
  if (match === null) {
    throw new TypeError(`kernel must look like 6.8 or 6.1.0-56-amd64, got ${JSON.stringify(text)}`);
  }
  if (rhelBuild(text) !== null) {
    throw new TypeError(
      `kernel ${JSON.stringify(text)} has another KVM than its number: use readKernelRelease()`,
    );
  }
  const [, major, minor, patch = isNamedByNewest(Number(major), Number(minor)) ? 'y' : '0'] = match;
  const newest = patch === 'y' || hidesStableRelease(text);
  return { major: Number(major), minor: Number(minor), patch: newest ? NEWEST_STABLE : Number(patch) };
}

/** Negative when `a` is older than `b`, positive when newer, 0 when the same release. */
export function compareKernelVersions(a: KernelVersion, b: KernelVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** `6.8`, `6.1.192`, or `6.6.y` where only the series is known. */
export function formatKernelVersion({ major, minor, patch }: KernelVersion): string {
  const release = `${major}.${minor}`;
  if (patch === NEWEST_STABLE) return `${release}.y`;
  return patch === 0 && !isNamedByNewest(major, minor) ? release : `${release}.${patch}`;
}

/** The kernel that `@spte` takes when none is named, for layout and behaviour: v6.6 to v6.9 are alike. */
export const REFERENCE: KernelVersion = { major: 6, minor: 8, patch: 0 };

/** A release that a table names, `6.1.120` or `6.2`: numbers, and nothing that a distribution may add. */
function namedRelease(text: string): KernelVersion {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { major, minor, patch };
}

/** Whether a kernel is older than a release that a table names: `6.1.120`, or `6.2` for 6.2.0. */
export function isBefore(kernel: KernelVersion, release: string): boolean {
  return compareKernelVersions(kernel, namedRelease(release)) < 0;
}

/** Negative when a release that a table names is older than another, positive when newer. */
export function compareReleases(a: string, b: string): number {
  return compareKernelVersions(namedRelease(a), namedRelease(b));
}

/** Something that holds from one kernel release on. */
export interface Since {
  /** First `major.minor` (or `major.minor.patch`) in which it holds. */
  readonly since: string;
}

/**
 * Chooses among things that differ by kernel release.
 *
 * @param oldest serves every older release as well
 * @param newer oldest first
 * @returns a function that gives the newest row that already holds in a release
 *
 * @example
 * ```ts
 * import { byKernel, parseKernelVersion } from '@spte/core';
 *
 * const emptyValue = byKernel({ since: '5.4', value: 0n }, { since: '6.10', value: 1n << 63n });
 * emptyValue(parseKernelVersion('6.8')).value; // 0n
 * ```
 */
export function byKernel<Row extends Since>(oldest: Row, ...newer: Row[]): (kernel: KernelVersion) => Row {
  const rows = newer.map((row) => ({ row, version: namedRelease(row.since) }));
  return (kernel) =>
    rows.findLast(({ version }) => compareKernelVersions(version, kernel) <= 0)?.row ?? oldest;
}
