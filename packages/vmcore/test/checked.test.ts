// SPDX-License-Identifier: GPL-2.0-only
import { vmcore } from '@spte/vmcore/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(vmcore.blobFile, undefined, [undefined]) as unknown).toThrow(
    /^blob must be .*, got undefined/,
  );
});
