// SPDX-License-Identifier: GPL-2.0-only
import { trace } from '@spte/trace/checked';
import { expect, it } from 'vitest';

// What its table says of each function is tried in scripts/checked.

it('the checked package refuses wrong arguments by name', () => {
  expect(() => Reflect.apply(trace.annotate, undefined, [undefined]) as unknown).toThrow(
    /^record must be .*, got undefined/,
  );
});
