// SPDX-License-Identifier: GPL-2.0-only
import type { Kernel, KernelEvidence } from '../kernel/kernel.ts';
import { formatKernelVersion, type KernelVersion, NEWEST_STABLE } from '../kernel/kernel-version.ts';

/** What a kernel rests on, in words. */
const EVIDENCE: Readonly<Record<KernelEvidence, string>> = {
  upstream: '',
  read: ' (source read)',
  'read in part': ' (source read in part)',
  changelog: ' (changelog read, source not read)',
  'number only': ' (number only, source not read)',
};

/** The releases that a kernel follows beside its base, each with the points in which it does. */
function overridesText(overrides: Readonly<Record<string, KernelVersion>>): string[] {
  const points = Object.entries(overrides).map(([topic, of]) => ({
    topic,
    release: formatKernelVersion(of),
  }));
  const releases = [...new Set(points.map(({ release }) => release))];
  return releases.map((as) => {
    const topics = points.filter(({ release }) => release === as).map(({ topic }) => topic);
    return `as ${as} in: ${topics.join(', ')}`;
  });
}

/**
 * What a kernel was taken for, in a sentence:
 * `kernel 5.14.0-427.el9.x86_64 is RHEL 9.4 (source read): taken as 6.6; may be as 6.7 in some points`.
 */
export function describeKernel(kernel: Kernel): string {
  const { name, distribution, overrides = {}, layout, patch, sure, candidates, note } = kernel;
  const base = formatKernelVersion(kernel);
  const is = `kernel ${name}${distribution === null ? '' : ` is ${distribution}`}${EVIDENCE[sure]}`;
  return [
    `${is}: taken as ${patch === NEWEST_STABLE ? `the newest of ${base}` : base}`,
    ...(layout === null ? [] : [`with bits in the places of ${layout.since}`]),
    ...overridesText(overrides),
    ...(candidates.length === 0 ? [] : [`may be as ${candidates.join(' or ')} in some points`]),
    ...(note === '' ? [] : [note]),
  ].join('; ');
}
