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

  it('has words for each bit', () => {
    const { parts } = explainNestedPageFault(0xff_8000_807fn);
    expect(parts.map(({ bits, text }) => `${bits.join()}: ${text}`)).toMatchInlineSnapshot(`
      [
        "0: the entry is present and refuses",
        "1: a write",
        "2: by user code, or on behalf of it",
        "3: an entry on the path has a reserved bit set",
        "4: an instruction fetch",
        "5,15,38,39: bits 0xc000008020, which have no name",
        "6: a shadow-stack access",
        "31: the RMP of SEV-SNP refuses",
        "32: the access itself, not one to the tables of the guest",
        "33: an access to the tables of the guest, which counts as a write",
        "34: an encrypted access",
        "35: the RMP and the entry differ in the size of the page",
        "36: the VMPL permissions refuse",
        "37: a supervisor shadow stack",
      ]
    `);
  });

  it('is a 64-bit word', () => {
    expect(() => explainNestedPageFault(-1n)).toThrow(/^value must be within/);
  });
});
