// SPDX-License-Identifier: GPL-2.0-only
import { kvm } from '@spte/kvm/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(kvm.checkHost, undefined, [undefined]) as unknown).toThrow(
    /^host must be .*, got undefined/,
  );
});
