// SPDX-License-Identifier: GPL-2.0-only
import { explainEptViolation } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';

/** Qualifications as hosts print them. */
const seen = [
  [0x181n, ['read'], '---', 'final access'],
  [0x182n, ['write'], '---', 'final access'],
  [0x184n, ['fetch'], '---', 'final access'],
  [0x183n, ['read', 'write'], '---', 'final access'],
  [0x82n, ['write'], '---', 'guest page walk'],
  [0x81n, ['read'], '---', 'guest page walk'],
  [0x1aan, ['write'], 'r-x', 'final access'],
  [0x18an, ['write'], 'r--', 'final access'],
  [0x19cn, ['fetch'], 'rw-', 'final access'],
  [0x1n, ['read'], '---', null],
] as const;

describe('the qualification of an EPT violation', () => {
  it.each(seen)('%x says what was tried and what the path allows', (value, access, entryAllows, stage) => {
    expect(explainEptViolation(value)).toMatchObject({
      kind: 'EPT violation qualification',
      value,
      access,
      entryAllows,
      entryPresent: entryAllows !== '---',
      linearAddressValid: stage !== null,
      stage,
    });
  });

  it('names the bits of the tables of the guest where they mean something', () => {
    const names = (value: bigint): string[] => explainEptViolation(value).parts.map(({ name }) => name);
    expect(names(0xf82n)).toEqual([
      'write',
      'linearAddressValid',
      'finalAccess',
      'userAddress',
      'writablePage',
      'executeDisabled',
    ]);
    expect(names(0xe82n)).toEqual(['write', 'linearAddressValid', 'unnamed']);
    expect(explainEptViolation(0xe82n).parts.at(-1)).toEqual({
      name: 'unnamed',
      bits: [9, 10, 11],
      value: 0xe00n,
      text: 'bits 0xe00, which have no name',
    });
  });

  it('has words for each bit', () => {
    const { parts } = explainEptViolation(0x3_ffffn);
    expect(parts.map(({ bits, text }) => `${bits.join()}: ${text}`)).toMatchInlineSnapshot(`
      [
        "0: a read",
        "1: a write",
        "2: an instruction fetch",
        "3: the path allows reads",
        "4: the path allows writes",
        "5: the path allows fetches",
        "6: the path allows fetches of users (mode-based execute control)",
        "7: a linear address of the guest was translated",
        "8: the access itself, not one to the tables of the guest",
        "9: an address of users, by the tables of the guest",
        "10: a writable page, by the tables of the guest",
        "11: no fetches, by the tables of the guest",
        "12: IRET had unblocked NMIs",
        "13: a shadow-stack access",
        "14: the page holds a supervisor shadow stack",
        "15: guest-paging verification refuses",
        "16: an asynchronous access, such as of a trace",
        "17: bits 0x20000, which have no name",
      ]
    `);
  });

  it('says that no linear address was translated', () => {
    expect(explainEptViolation(1n).parts.map(({ text }) => text)).toEqual([
      'a read',
      'no linear address: the CPU loaded PDPTEs, or wrote a trace',
    ]);
  });

  it('is a 64-bit word', () => {
    expect(() => explainEptViolation(1n << 64n)).toThrow(/^value must be within 0x0\.\.0xffffffffffffffff/);
  });
});
