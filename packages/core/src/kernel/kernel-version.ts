// SPDX-License-Identifier: GPL-2.0-only

/** A kernel release as far as layouts and behaviour depend on it: `6.1`, `6.12.117`. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  /** Stable release within `major.minor`; 0 when the text did not say. */
  readonly patch: number;
}

/** Anchored, without nested quantifiers: linear in the length of hostile text. */
const RELEASE = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?/;

/**
 * Reads a kernel release: `6.8`, `v6.8`, `6.1.0-56-amd64`, `5.10.0-rc6`, `7.3.4-1~bpo13+1`.
 *
 * A release candidate counts as the release that it precedes.
 *
 * @throws TypeError when the text does not start with `major.minor`
 *
 * @example
 * ```ts
 * import { parseKernelVersion } from '@spte/core';
 *
 * parseKernelVersion('6.1.0-56-amd64'); // { major: 6, minor: 1, patch: 0 }
 * parseKernelVersion('5.10.0-rc6'); // { major: 5, minor: 10, patch: 0 }
 * ```
 */
export function parseKernelVersion(text: string): KernelVersion {
  const match = typeof text === 'string' ? RELEASE.exec(text.trim()) : null;
  if (match === null) {
    throw new TypeError(`kernel must look like 6.8 or 6.1.0-56-amd64, got ${JSON.stringify(text)}`);
  }
  const [, major, minor, patch] = match;
  return { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0) };
}

/** Negative when `a` is older than `b`, positive when newer, 0 when the same release. */
export function compareKernelVersions(a: KernelVersion, b: KernelVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** `6.8`, or `6.1.192` where the stable release is known. */
export function formatKernelVersion(version: KernelVersion): string {
  const release = `${version.major}.${version.minor}`;
  return version.patch === 0 ? release : `${release}.${version.patch}`;
}

/** The kernel that `@spte` takes when none is named, for layout and behaviour: v6.6 to v6.9 are alike. */
export const REFERENCE: KernelVersion = { major: 6, minor: 8, patch: 0 };

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
  const rows = newer.map((row) => ({ row, version: parseKernelVersion(row.since) }));
  return (kernel) =>
    rows.findLast(({ version }) => compareKernelVersions(version, kernel) <= 0)?.row ?? oldest;
}
