// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import { erasOf } from '../machine/eras.ts';
import type { Machine } from '../machine/machine.ts';
import { titleBeside } from '../machine/machine-words.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { acrossOf, columnsOf } from './across.ts';

function mmuWith(machine: Machine) {
  const computed = mmuOf(machine);
  if (!computed.ok) throw new Error(JSON.stringify(computed.errors));
  return computed.value;
}

const { machine } = presetOf('cascade-lake');
const on72 = { ...machine, kernel: '7.2' };

function across(spte: bigint, other: Machine | null = null) {
  const a = { title: 'this one', mmu: mmuWith(machine) };
  const b = other === null ? null : { title: 'the other', mmu: mmuWith(other) };
  return acrossOf(columnsOf(a, b, erasOf(machine)), spte, 1);
}

describe('an entry in several contexts', () => {
  const { columns, judged, differing, same } = across(0x600000455299b77n, on72);

  it('is read on both machines and under the kernels of every other layout, those that agree once', () => {
    expect(columns.map(({ title }) => title)).toMatchInlineSnapshot(`
      [
        "this one",
        "the other",
        "Linux 5.4 to 5.12",
        "Linux 6.10 to 7.1",
      ]
    `);
    expect(new Set(judged.slice(2).map(({ verdict }) => verdict)).size).toBeLessThanOrEqual(columns.length);
    expect(judged[0]).toEqual({ verdict: containing('Clean leaf'), isBad: false });
    expect(judged[1]).toMatchObject({ isBad: true });
  });

  it('has each bit in one row, those that are the same everywhere apart', () => {
    const all = [...differing, ...same].reduce((sum, { mask }) => {
      expect(sum & mask).toBe(0n);
      return sum | mask;
    }, 0n);
    expect(all).toBe((1n << 64n) - 1n);
    const row = differing.find(({ bits }) => bits === '58');
    expect(row?.readings.slice(0, 2)).toEqual([
      { owner: 'kvm', name: 'mmuWritable', value: 'yes', isWrong: false },
      { owner: 'unused', name: 'unused', value: '', isWrong: false },
    ]);
    expect(same.some(({ readings }) => readings[0]?.name === 'address')).toBe(true);
  });

  it('differs in nothing where every kernel takes it for the same', () => {
    expect(across(0n).differing.filter(({ readings }) => readings[0]?.isWrong !== false)).toEqual([]);
    expect(across(0n).judged[0]?.verdict).toContain('empty');
  });
});

describe('the title of a machine', () => {
  it('names vendor and kernel, and what is otherwise on the other', () => {
    expect(titleBeside(machine, on72)).toBe('vmx, Linux 6.8');
    expect(titleBeside({ ...machine, physBits: '45', l1tf: true }, machine)).toBe(
      'vmx, Linux 6.8, 45 bits, L1TF bug',
    );
    expect(titleBeside(machine, { ...machine, nxHugePages: !machine.nxHugePages })).toMatch(
      /(no )?nx_huge_pages$/,
    );
  });

  it('leaves out what its vendor does not look at, and does not go on for ever', () => {
    const milan = presetOf('milan-sme').machine;
    expect(titleBeside(milan, machine)).not.toMatch(/EPT|PML/);
    expect(titleBeside(milan, { ...milan, sme: 'off' })).toBe('svm, Linux 6.8, SME');
    const [other] = [
      Object.fromEntries(
        Object.entries(machine).map(([name, value]) => [name, typeof value === 'boolean' ? !value : value]),
      ),
    ];
    expect(titleBeside(machine, other as unknown as Machine)).toMatch(/ and \d+ more$/);
  });
});
