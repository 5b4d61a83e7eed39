// SPDX-License-Identifier: GPL-2.0-only
import { explainEptp, explainPageFault } from '@spte/core';
import { describe, expect, it } from 'vitest';

describe('the error code of a page fault', () => {
  it.each([
    [0x0n, 'read', false, false, false],
    [0x2n, 'write', false, false, false],
    [0x3n, 'write', true, false, false],
    [0x9n, 'read', true, false, true],
    [0x14n, 'fetch', false, true, false],
  ] as const)('%x says what was tried', (value, access, present, user, reserved) => {
    expect(explainPageFault(value)).toMatchObject({
      kind: '#PF error code',
      access: [access],
      present,
      user,
      reserved,
    });
  });

  it('names its bits', () => {
    const { bits, parts } = explainPageFault(0x8061n);
    expect(bits).toEqual([0, 5, 6, 15]);
    expect(parts.map(({ name }) => name)).toEqual(['present', 'protectionKey', 'shadowStack', 'sgx']);
    expect(explainPageFault(0n).parts).toEqual([
      { name: 'present', bits: [0], value: 0n, text: 'an entry on the path is not present' },
    ]);
  });

  it('has words for each bit that is set, and for those without a name', () => {
    const { parts } = explainPageFault(0xffffn);
    expect(parts.map(({ bits, text }) => `${bits.join()}: ${text}`)).toMatchInlineSnapshot(`
      [
        "0: the entry is present and refuses",
        "1: a write",
        "2: by user code, or on behalf of it",
        "3: an entry on the path has a reserved bit set",
        "4: an instruction fetch",
        "5: a protection key refuses",
        "6: a shadow-stack access",
        "7,8,9,10,11,12,13,14: bits 0x7f80, which have no name",
        "15: SGX refuses",
      ]
    `);
  });

  it('is a 64-bit word', () => {
    expect(() => explainPageFault(1n << 64n)).toThrow(RangeError);
  });
});

describe('an EPT pointer', () => {
  it.each([
    [0x1_05a2_7005en, 'WB', 4, true, 0x1_05a2_70000n],
    [0x1_019a_701en, 'WB', 4, false, 0x1_019a_7000n],
    [0x1_0000_0066n, 'WB', 5, true, 0x1_0000_0000n],
    [0x1_0000_0020n, 'UC', 5, false, 0x1_0000_0000n],
  ] as const)('%x says where the tables are, and how they are walked', (value, memtype, levels, ad, root) => {
    const supervisorShadowStack = false;
    expect(explainEptp(value)).toEqual({
      value,
      memtype,
      levels,
      ad,
      supervisorShadowStack,
      root,
      wrong: [],
    });
  });

  it('with shadow stacks says so', () => {
    expect(explainEptp(0x10den).supervisorShadowStack).toBe(true);
  });

  it.each([
    ['a memory type', 0x1005dn, [0, 2]],
    ['levels', 0x1056n, [3, 4, 5]],
    ['reserved bits', 0x8000_0000_0000_195en, [8, 11, 63]],
  ] as const)('that no CPU takes names %s', (_what, value, wrong) => {
    expect(explainEptp(value).wrong).toEqual(wrong);
  });

  it('is a 64-bit word', () => {
    expect(() => explainEptp(1n << 64n)).toThrow(RangeError);
  });
});
