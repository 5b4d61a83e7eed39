// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import { maskAround } from '../bits/bit-item.ts';
import type { Machine } from '../machine/machine.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf, presets } from '../machine/presets.ts';
import type { BuildForm } from '../state/build-form.ts';
import { readEntryOf, stateOf } from '../state/state.ts';
import { type BuiltEntry, buildEntry } from './build.ts';
import { roundedText } from './frame.ts';

const form = stateOf(presets[0]).build;

function attemptWith(fields: Partial<BuildForm>, preset = 'cascade-lake', machine: Partial<Machine> = {}) {
  const mmu = mmuOf({ ...presetOf(preset).machine, ...machine });
  if (!mmu.ok) throw new Error(JSON.stringify(mmu.errors));
  return buildEntry(mmu.value, { ...form, ...fields });
}

function build(...request: Parameters<typeof attemptWith>): BuiltEntry {
  const built = attemptWith(...request);
  if (!built.ok) throw new Error(JSON.stringify(built.errors));
  return built.value;
}

describe('building an entry', () => {
  it('opens with the request that gives the real entry', () => {
    expect(hex(build({}).spte)).toBe('0x600000455299b77');
  });

  it('makes a table and an MMIO SPTE as well', () => {
    expect(hex(build({ make: 'table' }).spte)).toBe('0x2c583e907');
    expect(hex(build({ make: 'mmio', gfn: 'c1010', generation: '32c' }, 'ice-lake').spte)).toBe(
      '0x300000c1010166',
    );
  });

  it('gives every set bit a reason, and no other, on every preset', () => {
    for (const { id } of presets) {
      for (const make of ['leaf', 'table', 'mmio'] as const) {
        const { spte, items } = build({ make }, id);
        expect(items.reduce((mask, item) => mask | item.mask, 0n)).toBe(spte);
      }
    }
  });

  it('drops execution from a huge page under the iTLB mitigation, unless the VM opted out', () => {
    const huge: Partial<BuildForm> = { at: '2', gfn: '0', pfn: '21be00' };
    expect(hex(build(huge).spte)).toBe('0x60000021be00bf3');
    expect(hex(build({ ...huge, nxOptOut: true }).spte)).toBe('0x60000021be00bf7');
  });

  it('tells of write protection and of dirtied pages', () => {
    expect(build({ writeTracked: true }).effects).toEqual([containing('returns wrprot')]);
    expect(build({ dirtyLog: true }).effects).toEqual(['marks gfn 0x99 dirty in its memslot']);
  });

  it('takes the memory type from what the host says', () => {
    const memtype = (fields: Partial<BuildForm>): bigint => build(fields).spte & 0x78n;
    expect(memtype({ device: true })).toBe(0n);
    expect(memtype({ noncoherentDma: true, guestMtrr: '4' })).toBe(0x20n);
    expect(memtype({ noncoherentDma: true, cr0Cd: true, quirkCdNw: false })).toBe(0x40n);
  });

  it('warns of reserved bits and marks them', () => {
    const { warnings, cells } = build({ pfn: '1000000000' });
    expect(warnings.map(({ code }) => code)).toEqual(['make.rsvd-bits']);
    expect(cells.filter(({ wrong }) => wrong).map(({ bit }) => bit)).toEqual([48]);
  });

  it('names the field that cannot be used', () => {
    expect(attemptWith({ gfn: 'g', pfn: '' })).toEqual({
      ok: false,
      errors: { gfn: containing('not hex'), pfn: containing('empty') },
    });
    expect(attemptWith({ pfn: '1'.padEnd(17, '0') })).toEqual({
      ok: false,
      errors: { pfn: containing('is it an address?') },
    });
  });

  it('can be read afterwards', () => {
    const state = readEntryOf(stateOf(presets[0]), build({ make: 'table', tableAt: '3' }));
    expect(state).toMatchObject({ view: 'read', read: { spte: '0x2c583e907', level: '3' } });
  });
});

describe('what was asked for and is refused', () => {
  const refusedBy = (fields: Partial<BuildForm>, preset?: string, machine?: Partial<Machine>) =>
    build(fields, preset, machine).refused.map(({ permission, reasons }) => [
      permission,
      ...reasons.map((reason) => /nx_huge_pages|read-only|unsync|access_track|no bit/.exec(reason)?.[0]),
    ]);
  const huge: Partial<BuildForm> = { at: '2', gfn: '200', pfn: '21be00' };

  it('is nothing for a page that may all be done with, or was not asked for', () => {
    expect(refusedBy({})).toEqual([]);
    expect(refusedBy({ ...huge, exec: false })).toEqual([]);
    expect(refusedBy({ ...huge, nxOptOut: true })).toEqual([]);
  });

  it('is execute on a huge page under nx_huge_pages', () => {
    expect(refusedBy(huge)).toEqual([['execute', 'nx_huge_pages']]);
    expect(refusedBy(huge, 'milan', { nxHugePages: true })).toEqual([['execute', 'nx_huge_pages']]);
    expect(refusedBy(huge, 'milan', { nxHugePages: false })).toEqual([]);
  });

  it('is write, for each reason that is enough', () => {
    expect(refusedBy({ hostWritable: false })).toEqual([['write', 'read-only']]);
    expect(refusedBy({ writeTracked: true })).toEqual([['write', 'unsync']]);
    expect(refusedBy({ hostWritable: false, writeTracked: true })).toEqual([
      ['write', 'read-only', 'unsync'],
    ]);
  });

  it('is everything while an entry without A/D bits waits for its first access', () => {
    const tracked = refusedBy({ prefetch: true, adDisabled: true }, 'skylake-no-ad');
    expect(tracked).toEqual([
      ['write', 'access_track'],
      ['user access', 'access_track'],
      ['execute', 'access_track'],
    ]);
  });
});

describe('frames', () => {
  it('are refused where no page of the size begins, or none can be', () => {
    const at = (fields: Partial<BuildForm>) => {
      const tried = attemptWith(fields);
      return tried.ok ? {} : tried.errors;
    };
    expect(at({ at: '2' })).toEqual({
      gfn: 'no 2M page begins there: one does at 0x0, the next at 0x200',
      pfn: 'no 2M page begins there: one does at 0x455200, the next at 0x455400',
    });
    expect(at({ at: '3', gfn: '40000', pfn: '40001' })).toEqual({
      pfn: containing('no 1G page begins there'),
    });
    expect(at({ gfn: '10000000000' })).toEqual({ gfn: containing('beyond 0xffffffffff') });
    expect(at({ make: 'table', childPa: '1001' })).toEqual({ childPa: containing('no table begins there') });
    expect(at({ make: 'table', childPa: '10000000000000' })).toEqual({
      childPa: containing('52 address bits'),
    });
    expect(at({ make: 'mmio', gfn: '10000000000' })).toEqual({ gfn: containing('beyond') });
  });

  it('are rounded for another size as KVM does, and what is none is left alone', () => {
    expect(roundedText('0x455299', 2)).toBe('0x455200');
    expect(roundedText('0x455299', 1)).toBe('0x455299');
    expect(roundedText('0x455299', 3)).toBe('0x440000');
    expect(roundedText('pfn', 2)).toBe('pfn');
  });
});

describe('the bits around a bit', () => {
  it('are those that were set for the same reason, or else its field', () => {
    const { cells, items } = build({});
    const around = (bit: number): bigint => {
      const cell = cells.find((cell) => cell.bit === bit);
      if (cell === undefined) throw new Error(`no bit ${bit}`);
      return maskAround(bit, items, cell.field);
    };
    expect(around(57)).toBe(1n << 57n);
    expect(around(5)).toBe(0x70n);
    expect(around(53)).toBe(3n << 52n);
  });
});
