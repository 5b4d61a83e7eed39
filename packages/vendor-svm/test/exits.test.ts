// SPDX-License-Identifier: GPL-2.0-only
import type { GuestExit } from '@spte/core';
import { svmExits } from '@spte/vendor-svm';
import { describe, expect, it } from 'vitest';

const ZERO = { info1: 0n, info2: 0n, intr_info: 0n, error_code: 0n };

const explain = (reason: GuestExit['reason'], words: Partial<GuestExit['words']> = {}) =>
  svmExits.explainExit({ reason, words: { ...ZERO, ...words } });

describe('the reason of an exit', () => {
  it.each([
    ['npf', { name: 'npf', number: 0x400 }],
    [0x400, { name: 'npf', number: 0x400 }],
    ['PF excp', { name: 'PF excp', number: 0x4e }],
    ['write_dr7', { name: 'write_dr7', number: 0x37 }],
    // As trace-cmd has it.
    ['EXIT_IOIO', { name: 'io', number: 0x7b }],
    [0xffff_ffff, { name: 'invalid_guest_state', number: 0xffff_ffff }],
    [0x8c, { name: null, number: 0x8c }],
    ['newer', { name: 'newer', number: null }],
    ['', { name: null, number: null }],
  ])('%s is read', (reason, said) => {
    expect(explain(reason).reason).toEqual(said);
  });

  it.each([
    [0x1_0000_0006n, 'npf'],
    [0x2_0000_0007n, 'npf'],
    [0x3_0000_0006n, null],
    [0x1_0000_1006n, null],
    [0x7n, null],
    [null, null],
  ])('that the kernel lost is told by %s', (info1, name) => {
    expect(explain('', { info1 }).reason.name).toBe(name);
  });
});

describe('the words of an exit', () => {
  it('are a nested page fault', () => {
    expect(explain('npf', { info1: 0x100000004n, info2: 0x40e0n })).toEqual({
      reason: { name: 'npf', number: 0x400 },
      words: {
        info1: {
          value: '0x100000004',
          kind: 'NPF EXITINFO1',
          present: false,
          access: ['read'],
          user: true,
          reserved: false,
          stage: 'final access',
        },
        info2: { value: '0x40e0', kind: 'gpa' },
      },
      whileDelivering: null,
    });
    expect(svmExits.explainFault(0xcn)).toMatchObject({ stage: null, reserved: true });
  });

  it.each([
    [0x100010n, { port: '0x10', size: 1, direction: 'out', string: false, rep: false }],
    [0x3f8002dn, { port: '0x3f8', size: 2, direction: 'in', string: true, rep: true }],
    [0x3f80041n, { size: 4 }],
    [0x3f80000n, { size: null }],
  ])('of io (%x) are read', (info1, said) => {
    expect(explain('io', { info1, info2: 0x200cn }).words).toMatchObject({
      info1: said,
      info2: { value: '0x200c', kind: 'rip of the next instruction' },
    });
  });

  it('are those of a page fault under shadow paging', () => {
    expect(explain('PF excp', { info1: 2n, info2: 0x110000n }).words).toMatchObject({
      info1: { kind: '#PF error code', access: ['write'] },
      info2: { value: '0x110000', kind: 'gva' },
    });
  });

  it('tell the event that was on its way', () => {
    const event = { intr_info: 0x80000b0en, error_code: 3n };
    expect(explain('npf', event).whileDelivering).toMatchObject({ name: '#PF', errorCode: '0x3' });
    expect(explain('npf', { ...event, error_code: null }).whileDelivering).not.toHaveProperty('errorCode');
    expect(explain('npf', { ...event, intr_info: 0x80000306n }).whileDelivering).not.toHaveProperty(
      'errorCode',
    );
    // A leftover.
    expect(explain('io', { intr_info: 0xb0en }).whileDelivering).toBeNull();
    expect(explain('npf', { intr_info: null, error_code: null })).not.toHaveProperty('whileDelivering');
  });

  it('say nothing where the line does not have them, or under other reasons', () => {
    expect(explain('npf', { info1: null, info2: null }).words).toEqual({});
    expect(explain('hlt', { info1: 1n, info2: 1n }).words).toEqual({});
  });

  it('decide over the answer, or are said as they are', () => {
    expect(svmExits.looksAt('npf')).toEqual(['info1']);
    expect(svmExits.looksAt('')).toEqual(['info1']);
    expect(svmExits.looksAt('hlt')).toEqual([]);
  });
});
