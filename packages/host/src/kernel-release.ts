// SPDX-License-Identifier: GPL-2.0-only
import { formatKernelVersion, parseKernelVersion, REFERENCE } from '@spte/core';
import { assume, type Known, type Source, said, sourceLines, type TextFile } from './source.ts';

const RELEASE = /^\d{1,4}\.\d{1,4}\b/;

const release = (text: string): string => formatKernelVersion(parseKernelVersion(text));

/**
 * The kernel's release, from `uname -a`, `uname -r` or `/proc/version`.
 *
 * A distribution's release (`6.1.0-56-amd64`) names its ABI and not the stable release that it was built from. Debian
 * puts that elsewhere in the line (`Debian 6.1.192-2`), Ubuntu into `/proc/version_signature`.
 */
export function kernelRelease(uname: TextFile | undefined, signature: TextFile | undefined): Known<string> {
  return (
    signedRelease(signature) ??
    namedRelease(uname) ??
    assume(
      formatKernelVersion(REFERENCE),
      'no release was read: v6.6 to v6.9 are alike, and the reference here',
    )
  );
}

function firstLine(file: TextFile | undefined): Source | undefined {
  return file === undefined ? undefined : sourceLines(file)[0];
}

/** `Ubuntu 5.15.0-91.101-generic 5.15.131`. */
function signedRelease(file: TextFile | undefined): Known<string> | null {
  const source = firstLine(file);
  const [, , stable] = source?.text.split(' ') ?? [];
  if (source === undefined || stable === undefined || !RELEASE.test(stable)) return null;
  return said(release(stable), source, 'the stable release that the distribution built from');
}

function namedRelease(file: TextFile | undefined): Known<string> | null {
  const source = firstLine(file);
  if (source === undefined) return null;
  const words = source.text.split(' ');
  const after = words.indexOf('Debian') + 1;
  const debian = after > 0 ? words.slice(after).find((word) => RELEASE.test(word)) : undefined;
  if (debian !== undefined) return said(release(debian), source, 'the stable release that Debian built from');
  const named = words.find((word) => RELEASE.test(word));
  if (named === undefined) return null;
  if (/\.el\d/.test(named)) {
    const why =
      'RHEL carries the KVM of later releases under this number: name that release where it is known';
    return assume(release(named), why, source);
  }
  // 6.1.0-56-amd64: no stable release ends in .0, so that it hides which one it is.
  if (/^\d+\.\d+\.0-/.test(named)) {
    return assume(
      release(named),
      "the distribution's number hides the stable release: fixes in it are unknown",
      source,
    );
  }
  return said(release(named), source, "the kernel's own release");
}
