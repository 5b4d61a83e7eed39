// SPDX-License-Identifier: GPL-2.0-only
import {
  changedPteNotifierMakeSpte,
  checkInteger,
  checkLevel,
  checkU32,
  checkU64,
  createMmu,
  decodeSpte,
  defineHost,
  getRsvdBits,
  isRsvdSpte,
  type MakeSpteRequest,
  makeHugePageSplitSpte,
  makeNonleafSpte,
  makeSpte,
  makeSpteExecutable,
  markSpteForAccessTrack,
  mmuSpteAge,
  mmuSpteUpdate,
  pageRole,
  plainHost,
  restoreAccTrackSpte,
} from '@spte/core';
import { eptVendor, legacyVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const mmu = mmuOf(eptVendor);
const TOO_WIDE = 1n << 64n;
const WORD = '0x0..0xffffffffffffffff';
const role = pageRole();

const leaf = (change: Partial<MakeSpteRequest>) => () =>
  makeSpte(mmu, plainHost, { role, gfn: 1n, pfn: 1n, ...change });

/** A value that the type system would refuse, as a caller in plain JavaScript may pass it. */
const wrongly = (value: unknown): never => value as never;

type Call = (word: bigint) => unknown;

/** Every function that takes a 64-bit word, with the name that it has for it. */
const words: readonly [fn: string, argument: string, call: Call][] = [
  ['makeSpte', 'gfn', (gfn) => leaf({ gfn })()],
  ['makeSpte', 'pfn', (pfn) => leaf({ pfn })()],
  ['makeSpte', 'oldSpte', (oldSpte) => leaf({ oldSpte })()],
  ['makeNonleafSpte', 'childPa', (pa) => makeNonleafSpte(mmu, pa, false)],
  ['makeSpteExecutable', 'before', (spte) => makeSpteExecutable(mmu, spte)],
  ['markSpteForAccessTrack', 'before', (spte) => markSpteForAccessTrack(mmu, spte)],
  ['restoreAccTrackSpte', 'before', (spte) => restoreAccTrackSpte(mmu, spte)],
  ['makeHugePageSplitSpte', 'hugeSpte', (spte) => makeHugePageSplitSpte(mmu, plainHost, spte, role, 0)],
  ['changedPteNotifierMakeSpte', 'oldSpte', (spte) => changedPteNotifierMakeSpte(mmu, spte, 1n)],
  ['changedPteNotifierMakeSpte', 'newPfn', (pfn) => changedPteNotifierMakeSpte(mmu, 1n, pfn)],
  ['mmuSpteUpdate', 'oldSpte', (spte) => mmuSpteUpdate(mmu, plainHost, spte, 1n)],
  ['mmuSpteUpdate', 'newSpte', (spte) => mmuSpteUpdate(mmu, plainHost, 1n, spte)],
  ['mmuSpteAge', 'spte', (spte) => mmuSpteAge(mmu, plainHost, spte)],
  ['decodeSpte', 'spte', (spte) => decodeSpte(mmu, spte)],
  ['defineHost', 'host.physicalMask', (physicalMask) => defineHost({ physBits: 46, physicalMask })],
];

describe.each(words)('%s() takes a 64-bit word for %s', (_, argument, call) => {
  it.each([
    [TOO_WIDE, '0x10000000000000000'],
    [-1n, '-0x1'],
  ])('and refuses %o with a RangeError that names argument, range and value', (value, shown) => {
    expect(() => call(value)).toThrow(RangeError);
    expect(() => call(value)).toThrow(new RegExp(`\\b${argument} must be within ${WORD}, got ${shown}$`));
  });

  it.each([
    [5, '5 (number)'],
    ['0x5', '"0x5"'],
    [true, 'true (boolean)'],
  ])('and refuses %o with a TypeError that names argument and value', (value, shown) => {
    expect(() => call(wrongly(value))).toThrow(TypeError);
    expect(() => call(wrongly(value))).toThrow(`${argument} must be a bigint, got ${shown}`);
  });

  it('and takes the smallest and the largest', () => {
    expect(() => call(0n)).not.toThrow();
    expect(() => call(TOO_WIDE - 1n)).not.toThrow();
  });
});

const inRole = (level: number) => pageRole({ level });

/** Every function that takes a small number, with its name and its legal range. */
const counts: readonly [
  fn: string,
  argument: string,
  min: number,
  max: number,
  call: (n: number) => unknown,
][] = [
  ['makeSpte', 'role.level', 1, 5, (level) => leaf({ role: inRole(level) })()],
  ['makeSpte', 'access', 0, 0xffff_ffff, (access) => leaf({ access })()],
  [
    'makeHugePageSplitSpte',
    'role.level',
    1,
    5,
    (level) => makeHugePageSplitSpte(mmu, plainHost, 0x880n, inRole(level), 0),
  ],
  [
    'makeHugePageSplitSpte',
    'index',
    -(2 ** 31),
    2 ** 31 - 1,
    (index) => makeHugePageSplitSpte(mmu, plainHost, 0x880n, role, index),
  ],
  ['decodeSpte', 'level', 1, 5, (level) => decodeSpte(mmu, 0x5a0n, level)],
  ['getRsvdBits', 'level', 1, 5, (level) => getRsvdBits(mmu.zeroCheck, 0n, level)],
  ['isRsvdSpte', 'level', 1, 5, (level) => isRsvdSpte(mmu.zeroCheck, 0n, level)],
  ['createMmu', 'root.level', 2, 5, (level) => mmuOf(legacyVendor, { root: { level } })],
  [
    'createMmu',
    'host.physBits',
    32,
    52,
    (physBits) => createMmu({ host: { physBits }, vendor: legacyVendor }),
  ],
  ['defineHost', 'host.physBits', 32, 52, (physBits) => defineHost({ physBits })],
  ['defineHost', 'host.cacheBits', 32, 63, (cacheBits) => defineHost({ physBits: 46, cacheBits })],
  [
    'defineHost',
    'host.extCpuidLevel',
    0,
    0xffff_ffff,
    (extCpuidLevel) => defineHost({ physBits: 46, extCpuidLevel }),
  ],
];

describe.each(counts)('%s() takes a whole number for %s', (_, argument, min, max, call) => {
  it.each([min - 1, max + 1, min + 0.5, Number.NaN, Number.NEGATIVE_INFINITY])(
    'and refuses %d with a RangeError that names argument, range and value',
    (value) => {
      expect(() => call(value)).toThrow(RangeError);
      expect(() => call(value)).toThrow(
        new RegExp(`^${argument} must be an integer within ${min}\\.\\.${max}, got ${value} \\(number\\)$`),
      );
    },
  );

  it.each([
    ['1', '"1"'],
    [1n, '0x1'],
    [true, 'true (boolean)'],
  ])('and refuses %o with a TypeError that names argument and value', (value, shown) => {
    expect(() => call(wrongly(value))).toThrow(TypeError);
    expect(() => call(wrongly(value))).toThrow(`${argument} must be a number, got ${shown}`);
  });

  it('and takes the smallest and the largest', () => {
    expect(() => call(min)).not.toThrow();
    expect(() => call(max)).not.toThrow();
  });
});

describe('a check', () => {
  it('returns what it was given', () => {
    expect(checkU64('x', 7n)).toBe(7n);
    expect(checkU32('x', 7)).toBe(7);
    expect(checkInteger('x', -7, -8, 0)).toBe(-7);
    expect(checkLevel('x', 5)).toBe(5);
  });

  it('is not made for arguments that may be left out', () => {
    expect(() => decodeSpte(mmu, 0n, null)).not.toThrow();
    expect(() => makeSpte(mmu, plainHost, { role, gfn: 1n, pfn: 1n })).not.toThrow();
  });

  it('names the words that there are', () => {
    expect(() => mmuOf(legacyVendor, { root: { kind: wrongly('npt02') } })).toThrow(
      new RangeError('root.kind must be one of tdp, shadow, ept12, none, got "npt02"'),
    );
  });

  it.each([
    [Object.create(null), '[object Object] (object)'],
    [[1n], '[object Array] (object)'],
    [() => 1n, '[object Function] (function)'],
    [Symbol('x'), 'Symbol(x) (symbol)'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['x'.repeat(1e6), `"${'x'.repeat(59)}…`],
  ])('names %o in a few words', (value, shown) => {
    expect(() => checkU64('x', wrongly(value))).toThrow(new TypeError(`x must be a bigint, got ${shown}`));
  });

  it('names a kernel version that is none', () => {
    expect(() => mmuOf(legacyVendor, { kernel: 'newest' })).toThrow(TypeError);
    expect(() => mmuOf(legacyVendor, { kernel: 'newest' })).toThrow(/kernel must look like .*, got "newest"/);
  });
});
