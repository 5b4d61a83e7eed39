// SPDX-License-Identifier: GPL-2.0-only
import { batch } from '@spte/batch/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(batch.compile, undefined, [undefined]) as unknown).toThrow(
    /^mmu must be .*, got undefined/,
  );
});
