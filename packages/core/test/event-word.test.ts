// SPDX-License-Identifier: GPL-2.0-only
import { explainEventWord, explainPageFault, saidEvent, saidPageFault } from '@spte/core';
import { describe, expect, it } from 'vitest';

describe('a word about an event', () => {
  it.each([
    [0x80000b0en, '#PF', 'hardware exception', 14, true],
    [0x80000306n, '#UD', 'hardware exception', 6, false],
    [0x80000b0dn, '#GP', 'hardware exception', 13, true],
    [0x80000202n, 'NMI', 'NMI', 2, false],
    [0x800000efn, null, 'external interrupt', 0xef, false],
    [0x80000403n, null, 'software interrupt', 3, false],
    [0x80000501n, '#DB', 'privileged software exception', 1, false],
    [0x80000603n, '#BP', 'software exception', 3, false],
    [0x8000031fn, null, 'hardware exception', 31, false],
    [0x80000700n, null, null, 0, false],
  ] as const)('%x is read', (value, name, type, vector, hasErrorCode) => {
    const said = { valid: true, vector, name, type, hasErrorCode };
    expect(explainEventWord(value)).toEqual({ value, ...said });
    expect(saidEvent(value)).toEqual({ value: `0x${value.toString(16)}`, ...said });
  });

  it('is nothing where its valid bit is clear', () => {
    expect(explainEventWord(0xb0en)).toMatchObject({ valid: false, vector: 14 });
    expect(saidEvent(0xb0en)).toBeNull();
    expect(saidEvent(0n)).toBeNull();
  });

  it('must be a word', () => {
    expect(() => explainEventWord(-1n)).toThrow(RangeError);
  });
});

describe('the error code of a page fault, for JSON', () => {
  it('has no bits and no parts', () => {
    expect(saidPageFault(explainPageFault(0x9n))).toEqual({
      value: '0x9',
      kind: '#PF error code',
      present: true,
      access: ['read'],
      user: false,
      reserved: true,
    });
  });
});
