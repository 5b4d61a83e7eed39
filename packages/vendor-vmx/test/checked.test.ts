// SPDX-License-Identifier: GPL-2.0-only
import { vendorVmx } from '@spte/vendor-vmx/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(vendorVmx.eptMisconfig, undefined, [undefined]) as unknown).toThrow(
    /^cpu must be .*, got undefined/,
  );
});
