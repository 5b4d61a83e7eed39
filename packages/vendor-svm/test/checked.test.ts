// SPDX-License-Identifier: GPL-2.0-only
import { vendorSvm } from '@spte/vendor-svm/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(vendorSvm.explainNestedPageFault, undefined, [undefined]) as unknown).toThrow(
    /^value must be .*, got undefined/,
  );
});
