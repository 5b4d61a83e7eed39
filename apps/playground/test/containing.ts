// SPDX-License-Identifier: GPL-2.0-only
import { expect } from 'vitest';

/** For tests: equals any text with `part` in it. */
export function containing(part: string): unknown {
  return expect.stringContaining(part);
}
