// SPDX-License-Identifier: GPL-2.0-only
import { vectors } from '@spte/vectors/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(vectors.runVectors, undefined, [undefined]) as unknown).toThrow(
    /^lines must be .*, got undefined/,
  );
});
