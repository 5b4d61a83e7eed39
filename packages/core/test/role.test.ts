// SPDX-License-Identifier: GPL-2.0-only
import {
  ACC_ALL,
  decodeRole,
  encodeRole,
  type PageRole,
  pageRole,
  parseKernelVersion,
  roleAsId,
} from '@spte/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Bits 23:19 of the role word have no meaning in the reference. */
const UNUSED = 0x00f8_0000;

const anyWord = fc.integer({ min: 0, max: 0xffff_ffff });

describe('the role word', () => {
  it.each<[number, Partial<PageRole>]>([
    // Words made by hand from the bit fields of union kvm_mmu_page_role, and the root of a traced VM.
    [0x781, {}],
    [0x10781, { adDisabled: true }],
    [0x20781, { guestMode: true }],
    [0x3784, { level: 4, eferNx: true, cr0Wp: true }],
  ])('%i is a direct page', (word, fields) => {
    expect(decodeRole(word)).toEqual(pageRole(fields));
    expect(encodeRole(pageRole(fields))).toBe(word);
  });

  it('has each field in its place', () => {
    const nothing = decodeRole(0);
    const set = (word: number): Partial<PageRole> =>
      Object.fromEntries(
        Object.entries(decodeRole(word)).filter(([name, value]) => value !== nothing[name as keyof PageRole]),
      );
    expect(Array.from({ length: 32 }, (_, n) => set(2 ** n))).toEqual([
      { level: 1 },
      { level: 2 },
      { level: 4 },
      { level: 8 },
      { has4ByteGpte: true },
      { quadrant: 1 },
      { quadrant: 2 },
      { direct: true },
      { access: 1 },
      { access: 2 },
      { access: 4 },
      { invalid: true },
      { eferNx: true },
      { cr0Wp: true },
      { smepAndnotWp: true },
      { smapAndnotWp: true },
      { adDisabled: true },
      { guestMode: true },
      { passthrough: true },
      {},
      {},
      {},
      {},
      {},
      { smm: 1 },
      { smm: 2 },
      { smm: 4 },
      { smm: 8 },
      { smm: 16 },
      { smm: 32 },
      { smm: 64 },
      { smm: 128 },
    ]);
  });

  it('comes back from the role, but for the bits without a meaning', () => {
    fc.assert(
      fc.property(anyWord, (word) => {
        expect(encodeRole(decodeRole(word))).toBe((word & ~UNUSED) >>> 0);
      }),
    );
  });

  it.each([
    ['role.level', { level: 16 }, '0..15, got 16'],
    ['role.quadrant', { quadrant: 4 }, '0..3, got 4'],
    ['role.access', { access: 8 }, '0..7, got 8'],
    ['role.access', { access: -1 }, '0..7, got -1'],
    ['role.smm', { smm: 256 }, '0..255, got 256'],
    ['role.level', { level: 1.5 }, '0..15, got 1.5'],
  ])('has no room for %s outside its field', (name, fields, range) => {
    expect(() => encodeRole(pageRole(fields))).toThrow(RangeError);
    expect(() => encodeRole(pageRole(fields))).toThrow(`${name} must be an integer within ${range}`);
  });

  it.each([-1, 2 ** 32, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('is not %d', (word) => {
    expect(() => decodeRole(word)).toThrow(RangeError);
    expect(() => decodeRole(word)).toThrow(`role must be an integer within 0..4294967295, got ${word}`);
  });

  it.each([
    // The root of a direct MMU in traces of these kernels.
    ['5.10', 0x3794],
    ['6.1', 0x3784],
    ['6.12', 0x3784],
    ['7.3', 0x6f84],
  ])('of %s says that %i is a direct root that uses NX and write protection', (release, word) => {
    const kernel = parseKernelVersion(release);
    const role = decodeRole(word, kernel);
    expect(role).toMatchObject({ level: 4, has4ByteGpte: false, direct: true, eferNx: true, cr0Wp: true });
    expect(role).toMatchObject({ invalid: false, adDisabled: false, guestMode: false, smm: 0 });
    expect(encodeRole(role, kernel)).toBe(word);
  });

  it.each(['5.4', '5.10', '5.17', '5.19', '6.1', '6.14', '7.1', '7.2', '7.3'])(
    'of %s says the same after it was taken apart and packed',
    (release) => {
      const kernel = parseKernelVersion(release);
      fc.assert(
        fc.property(anyWord, (word) => {
          const role = decodeRole(word, kernel);
          expect(decodeRole(encodeRole(role, kernel), kernel)).toEqual(role);
        }),
      );
    },
  );

  it('grants all access to a plain page, whose address space is that of SMM where smm is set', () => {
    expect(pageRole().access).toBe(ACC_ALL);
    expect([0, 1, 255].map((smm) => roleAsId(pageRole({ smm })))).toEqual([0, 1, 1]);
  });
});
