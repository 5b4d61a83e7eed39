// SPDX-License-Identifier: GPL-2.0-only
import { pluginKit } from '@spte/plugin-kit/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(pluginKit.checkPolicy, undefined, [undefined]) as unknown).toThrow(
    /^make must be .*, got undefined/,
  );
});
