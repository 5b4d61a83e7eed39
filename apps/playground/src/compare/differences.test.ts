// SPDX-License-Identifier: GPL-2.0-only
import { compareMmus, LAYOUT_MEANINGS, type Mmu } from '@spte/core';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../machine/machine.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { differencesOf, shortNameOf } from './differences.ts';

function mmuWith(preset: string, machine: Partial<Machine> = {}): Mmu {
  const computed = mmuOf({ ...presetOf(preset).machine, ...machine });
  if (!computed.ok) throw new Error(JSON.stringify(computed.errors));
  return computed.value;
}

const on61 = mmuWith('cascade-lake', { kernel: '6.1' });
const on72 = mmuWith('cascade-lake', { kernel: '7.2' });

describe('two machines', () => {
  it('differ in nothing when they are alike', () => {
    expect(differencesOf(on61, on61)).toEqual({ masks: [], layout: [], reserved: [] });
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
    expect(layout.map(({ name, a, b }) => ({ name, a: a.text, b: b.text }))).toEqual(
      compareMmus(on61, on72).layout,
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

  it('differ in reserved bits, level by level', () => {
    const { reserved } = differencesOf(on61, mmuWith('milan'));
    expect(reserved).toHaveLength(10);
    expect(reserved[0]).toMatchObject({ name: 'level 1, bit 7 clear', meaning: 'differ: bits 47:46' });
  });

  it('are told apart by vendor and kernel', () => {
    expect(shortNameOf(on72)).toBe('vmx, Linux 7.2');
  });
});
