// SPDX-License-Identifier: GPL-2.0-only
import { compareReleases, isBefore, type KernelVersion } from './kernel-version.ts';

/** The kernels in which something holds. */
export interface KernelRange {
  /** First release, `6.16` or `6.1.120`; from the oldest on when absent. */
  readonly since?: string | undefined;
  /** First release in which it no longer holds; up to the newest when absent. */
  readonly before?: string | undefined;
}

/** Whether a kernel is within a range; every kernel is where there is none. */
export function isInRange(kernel: KernelVersion, { since, before }: KernelRange = {}): boolean {
  return (
    (since === undefined || !isBefore(kernel, since)) && (before === undefined || isBefore(kernel, before))
  );
}

/** Whether some kernel is within both ranges. */
export function rangesMeet(a: KernelRange = {}, b: KernelRange = {}): boolean {
  return startsBeforeEnd(a, b) && startsBeforeEnd(b, a);
}

const startsBeforeEnd = ({ since }: KernelRange, { before }: KernelRange): boolean =>
  since === undefined || before === undefined || compareReleases(since, before) < 0;

/** The kernels that are within both ranges. */
export function commonRange(a: KernelRange = {}, b: KernelRange = {}): KernelRange {
  const since = [a.since, b.since].filter((release) => release !== undefined).toSorted(compareReleases);
  const before = [a.before, b.before].filter((release) => release !== undefined).toSorted(compareReleases);
  return { since: since.at(-1), before: before[0] };
}
