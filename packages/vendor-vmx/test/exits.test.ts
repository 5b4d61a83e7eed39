// SPDX-License-Identifier: GPL-2.0-only
import type { GuestExit } from '@spte/core';
import { vmxExits } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';

const ZERO = { info1: 0n, info2: 0n, intr_info: 0n, error_code: 0n };

const explain = (reason: GuestExit['reason'], words: Partial<GuestExit['words']> = {}, shortened?: boolean) =>
  vmxExits.explainExit({
    reason,
    words: { ...ZERO, ...words },
    ...(shortened === undefined ? {} : { shortened }),
  });

describe('the reason of an exit', () => {
  it.each([
    ['EPT_VIOLATION', { name: 'EPT_VIOLATION', number: 48 }],
    [48, { name: 'EPT_VIOLATION', number: 48 }],
    // As trace-cmd has it.
    ['PENDING_INTERRUPT', { name: 'INTERRUPT_WINDOW', number: 7 }],
    ['INVALID_STATE FAILED_VMENTRY', { name: 'INVALID_STATE', number: 33, flags: ['FAILED_VMENTRY'] }],
    [0x8000_0021, { name: 'INVALID_STATE', number: 33, flags: ['FAILED_VMENTRY'] }],
    [76, { name: null, number: 76 }],
    ['NEWER', { name: 'NEWER', number: null }],
    ['', { name: null, number: null }],
  ])('%s is read', (reason, said) => {
    expect(explain(reason).reason).toEqual(said);
  });
});

describe('the words of an exit', () => {
  it('are a qualification where the tables refuse', () => {
    expect(explain('EPT_VIOLATION', { info1: 0x1aan })).toEqual({
      reason: { name: 'EPT_VIOLATION', number: 48 },
      words: {
        info1: {
          value: '0x1aa',
          kind: 'EPT violation qualification',
          access: ['write'],
          entryAllows: 'r-x',
          entryPresent: true,
          linearAddressValid: true,
          stage: 'final access',
        },
      },
      whileDelivering: null,
    });
    expect(vmxExits.explainFault(0x82n)).toMatchObject({ stage: 'guest page walk' });
  });

  it.each([
    ['EPT_MISCONFIG', 0n, { value: '0x0' }],
    ['INVLPG', 0x1f0000n, { value: '0x1f0000', kind: 'gva' }],
    ['CR_ACCESS', 3n, { value: '0x3', cr: 3, type: 'mov to cr', register: 0 }],
    ['CR_ACCESS', 0x814n, { value: '0x814', cr: 4, type: 'mov from cr', register: 8 }],
    ['CR_ACCESS', 0x20n, { value: '0x20', cr: 0, type: 'clts' }],
    [
      'IO_INSTRUCTION',
      0x100040n,
      {
        value: '0x100040',
        port: '0x10',
        size: 1,
        direction: 'out',
        string: false,
        rep: false,
        immediate: true,
      },
    ],
    [
      'IO_INSTRUCTION',
      0x3f8003bn,
      {
        value: '0x3f8003b',
        port: '0x3f8',
        size: 4,
        direction: 'in',
        string: true,
        rep: true,
        immediate: false,
      },
    ],
    ['APIC_ACCESS', 0x10b0n, { value: '0x10b0', offset: '0xb0', type: 'write' }],
    ['APIC_ACCESS', 0xf000n, { value: '0xf000', offset: '0x0', type: null }],
    ['HLT', 0n, undefined],
  ])('of %s (%x) are read', (reason, info1, said) => {
    expect(explain(reason, { info1 }).words.info1).toEqual(said);
    expect(explain(reason, { info1: null }).words.info1).toBeUndefined();
  });

  it('are those of a page fault under shadow paging', () => {
    const { words } = explain('EXCEPTION_NMI', {
      info1: 0xd0001000n,
      intr_info: 0x80000b0en,
      error_code: 9n,
    });
    expect(words).toMatchObject({
      info1: { value: '0xd0001000', kind: 'gva (CR2)' },
      intr_info: { value: '0x80000b0e', name: '#PF', hasErrorCode: true },
      error_code: { value: '0x9', kind: '#PF error code', reserved: true },
    });
    expect(explain('EXCEPTION_NMI', { intr_info: 0x80000b0dn, error_code: 9n }).words).toMatchObject({
      error_code: { value: '0x9' },
    });
    // Vector 14 of an interrupt is none.
    expect(explain('EXTERNAL_INTERRUPT', { intr_info: 0x8000000en }).words).toEqual({
      intr_info: {
        value: '0x8000000e',
        valid: true,
        vector: 14,
        name: null,
        type: 'external interrupt',
        hasErrorCode: false,
      },
    });
    expect(explain('EXCEPTION_NMI', { intr_info: 0x80000b0en, error_code: null }).words.error_code).toBe(
      undefined,
    );
  });

  it('tell the event that was on its way', () => {
    expect(explain('EPT_VIOLATION', { info2: 0x80000b0en }).whileDelivering).toMatchObject({ name: '#PF' });
    expect(explain('EPT_VIOLATION', { info2: null })).not.toHaveProperty('whileDelivering');
  });

  it('were others before 5.10: the second is the event', () => {
    const words = { info2: 0x80000b0en, intr_info: null, error_code: null };
    const old = explain('EXCEPTION_NMI', words);
    expect(old.words.intr_info).toMatchObject({ name: '#PF' });
    expect(old).not.toHaveProperty('whileDelivering');
    expect(explain('EXTERNAL_INTERRUPT', words).words.intr_info).toMatchObject({ vector: 14 });
    expect(explain('EPT_VIOLATION', words).words).not.toHaveProperty('intr_info');
    // trace-cmd leaves words out: the second is either.
    expect(explain('EXCEPTION_NMI', words, true).words).not.toHaveProperty('intr_info');
  });

  it('decide over the answer, or are said as they are', () => {
    expect(vmxExits.looksAt('EPT_VIOLATION')).toEqual(['info1', 'info2']);
    expect(vmxExits.looksAt('INVLPG')).toEqual(['info2']);
  });
});
