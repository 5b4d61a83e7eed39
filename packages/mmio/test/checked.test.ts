// SPDX-License-Identifier: GPL-2.0-only
import { mmio } from '@spte/mmio/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(mmio.checkMmioSpte, undefined, [undefined]) as unknown).toThrow(
    /^mmu must be .*, got undefined/,
  );
});
