// SPDX-License-Identifier: GPL-2.0-only
import type { BuildForm } from '../state/build-form.ts';

/** What the form asks for, in a few words. */
export function requestText({ make, at, tableAt, gfn, pfn, childPa, generation }: BuildForm): string {
  switch (make) {
    case 'leaf':
      return `a leaf at level ${at}: gfn ${gfn}, pfn ${pfn}`;
    case 'table':
      return `a table at level ${tableAt}: the one below at ${childPa}`;
    case 'mmio':
      return `an MMIO SPTE: gfn ${gfn}, generation ${generation}`;
  }
}
