// SPDX-License-Identifier: GPL-2.0-only
import { checked, type Signatures } from '@spte/core';
import { core } from '@spte/core/checked';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

// What the tables say of each function of each package is tried in scripts/checked.

const wrongly = (value: unknown): never => value as never;

const signatures: Signatures = {
  functions: {
    word: { word: 'u64', 'level?': '1..5|null' },
    text: { text: '=one|=two', 'rest…': 'list' },
    all: { items: 'iterable|string', run: 'function' },
    bytes: { bytes: 'bytes', 'flag?': 'boolean|undefined' },
    number: { number: 'number', big: 'bigint', any: 'any' },
    made: { 'makeOptions?': 'MakeOptions' },
    shaped: { shape: 'Shape|Other', low: '-1..63' },
  },
  types: {
    MakeOptions: { 'depth?': '0..9', 'name?': 'string' },
    Shape: { width: 'u64' },
    Other: { list: 'list', inner: 'object' },
  },
  closed: ['MakeOptions'],
};

const echo = (...given: unknown[]): unknown[] => given;
const api = checked(
  {
    word: echo,
    text: echo,
    all: echo,
    bytes: echo,
    number: echo,
    made: echo,
    shaped: echo,
    free: echo,
    constant: 5,
  },
  signatures,
);

describe('a checked package', () => {
  it('gives what its functions give, and leaves the rest as it is', () => {
    expect(api.word(1n, null)).toEqual([1n, null]);
    expect(api.word(1n, 5)).toEqual([1n, 5]);
    expect(api.word(1n)).toEqual([1n]);
    expect(api.text('two', [], [1])).toEqual(['two', [], [1]]);
    expect(api.all(new Set([1]), echo)).toHaveLength(2);
    expect(api.all('text', echo)).toHaveLength(2);
    expect(api.bytes(new Uint8Array(), true)).toHaveLength(2);
    expect(api.number(0.5, -1n, undefined)).toEqual([0.5, -1n, undefined]);
    expect(api.made({ depth: 9, name: undefined })).toHaveLength(1);
    expect(api.shaped({ list: [], inner: {}, more: 1 }, -1)).toHaveLength(2);
    expect(api.free(null)).toEqual([null]);
    expect(api.constant).toBe(5);
  });

  it.each<[call: () => unknown, error: string]>([
    [() => api.word(5), 'TypeError: word must be a bigint, got 5 (number)'],
    [() => api.word(-1n), 'RangeError: word must be within 0x0..0xffffffffffffffff, got -0x1'],
    [() => api.word(1n, 6), 'TypeError: level must be an integer within 1..5 or null, got 6 (number)'],
    [() => api.text('three'), 'TypeError: text must be one or two, got "three"'],
    [() => api.text('one', [], 5), 'TypeError: rest must be an array, got 5 (number)'],
    [() => api.all({}, echo), 'TypeError: items must be iterable or a string, got [object Object] (object)'],
    [() => api.all([], 'x'), 'TypeError: run must be a function, got "x"'],
    [() => api.bytes([1]), 'TypeError: bytes must be a Uint8Array, got [object Array] (object)'],
    [
      () => api.bytes(new Uint8Array(), 0),
      'TypeError: flag must be true or false or undefined, got 0 (number)',
    ],
    [() => api.number(Number.NaN), 'TypeError: number must be a number, got NaN (number)'],
    [
      () => api.made({ depht: 1 }),
      'TypeError: a member of makeOptions must be one of depth, name, got "depht"',
    ],
    [
      () => api.made({ depth: 10 }),
      'RangeError: makeOptions.depth must be an integer within 0..9, got 10 (number)',
    ],
    [() => api.made([]), 'TypeError: makeOptions must be an object, got [object Array] (object)'],
    [
      () => api.shaped({}, 0),
      'TypeError: shape must be an object with width or an object with list, inner, got [object Object] (object)',
    ],
    [
      () => api.shaped({ width: 1 }),
      'TypeError: shape must be an object with width or an object with list, inner, got [object Object] (object)',
    ],
    [
      () => api.shaped({ width: 1n }, -2),
      'RangeError: low must be an integer within -1..63, got -2 (number)',
    ],
  ])('refuses what an argument cannot be: %s', (call, error) => {
    expect(String(errorOf(call))).toBe(error);
  });

  it('says of a union in which the word alone is wrong what all of them are', () => {
    const { word } = checked({ word: echo }, { ...signatures, functions: { word: { word: 'u64|string' } } });
    expect(() => word(5)).toThrow(
      'word must be a bigint within 0x0..0xffffffffffffffff or a string, got 5 (number)',
    );
  });
});

function errorOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe('this package, checked', () => {
  const mmu = mmuOf(eptVendor);

  it('answers as it does unchecked', () => {
    expect(core.isShadowPresentPte(mmu, 0n)).toBe(false);
    expect(core.hex(16n)).toBe('0x10');
  });

  it('refuses what rules take for an entry', () => {
    expect(() => core.isShadowPresentPte(mmu, -1n)).toThrow(RangeError);
    expect(() => core.spteToPfn(mmu, 2n ** 64n)).toThrow('spte must be within 0x0..0xffffffffffffffff');
    expect(() => core.isMmioSpte(wrongly(undefined), 0n)).toThrow('mmu must be an object with kernel');
    expect(() => core.createMmu(wrongly({ host: { physBits: 46 }, vendor: eptVendor, polices: [] }))).toThrow(
      'a member of mmuConfig must be one of',
    );
  });
});
