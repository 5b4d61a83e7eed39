// SPDX-License-Identifier: GPL-2.0-only
import { explainNestedPageFault } from '@spte/vendor-svm';
import { describe, expect, it } from 'vitest';

/** EXITINFO1 as hosts print it. */
const seen = [
  [0x1_0000_0004n, 'read', false, false, 'final access'],
  [0x1_0000_0006n, 'write', false, false, 'final access'],
  [0x1_0000_0014n, 'fetch', false, false, 'final access'],
  [0x1_0000_0007n, 'write', true, false, 'final access'],
  [0x1_0000_000dn, 'read', true, true, 'final access'],
  [0x2_0000_0006n, 'write', false, false, 'guest page walk'],
  [0xcn, 'read', false, true, null],
] as const;

describe('EXITINFO1 of a nested page fault', () => {
  it.each(seen)('%x says what was tried, and where', (value, access, present, reserved, stage) => {
    expect(explainNestedPageFault(value)).toMatchObject({
      kind: 'NPF EXITINFO1',
      value,
      access: [access],
      present,
      user: true,
      reserved,
      stage,
    });
  });

  it('names every bit', () => {
    const { bits, parts } = explainNestedPageFault(0x5_0000_0004n);
    expect(bits).toEqual([2, 32, 34]);
    expect(parts.map(({ text }) => text)).toEqual([
      'an entry on the path is not present',
      'by user code, or on behalf of it',
      'the access itself, not one to the tables of the guest',
      'an encrypted access',
    ]);
    expect(explainNestedPageFault(1n << 40n).parts.at(-1)?.name).toBe('unnamed');
  });

  it('is a 64-bit word', () => {
    expect(() => explainNestedPageFault(-1n)).toThrow(/^value must be within/);
  });
});
