// SPDX-License-Identifier: GPL-2.0-only
import { walk } from '@spte/walk/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(walk.diffWalks, undefined, [undefined]) as unknown).toThrow(
    /^before must be .*, got undefined/,
  );
});
