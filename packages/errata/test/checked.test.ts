// SPDX-License-Identifier: GPL-2.0-only
import { errata } from '@spte/errata/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(errata.affectedKernel, undefined, [undefined]) as unknown).toThrow(
    /^erratum must be .*, got undefined/,
  );
});
