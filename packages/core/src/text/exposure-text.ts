// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import type { ExposureParams } from '../mmu/contract.ts';
import { type Answer, type Texts, textOf } from './catalogue.ts';

const EXPOSURES: Texts<ExposureParams> = {
  'no-bug': () => 'this CPU does not have the L1TF bug',
  'page-0': () => 'page 0 holds nothing: the kernel never hands it out',
  'beyond-ram': ({ address }) => `there is no RAM at ${hex(address)} to be in the cache`,
  'below-ram-end': ({ address, ramEnd }) => `${hex(address)} is below the end of RAM, ${hex(ramEnd)}`,
  guarded: ({ guard }) => `the guarded bits ${hex(guard)} are all set: RAM is not that high`,
  unguarded: ({ guard }) => `the guarded bits ${hex(guard)} are not all set: there may be RAM`,
};

/** Why speculation can get at something through an entry that faults, or cannot, in words. */
export function exposureText(exposure: Answer): string {
  return textOf(EXPOSURES, exposure);
}
