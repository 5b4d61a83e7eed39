// SPDX-License-Identifier: GPL-2.0-only
import { compareMmus, constantText, LAYOUT_MEANINGS, type Mmu } from '@spte/core';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../machine/machine.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { differencesOf } from './differences.ts';

function mmuWith(preset: string, machine: Partial<Machine> = {}): Mmu {
  const computed = mmuOf({ ...presetOf(preset).machine, ...machine });
  if (!computed.ok) throw new Error(JSON.stringify(computed.errors));
  return computed.value;
}

const on61 = mmuWith('cascade-lake', { kernel: '6.1' });
const on72 = mmuWith('cascade-lake', { kernel: '7.2' });

/** The bits of `47:46`. */
function numbersOf(run: string): number[] {
  const [high = 0, low = high] = run.split(':').map(Number);
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

describe('two machines', () => {
  it('differ in nothing when they are alike', () => {
    expect(differencesOf(on61, on61)).toEqual({
      masks: [],
      layout: [],
      reserved: [],
      variants: [],
      functions: [],
      built: [],
    });
  });

  it('differ in masks, each with its bits and the step that set it', () => {
    const { masks } = differencesOf(on61, on72);
    expect(masks.find(({ name }) => name === 'accTrack')).toMatchObject({
      notes: ['set by kvm_mmu_set_ept_masks'],
      a: { text: '0x7', notes: ['bits 2:0'] },
      b: { text: '0x407', notes: ['bits 10, 2:0'] },
    });
    const { masks: others } = differencesOf(on61, mmuWith('milan'));
    expect(others.find(({ name }) => name === 'accessed')).toMatchObject({
      notes: [],
      a: { text: '0x100', notes: ['bit 8', 'set by kvm_mmu_set_ept_masks'] },
      b: { text: '0x20', notes: ['bit 5', 'set by kvm_mmu_reset_all_pte_masks'] },
    });
  });

  it('differ in constants, said as places in the entry', () => {
    const { layout } = differencesOf(on61, on72);
    expect(layout.map(({ name, a, b }) => [name, a.text, b.text])).toEqual(
      compareMmus(on61, on72).layout.map(({ name, a, b }) => [name, constantText(a), constantText(b)]),
    );
    expect(layout.find(({ name }) => name === 'adType')).toMatchObject({
      meaning: LAYOUT_MEANINGS.adType,
      a: { text: 'bits 53:52' },
      b: { text: 'bits 61:60' },
    });
  });

  it('differ in constants that one of them lacks', () => {
    const { layout } = differencesOf(mmuWith('cascade-lake', { kernel: '5.4' }), on61);
    expect(layout.find(({ name }) => name === 'mmuPresent')).toMatchObject({
      a: { text: 'none' },
      b: { text: 'bit 11' },
    });
    expect(layout.find(({ name }) => name === 'frozen')?.a.text).toBe('none');
  });

  it('differ in reserved bits, each said once with the entries in which it does', () => {
    const milan = mmuWith('milan');
    const { reserved } = differencesOf(on61, milan);
    expect(reserved.map(({ name, meaning, a, b }) => [name, meaning, a.text, b.text])).toContainEqual([
      'bits 47:46',
      'level 1, 2, 3, 4, 5',
      'must be 0',
      'may be set',
    ]);
    expect(reserved.map(({ name, meaning }) => [name, meaning])).toContainEqual([
      'bit 12',
      'level 2 with bit 7 set, 3 with bit 7 set',
    ]);
    for (const side of ['a', 'b'] as const) {
      const own = reserved.filter((each) => each[side].text === 'must be 0');
      const bits = own.flatMap(({ name }) =>
        name
          .replace(/^bits? /, '')
          .split(', ')
          .flatMap(numbersOf),
      );
      expect(new Set(bits).size).toBe(bits.length);
      const all = compareMmus(on61, milan).reserved.reduce(
        (sum, each) => sum | (each[side] & ~each[side === 'a' ? 'b' : 'a']),
        0n,
      );
      expect(bits.reduce((sum, n) => sum | (1n << BigInt(n)), 0n)).toBe(all);
    }
  });

  it('differ in what their kernels are known to do, though they make the same leaf', () => {
    const { variants, built } = differencesOf(on61, mmuWith('cascade-lake', { kernel: '6.1.192' }));
    expect(variants).toMatchObject([{ b: { text: 'by a last-level one (level 1, or bit 7 set)' } }]);
    expect(built).toMatchObject([
      {
        name: 'over-a-table',
        notes: ['differ: bit 9'],
        a: { text: '0x6000000002009f3', notes: [] },
        b: { text: '0x600000000200bf3', notes: ['calls mmu_try_to_unsync_pages()'] },
      },
    ]);
  });

  it('differ in functions that one of them lacks, and in what the other makes by them', () => {
    const [old, next] = ['5.17', '5.18'].map((kernel) => mmuWith('cascade-lake', { kernel })) as [Mmu, Mmu];
    const { functions, built } = differencesOf(old, next);
    expect(functions.map(({ name, a, b }) => [name, a.text, b.text])).toContainEqual([
      'make_huge_page_split_spte()',
      'no',
      'yes',
    ]);
    expect(built.find(({ name }) => name === 'split')).toMatchObject({
      notes: [],
      a: { text: 'no such function' },
      b: { text: '0x6000000003ffb77' },
    });
    expect(differencesOf(next, old).functions[0]).toMatchObject({ a: { text: 'yes' }, b: { text: 'no' } });
  });

  it('differ in what they complain about', () => {
    const off = mmuWith('milan', { mmioCaching: false });
    const { built } = differencesOf(mmuWith('milan'), off);
    expect(built.find(({ name }) => name === 'mmio')?.b.notes).toEqual(['WARN mmio.value-zero']);
  });
});
