// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { onceAsked } from './eras.ts';
import type { Machine } from './machine.ts';
import { titleBeside } from './machine-words.ts';
import { presetOf } from './presets.ts';

const { machine: intel } = presetOf('cascade-lake');
const { machine: amd } = presetOf('milan');

/** What a machine is called beside itself with one input changed. */
const beside = (machine: Machine, change: Partial<Machine>): string =>
  titleBeside({ ...machine, ...change }, machine);

describe('a machine beside another', () => {
  it.each<[Machine, Partial<Machine>, string]>([
    [intel, {}, ''],
    [intel, { physBits: '39' }, ', 39 bits'],
    [intel, { rawPhysBits: '52' }, ', MAXPHYADDR 52'],
    [intel, { cacheBits: '44' }, ', cache looks at 44 bits'],
    [intel, { l1tf: true }, ', L1TF bug'],
    [intel, { eptAd: false }, ', no EPT A/D bits'],
    [intel, { eptMaxPageLevel: '2' }, ', EPT pages up to level 2'],
    [intel, { mmuKind: 'shadow' }, ', shadow MMU'],
    [{ ...intel, mmuKind: 'tdp' }, { mmuKind: 'default' }, ", the vendor's MMU"],
    [intel, { rootLevel: '5' }, ', root level 5'],
    // What the other vendor's module looks at makes no difference.
    [intel, { npt: false }, ''],
    [amd, { ept: false }, ''],
    [{ ...amd, sme: 'off' }, { sme: 'kernel' }, ', SME'],
    [{ ...amd, sme: 'off' }, { sme: 'firmware' }, ', SME on, not used'],
    [{ ...amd, sme: 'kernel' }, { sme: 'off' }, ', no SME'],
    [{ ...amd, sme: 'kernel', cBit: '47' }, { cBit: '51' }, ', C-bit 51'],
    [{ ...amd, sme: 'off', cBit: '47' }, { cBit: '51' }, ''],
  ])('is called what is otherwise', (machine, change, words) => {
    const { vendor, kernel } = machine;
    expect(beside(machine, change)).toBe(`${vendor}, Linux ${kernel}${words}`);
  });

  it('has a short title, whatever differs', () => {
    const title = beside(intel, {
      physBits: '39',
      rawPhysBits: '39',
      cacheBits: '44',
      l1tf: true,
      gbpages: false,
      eptAd: false,
      pml: false,
    });
    expect(title).toMatch(/ and 3 more$/);
  });
});

it('what is asked for twice is computed once', () => {
  let computed = 0;
  const asked = onceAsked(() => ++computed);
  expect([computed, asked(), asked(), computed]).toEqual([0, 1, 1, 1]);
});
