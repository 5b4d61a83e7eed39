// SPDX-License-Identifier: GPL-2.0-only
import { explainSpte, makeNonleafSpte } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import { erasOf } from '../machine/eras.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { detailsOf } from './bit-details.ts';

function detailsAt(spte: bigint | 'table', level: number | null, preset = 'cascade-lake') {
  const { machine } = presetOf(preset);
  const mmu = mmuOf(machine);
  if (!mmu.ok) throw new Error('no machine');
  const value = spte === 'table' ? makeNonleafSpte(mmu.value, 0x1000n, false) : spte;
  return detailsOf(mmu.value, explainSpte(mmu.value, value, level), () => erasOf(machine));
}

describe('what is said of a bit beside the entry', () => {
  it('is which bit the field is in other kernels', () => {
    const { history } = detailsAt(0x600000455299b77n, 1);
    const places = history?.('mmuWritable') ?? [];
    expect(places.map(({ kernels, bits }) => `${kernels}: ${bits ?? 'none'}`)).toMatchInlineSnapshot(`
      [
        "5.4 to 5.12: 11",
        "5.13 to 7.1: 58",
        "7.2 on: 55",
      ]
    `);
    expect(places.filter(({ here }) => here)).toEqual([{ kernels: '5.13 to 7.1', bits: '58', here: true }]);
    expect(history?.('mmuPresent').map(({ bits }) => bits)).toEqual([null, '11']);
    expect(history?.('noSuchField').map(({ bits }) => bits)).toEqual([null]);
  });

  it('is the same of tables, MMIO and tracked entries, and nothing of what KVM makes only one of', () => {
    expect(detailsAt('table', 3).history?.('mmuPresent').at(-1)?.bits).toBe('11');
    expect(detailsAt(0x300000c1010166n, 1, 'ice-lake').history?.('mmioGeneration').length).toBeGreaterThan(1);
    expect(detailsAt(0x5a0n, 1).history?.('frozen')).toEqual([]);
  });

  it('is the kernel function that sets it, for a bit that is set', () => {
    const { setBy } = detailsAt(0x600000455299b77n, 1);
    expect(setBy?.(58)).toEqual([{ rule: 'make_spte', why: 'nothing write-protects the page' }]);
    expect(setBy?.(62)).toEqual([]);
  });

  it('is what is wrong with it', () => {
    const { wrong } = detailsAt(0xfffffc4465825n, 1, 'milan');
    expect(wrong?.(1n << 50n)).toEqual([containing('Wrong: reserved bits 0xf000000000000 are set')]);
    expect(wrong?.(1n << 5n)).toEqual([]);
  });
});
