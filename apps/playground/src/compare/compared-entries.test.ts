// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Mmu } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import type { Machine } from '../machine/machine.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf, presets } from '../machine/presets.ts';
import type { BuildForm } from '../state/build-form.ts';
import { stateOf } from '../state/state.ts';
import { type ComparedEntries, compareEntries } from './compared-entries.ts';

function mmuWith(machine: Partial<Machine>, preset = 'cascade-lake'): Mmu {
  const computed = mmuOf({ ...presetOf(preset).machine, ...machine });
  if (!computed.ok) throw new Error(JSON.stringify(computed.errors));
  return computed.value;
}

const on61 = mmuWith({ kernel: '6.1' });
const on72 = mmuWith({ kernel: '7.2' });
const form = stateOf(presets[0]).build;

function compare(a: Mmu, b: Mmu, fields: Partial<BuildForm> = {}): ComparedEntries {
  const compared = compareEntries(a, b, { ...form, ...fields });
  if (!compared.ok) throw new Error(JSON.stringify(compared.errors));
  return compared.value;
}

describe('one request on two machines', () => {
  it('makes two SPTEs with the differing bits marked in both', () => {
    const { a, b } = compare(on61, on72);
    expect([hex(a.spte), hex(b.spte)]).toEqual(['0x600000455299b77', '0x80a0000455299f77']);
    for (const { cells } of [a, b]) {
      expect(cells.filter(({ differs }) => differs).map(({ bit }) => bit)).toEqual([63, 58, 57, 55, 53, 10]);
    }
  });

  it('says for each differing bit which machine sets it, why, and what it is on the other', () => {
    const { items } = compare(on61, on72);
    expect(items.map(({ bits, value, name }) => [bits, value, name])).toEqual([
      ['63', 'only B', 'suppressVe'],
      ['58', 'only A', 'mmuWritable'],
      ['57', 'only A', 'hostWritable'],
      ['55', 'only B', 'mmuWritable'],
      ['53', 'only B', 'hostWritable'],
      ['10', 'only B', 'userExecutable'],
    ]);
    expect(items.find(({ bits }) => bits === '53')).toMatchObject({
      meaning: 'the host maps the page writable',
      rule: 'make_spte',
      why: 'in A: adType',
    });
  });

  it('accounts for every differing bit once, between all presets', () => {
    for (const { id } of presets) {
      for (const make of ['leaf', 'table', 'mmio'] as const) {
        const { a, b, items } = compare(on61, mmuWith({}, id), { make });
        expect(items.reduce((mask, item) => mask + item.mask, 0n)).toBe(a.spte ^ b.spte);
      }
    }
  });

  it('has nothing to tell when both make the same', () => {
    expect(compare(on61, mmuWith({ kernel: '6.6' })).items).toEqual([]);
  });

  it('names the field that cannot be used', () => {
    expect(compareEntries(on61, on72, { ...form, gfn: 'g' })).toEqual({
      ok: false,
      errors: { gfn: containing('not hex') },
    });
  });
});
