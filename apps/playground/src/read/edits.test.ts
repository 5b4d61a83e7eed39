// SPDX-License-Identifier: GPL-2.0-only
import { decodeSpte } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { editableOf, parsePfn, pfnOf, withField, withPfn } from './edits.ts';

function editable(spte: bigint, level: number, preset = 'cascade-lake') {
  const mmu = mmuOf(presetOf(preset).machine);
  if (!mmu.ok) throw new Error('no machine');
  return editableOf(mmu.value, decodeSpte(mmu.value, spte, level).fields);
}

const LEAF = 0x600000455299b77n;

describe('what can be changed in an entry', () => {
  it('is the address, what has named values, and what it allows', () => {
    const { address, choices, access } = editable(LEAF, 1);
    expect(address?.mask).toBe(0xffffffffff000n);
    expect(choices.map(({ field }) => field.name)).toEqual(['memtype', 'adType']);
    expect(choices[0]?.options).toContainEqual(['6', 'WB']);
    expect(access.map(({ name }) => name)).toEqual(['readable', 'writable', 'executable', 'userExecutable']);
    expect(editable(0x400e67n, 1, 'milan').access.map(({ name }) => name)).toEqual([
      'present',
      'writable',
      'user',
      'noExecute',
    ]);
  });

  it('is nothing in an entry that maps nothing', () => {
    expect(editable(0n, 1)).toEqual({ address: null, choices: [], access: [] });
  });

  it('is changed alone', () => {
    const { address, choices } = editable(LEAF, 1);
    const [memtype] = choices;
    if (address === null || memtype === undefined) throw new Error('no field');
    expect(withField(LEAF, memtype.field, 0n)).toBe(LEAF & ~0x38n);
    expect(withField(LEAF, memtype.field, 6n)).toBe(LEAF);
    expect(pfnOf(LEAF, address)).toBe(0x455299n);
    expect(withPfn(LEAF, address, 0x1234n)).toBe(0x600000001234b77n);
  });

  it('takes a pfn that fits only', () => {
    const { address } = editable(0x60000021be00bf3n, 2);
    if (address === null) throw new Error('no address');
    expect(parsePfn('21be00', address)).toEqual({ ok: true, value: 0x21be00n });
    expect(parsePfn('21be01', address).ok).toBe(false);
    expect(parsePfn('10000000000', address).ok).toBe(false);
    expect(parsePfn('pfn', address).ok).toBe(false);
  });
});
