// SPDX-License-Identifier: GPL-2.0-only
import { releaseCaveat, seriesCaveat } from '../kernel/read-releases.ts';
import type { Mmu } from '../mmu/contract.ts';
import { describeKernel } from './kernel-text.ts';

/**
 * What to know about the kernel of a machine before its answers are trusted: what its name was taken for, and, of a
 * release that was not read, between which two it lies and what differs between those, by the rules of this machine.
 * Empty for an upstream release that was read.
 *
 * @example
 * ```ts
 * import { caveatsOf, createMmu } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const on = (kernel: string) => createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() });
 * caveatsOf(on('6.8')); // []
 * caveatsOf(on('7.9')); // [ 'kernel 7.9 was not read: it is taken for 7.3, the newest that was' ]
 * ```
 *
 * @example
 * ```ts
 * import { caveatsOf, createMmu, readKernelRelease } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const kernel = readKernelRelease('6.1.0-56-amd64');
 * caveatsOf(createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() }))[0]; // kernel 6.1.0-56-amd64 is Debian (number only, source not read): taken as the newest of 6.1.y; `uname -v` names the stable release
 * ```
 */
export function caveatsOf({ kernel, vendor, policies }: Mmu): string[] {
  const variants = [vendor, ...policies].flatMap((plugin) => plugin.variants ?? []);
  const isAsNamed = kernel.sure === 'upstream' && kernel.note === '';
  const taken = isAsNamed ? null : describeKernel(kernel);
  // Of bits in places of its own, no release of the series says anything.
  const isOfSeries = kernel.sure === 'number only' && kernel.layout === null;
  const series = isOfSeries ? seriesCaveat(kernel, variants) : null;
  return [taken, series, releaseCaveat(kernel, variants)].filter((caveat) => caveat !== null);
}
