// SPDX-License-Identifier: GPL-2.0-only
import { MASK_MEANINGS } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import type { Machine } from './machine.ts';
import { mmuOf } from './mmu.ts';
import { presetOf, presets } from './presets.ts';
import { maskRows, summaryOf } from './registry.ts';

/** The MMU of a preset with some inputs changed. */
function mmuWith(preset: string, machine: Partial<Machine> = {}) {
  const computed = mmuOf({ ...presetOf(preset).machine, ...machine });
  if (!computed.ok) throw new Error(JSON.stringify(computed.errors));
  return computed.value;
}

function errorsWith(machine: Partial<Machine>) {
  const computed = mmuOf({ ...presets[0].machine, ...machine });
  return computed.ok ? {} : computed.errors;
}

describe('the MMU of a machine', () => {
  it('is there for every preset, without a warning', () => {
    expect(presets.filter(({ id }) => mmuWith(id).initWarnings.length > 0)).toEqual([]);
  });

  it('has the L1TF guard of a Haswell, at 46 or 44 cache bits', () => {
    expect(mmuWith('haswell').masks.nonpresentOrRsvd).toBe(0x3e0000000000n);
    expect(mmuWith('haswell', { cacheBits: '44' }).masks.nonpresentOrRsvd).toBe(0xf8000000000n);
  });

  it('has the key id bits of MKTME', () => {
    expect(mmuWith('sapphire-rapids').masks.meMask).toBe(0xfc00000000000n);
    expect(mmuWith('sapphire-rapids').masks.meValue).toBe(0n);
  });

  it('has the C-bit of SME in the masks only where the host kernel uses it', () => {
    const { masks } = mmuWith('milan-sme');
    expect(masks.meValue).toBe(1n << 51n);
    expect(masks.baseAddr).toBe(0x7fffffffff000n);
    expect(mmuWith('milan-smee').masks.meValue).toBe(0n);
    expect(mmuWith('milan-smee').masks.mmioValue).toBe(mmuWith('milan-sme').masks.mmioValue);
  });

  it('is what the vendor uses its tables for, unless another kind is chosen', () => {
    expect(mmuWith('milan').root.kind).toBe('tdp');
    expect(mmuWith('intel-shadow').root.kind).toBe('shadow');
    expect(mmuWith('milan', { mmuKind: 'shadow' }).root.kind).toBe('shadow');
  });

  it('blames the field whose input cannot be used', () => {
    expect(errorsWith({ physBits: '99' })).toEqual({ physBits: containing('32..52') });
    expect(errorsWith({ physBits: 'x', cacheBits: '' })).toEqual({
      physBits: containing('not a decimal'),
      cacheBits: containing('empty'),
    });
    expect(errorsWith({ rawPhysBits: '53' })).toEqual({ rawPhysBits: containing('32..52') });
    expect(errorsWith({ cacheBits: '12' })).toEqual({ cacheBits: containing('32..63') });
    expect(errorsWith({ kernel: 'six' })).toEqual({ kernel: containing('must look like 6.8') });
    expect(errorsWith({ vendor: 'svm', sme: 'kernel', cBit: '64' })).toEqual({
      cBit: containing('0..63'),
    });
  });

  it('does not look at inputs that the other vendor has', () => {
    expect(errorsWith({ cBit: 'nonsense' })).toEqual({});
    expect(errorsWith({ vendor: 'svm', cBit: 'nonsense' })).toEqual({});
  });
});

describe('the rows of the registry', () => {
  const rowsOf = (name: string) =>
    maskRows(mmuWith('haswell', { l1tf: false }), mmuWith('haswell')).find((row) => row.name === name);

  it('name value, step, and what the preset has instead', () => {
    expect(rowsOf('nonpresentOrRsvd')).toMatchObject({
      meaning: MASK_MEANINGS.nonpresentOrRsvd,
      value: '0x0',
      setBy: 'kvm_mmu_reset_all_pte_masks',
      presetValue: '0x3e0000000000',
    });
    expect(rowsOf('accessed')).toMatchObject({
      value: '0x100',
      setBy: 'kvm_mmu_set_ept_masks',
      presetValue: null,
    });
    expect(rowsOf('tdpEnabled')).toMatchObject({ value: 'yes', mask: null });
  });
});

describe('the summary of a machine', () => {
  it('names module, entries, MMU, kernel and layout', () => {
    expect(summaryOf(mmuWith('milan', { kernel: '6.1.192' }))).toBe(
      'svm, legacy entries; tdp MMU of 4 levels; Linux 6.1.192: layout of 5.13 to 6.9',
    );
  });
});
