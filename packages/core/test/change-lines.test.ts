// SPDX-License-Identifier: GPL-2.0-only
import { changeLines, explainChange } from '@spte/core';
import { machine } from '@spte/testing/machines';
import { expect, it } from 'vitest';

const mmu = machine('EPT with debug assertions', { kernel: '6.12' });

/** The lines below the verdict. */
const below = (from: bigint, to: bigint): string[] =>
  changeLines(explainChange(mmu, from, to, 1))
    .slice(2)
    .map(({ role, text }) => `${role}:${text}`);

it('the kernel complains before the fields are shown, each in the order in which it comes', () => {
  expect(below(0x600000455299b77n, 0x400000455299b75n)).toEqual([
    'changed:  a TLB flush is due',
    'warning:  WARN_ONCE invariant.mmu-without-host-writable',
    'warning:  WARN_ON_ONCE set.ve-possible',
    'changed:  hostWritable (bit 57): yes -> no',
    'changed:  writable (bit 1): yes -> no',
  ]);
});

it('what is lost stands beside the flush', () => {
  expect(below(0x600000455299b77n, 0x600000455299877n)).toEqual([
    'changed:  a TLB flush is due; lost: accessed and dirty',
    'warning:  WARN_ON_ONCE set.ve-possible',
    'changed:  dirty (bit 9): yes -> no',
    'changed:  accessed (bit 8): yes -> no',
  ]);
});
