// SPDX-License-Identifier: GPL-2.0-only
import {
  type DistributionKernel,
  type DistributionRelease,
  namedKernels,
  type Releases,
  rhelReleases,
} from './distributions.ts';
import { checkKernelName, type Kernel } from './kernel.ts';
import { type KernelVersion, parseKernelVersion, type RhelBuild, rhelBuild } from './kernel-version.ts';

/** What else a machine says about its kernel. */
export interface KernelHints {
  /**
   * `uname -v` of a Debian kernel (`#1 SMP Debian 6.1.192-2 (2026-11-16)`), or `/proc/version_signature` of Ubuntu
   * (`Ubuntu 5.15.0-91.101-generic 5.15.131`): both name the stable release that the kernel was built from. Any other
   * text says nothing.
   */
  readonly version?: string | undefined;
}

/** What is known of a name. */
interface Identity extends DistributionKernel {
  readonly distribution: string | null;
}

/** Forms of names that belong to no distribution, and what they say beside the number. */
const UPSTREAM_FORMS: readonly (readonly [RegExp, string])[] = [
  [/^\d+\.\d+(?:\.(?:\d+|y))?$/, ''],
  [/^\d+\.\d+(?:\.0)?[-~]rc\d+/, 'a release candidate counts as the release that it precedes'],
  [
    /-\d+-g[\da-f]{7,40}/,
    'commits after that release are in it: it may have some of what the next one brings',
  ],
];

/** How much of a text is searched for a stable release: more than `uname -v` has. */
const MAX_VERSION = 1024;

const STABLE_RELEASES: readonly RegExp[] = [/\bDebian (\d+\.\d+\.\d+)/, /^Ubuntu \S+ (\d+\.\d+\.\d+)/];

/** The stable release that a text names, if it is of the same series. */
function stableRelease(kernel: KernelVersion, text: string): KernelVersion | null {
  for (const pattern of STABLE_RELEASES) {
    const release = pattern.exec(text.slice(0, MAX_VERSION))?.[1];
    const stable = release === undefined ? null : parseKernelVersion(release);
    if (stable?.major === kernel.major && stable.minor === kernel.minor) return stable;
  }
  return null;
}

/** The release of RHEL that a build belongs to: one between two that were read is taken for the older. */
function rhelIdentity({ major, build: [first = 0, second = 0] }: RhelBuild): Identity {
  const releases = rhelReleases[major] as Releases;
  const begins = ({ build: [from, part = 0] }: DistributionRelease): boolean =>
    first > from || (first === from && second >= part);
  const index = releases.findLastIndex(begins);
  if (index < 0) {
    const [oldest] = releases;
    return { ...oldest, distribution: `RHEL, before ${oldest.release}`, sure: 'number only' };
  }
  const row = releases[index] as DistributionRelease;
  const {
    build: [from],
    lastBuild = from,
  } = row;
  if (first <= lastBuild) return { ...row, distribution: `RHEL ${row.release}` };
  const next = releases[index + 1];
  return {
    ...row,
    distribution:
      next === undefined ? `RHEL, after ${row.release}` : `RHEL, between ${row.release} and ${next.release}`,
    sure: 'number only',
    candidates: next?.base == null || next.base === row.base ? [] : [next.base],
  };
}

function identify(name: string): Identity {
  const build = rhelBuild(name);
  if (build !== null) return rhelIdentity(build);
  const named = namedKernels.find(({ names }) => names.test(name));
  if (named !== undefined) return named;
  const form = UPSTREAM_FORMS.find(([pattern]) => pattern.test(name));
  const upstream = { distribution: null, base: null };
  return form === undefined
    ? { ...upstream, sure: 'number only' }
    : { ...upstream, sure: 'upstream', note: form[1] };
}

/** Names that are understood, one of each kind. */
const FORMS = '6.8, 6.6.y, 6.12.117, 6.1.0-56-amd64 or 5.14.0-570.el9.x86_64';

/** The number at the beginning of a name. */
const NUMBER = /^\d{1,4}\.\d{1,4}(?:\.(?:\d{1,5}|y))?/;

/**
 * Reads the name of a kernel, as `uname -r` says it: `6.8`, `5.14.0-570.12.1.el9_6.x86_64`, `6.1.0-56-amd64`. What is
 * known of the kernels of distributions is in a table, row by row with its source; of a name that no row is for, the
 * number counts, and `sure` says so. Hand the answer to {@link createMmu}, or let {@link describeKernel} say it.
 *
 * @param release at most 64 characters, letters, digits and any of `. _ + ~ : -`; a `v` may stand before the number
 * @throws TypeError for any other text, and for one that does not start with `major.minor`
 *
 * @example
 * ```ts
 * import { createMmu, describeKernel, formatKernel, readKernelRelease } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const kernel = readKernelRelease('5.14.0-503.14.1.el9_5.x86_64');
 * [kernel.distribution, formatKernel(kernel), kernel.sure]; // [ 'RHEL 9.5', '6.10', 'read' ]
 * createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() }).layout.since; // 6.10
 *
 * const version = '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)';
 * formatKernel(readKernelRelease('6.1.0-56-amd64', { version })); // 6.1.192
 * formatKernel(readKernelRelease('6.1.0-56-amd64')); // 6.1.y
 * ```
 *
 * @example
 * ```ts
 * import { formatKernel, readKernelRelease } from '@spte/core';
 *
 * // A tree that was not read: the number counts, and that is said.
 * const ubuntu = readKernelRelease('6.8.0-51-generic');
 * [ubuntu.distribution, formatKernel(ubuntu), ubuntu.sure]; // [ 'Ubuntu', '6.8.y', 'number only' ]
 * ```
 */
export function readKernelRelease(release: string, { version = '' }: KernelHints = {}): Kernel {
  const name = checkKernelName(release).replace(/^v(?=\d)/, '');
  const match = NUMBER.exec(name);
  if (match === null) throw new TypeError(`kernel must look like ${FORMS}, got ${JSON.stringify(name)}`);
  const {
    distribution,
    base,
    overrides,
    layout = null,
    sure,
    source,
    candidates = [],
    note = '',
  } = identify(name);
  // An upstream release means its number as it stands, be it 6.6.0-1.
  const number = parseKernelVersion(base ?? (sure === 'upstream' ? match[0] : name));
  const stable = base === null ? stableRelease(number, version) : null;
  return {
    ...number,
    ...stable,
    name,
    distribution,
    layout,
    ...(overrides !== undefined && { overrides: parsed(overrides) }),
    sure: distribution === 'Debian' && stable !== null ? 'upstream' : sure,
    sources: source === undefined ? [] : [source],
    candidates,
    note: stable === null ? note : '',
  };
}

const parsed = (overrides: Readonly<Record<string, string>>): Record<string, KernelVersion> =>
  Object.fromEntries(
    Object.entries(overrides).map(([topic, release]) => [topic, parseKernelVersion(release)]),
  );
