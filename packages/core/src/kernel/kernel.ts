// SPDX-License-Identifier: GPL-2.0-only
import {
  formatKernelVersion,
  hidesStableRelease,
  type KernelVersion,
  MAX_RELEASE,
  parseKernelVersion,
  REFERENCE,
} from './kernel-version.ts';
import type { Layout } from './layout.ts';

/**
 * What it rests on that a kernel follows the rules of its base.
 *
 * - `upstream`: it is an upstream release
 * - `read`: its source was compared with upstream releases
 * - `read in part`: some files of it were
 * - `changelog`: its changelog was read, its source was not
 * - `number only`: its source was not read, and nothing but its number says so
 */
export type KernelEvidence = 'upstream' | 'read' | 'read in part' | 'changelog' | 'number only';

/** What a kernel of a name does: the rules of an upstream release, its base, but for what it says here. */
export interface Kernel extends KernelVersion {
  /** The name as given, such as `5.14.0-570.el9.x86_64`. */
  readonly name: string;
  /** The distribution's release that the name belongs to, such as `RHEL 9.6`; null for an upstream release. */
  readonly distribution: string | null;
  /** Places of bits that are not those of its base; null where they are. */
  readonly layout: Layout | null;
  readonly sure: KernelEvidence;
  /** What was read, and where. */
  readonly sources: readonly string[];
  /** Upstream releases that differ from the base, and that it may follow instead, in part or as a whole. */
  readonly candidates: readonly string[];
  /** What else to know about it; empty for nothing. */
  readonly note: string;
}

/** What a name that says only an upstream release has to say for itself. */
const UPSTREAM = {
  distribution: null,
  layout: null,
  sure: 'upstream',
  sources: [],
  candidates: [],
  note: '',
} as const satisfies Partial<Kernel>;

/**
 * The name of a kernel as it is used from here on: trimmed, and safe to print.
 *
 * @throws TypeError when it is longer than `uname` allows, or has characters that no release has
 */
export function checkKernelName(text: string): string {
  const name = typeof text === 'string' ? text.trim() : '';
  if (name.length <= MAX_RELEASE && /^[\w.+~:-]*$/.test(name)) return name;
  const start = JSON.stringify(name.slice(0, MAX_RELEASE));
  throw new TypeError(
    `kernel must be a release as uname -r says it, at most ${MAX_RELEASE} letters, digits and any of . _ + ~ : -, got ${start}`,
  );
}

/**
 * The kernel of which nothing but an upstream release is known; of a distribution's release, the number counts.
 *
 * @throws TypeError when the text does not start with `major.minor`, or is a kernel of RHEL
 */
export function upstreamKernel(text: string = formatKernelVersion(REFERENCE)): Kernel {
  const name = checkKernelName(text);
  return {
    ...UPSTREAM,
    ...parseKernelVersion(name),
    name,
    ...(hidesStableRelease(name) && { sure: 'number only' }),
  };
}

/**
 * A kernel in a word that {@link readKernelRelease} takes for one with the same rules: its base, or its own name where
 * no upstream release has all its rules.
 */
export function formatKernel(kernel: Kernel): string {
  return kernel.layout === null && kernel.overrides === undefined ? formatKernelVersion(kernel) : kernel.name;
}
