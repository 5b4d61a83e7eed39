// SPDX-License-Identifier: GPL-2.0-only
import {
  formatKernel,
  formatKernelVersion,
  type Kernel,
  type KernelEvidence,
  NEWEST_STABLE,
  REFERENCE,
  readKernelRelease,
} from '@spte/core';
import { assume, type Known, type Source, said, sourceLine, type TextFile } from './source.ts';

const RELEASE = /^\d{1,4}\.\d{1,4}\b/;

/**
 * The kernel, from `uname -a`, `uname -r` or `/proc/version`.
 *
 * A distribution's release (`6.1.0-56-amd64`) names its ABI and not the stable release that it was built from. Debian
 * puts that elsewhere in the line (`Debian 6.1.192-2`), Ubuntu into `/proc/version_signature`.
 */
export function kernelRelease(uname: TextFile | undefined, signature: TextFile | undefined): Known<Kernel> {
  return (
    signedRelease(signature) ??
    namedRelease(uname) ??
    assume(
      readKernelRelease(formatKernelVersion(REFERENCE)),
      'no release was read: v6.6 to v6.9 are alike, and the reference here',
    )
  );
}

function firstLine(file: TextFile | undefined): Source | undefined {
  return file === undefined ? undefined : sourceLine(file);
}

/** The kernel of a name; null for a word that is none. */
function read(name: string, version: string): Kernel | null {
  try {
    return RELEASE.test(name) ? readKernelRelease(name, { version }) : null;
  } catch {
    return null;
  }
}

/** `Ubuntu 5.15.0-91.101-generic 5.15.131`. */
function signedRelease(file: TextFile | undefined): Known<Kernel> | null {
  const source = firstLine(file);
  if (source === undefined) return null;
  const [, name = '', stable = ''] = source.text.split(' ');
  const kernel = RELEASE.test(stable) ? read(name, source.text) : null;
  return kernel && said(kernel, source, 'the stable release that the distribution built from');
}

/** How a name that a distribution gave is known to be what it is taken for. */
const WHY: Readonly<Record<Exclude<KernelEvidence, 'upstream'>, string>> = {
  read: "the distribution's release, whose source was read",
  'read in part': "the distribution's release, whose source was read in part",
  changelog: "the distribution's release, of which only the changelog was read",
  'number only': "the distribution's number, whose source was not read",
};

function namedRelease(file: TextFile | undefined): Known<Kernel> | null {
  const source = firstLine(file);
  if (source === undefined) return null;
  for (const word of source.text.split(' ')) {
    const kernel = read(word, source.text);
    if (kernel !== null) return known(kernel, source);
  }
  return null;
}

function known(kernel: Kernel, source: Source): Known<Kernel> {
  const { sure, distribution, patch } = kernel;
  // 6.1.0-56-amd64: no stable release ends in .0, so that it hides which one it is.
  if (sure === 'number only' && patch === NEWEST_STABLE) {
    return assume(
      kernel,
      "the distribution's number hides the stable release: fixes in it are unknown",
      source,
    );
  }
  if (sure === 'upstream' && distribution === 'Debian') {
    return said(kernel, source, 'the stable release that Debian built from');
  }
  if (sure === 'upstream' || distribution === null) return said(kernel, source, "the kernel's own release");
  return { value: kernel, source, assumed: sure !== 'read', why: WHY[sure] };
}

/** The name by which a kernel is known again: what it was taken for, where another line told the stable release. */
export function nameOf(kernel: Kernel): string {
  const effective = formatKernel(kernel);
  return formatKernel(readKernelRelease(kernel.name)) === effective ? kernel.name : effective;
}
