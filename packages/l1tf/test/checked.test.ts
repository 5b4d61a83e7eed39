// SPDX-License-Identifier: GPL-2.0-only
import { l1tf } from '@spte/l1tf/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(l1tf.isCacheTooWide, undefined, [undefined]) as unknown).toThrow(
    /^cacheBits must be .*, got undefined/,
  );
});
