// SPDX-License-Identifier: GPL-2.0-only
import { decodeSpte, formatSptePermissions, isRsvdSpte, makeSpte, pageRole, plainHost } from '@spte/core';
import { machine } from '@spte/testing/machines';
import { describe, expect, it } from 'vitest';

// SPTEs in public reports, numbered; those up to 7 are the last lines of vectors/nasty.jsonl.gz as well.

const ALL_ACCESS = { read: true, write: true, execute: true };

const textOf = (machineName: string, spte: bigint, level: number): Record<string, string> =>
  Object.fromEntries(
    decodeSpte(machine(machineName), spte, level).fields.map(({ name, text }) => [name, text]),
  );

describe('an SPTE of a real host', () => {
  it.each([
    ['EPT with A/D', 0x600000455299b77n, 0n],
    ['EPT with A/D', 0x2c583e907n, 0n],
    ['EPT without A/D', 0x61000034d4fe877n, 1n],
  ])('says whether the CPU keeps A/D bits: %s, %i', (name, spte, type) => {
    expect(decodeSpte(machine(name), spte).fields).toContainEqual(
      expect.objectContaining({ name: 'adType', value: type }),
    );
  });

  it.each([
    ['1', 0x600000455299b77n, 0x455299n],
    ['2', 0x6000001c6e00b77n, 0x1c6e00n],
  ])('%s is an EPT leaf with A/D bits, write-back, which allows everything', (_, spte, pfn) => {
    const mmu = machine('EPT with A/D');
    expect(decodeSpte(mmu, spte, 1)).toMatchObject({
      kind: 'leaf',
      mapping: {
        pfn,
        hpa: pfn << 12n,
        access: { ...ALL_ACCESS, user: null },
        memtype: 'WB',
        hostWritable: true,
        mmuWritable: true,
      },
    });
    expect(textOf('EPT with A/D', spte, 1)).toMatchObject({
      ignorePat: 'yes',
      accessed: 'yes',
      dirty: 'yes',
      mmuPresent: 'yes',
    });
    expect(formatSptePermissions(mmu, spte)).toBe('rwxu');
    expect(isRsvdSpte(mmu.zeroCheck, spte, 1)).toBe(false);
  });

  it('3 is an EPT table with A/D bits, and 0x5a0 what stood there when it was zapped', () => {
    const mmu = machine('EPT with A/D');
    expect(decodeSpte(mmu, 0x2c583e907n, 2)).toMatchObject({
      kind: 'table',
      mapping: {
        pfn: 0x2c583en,
        access: { ...ALL_ACCESS, user: null },
        hostWritable: null,
        mmuWritable: null,
      },
    });
    expect(textOf('EPT with A/D', 0x2c583e907n, 2)).toMatchObject({ accessed: 'yes' });
    expect(decodeSpte(mmu, 0x5a0n, 2)).toMatchObject({ kind: 'frozen', mapping: null, mmio: null });
    expect(decodeSpte(mmu, 0x5a0n).fields).toMatchObject([{ name: 'frozen', value: 0x5a0n }]);
  });

  it('4 is an EPT leaf without A/D bits', () => {
    const mmu = machine('EPT without A/D');
    expect(decodeSpte(mmu, 0x61000034d4fe877n, 1)).toMatchObject({
      kind: 'leaf',
      mapping: { pfn: 0x34d4fen, access: ALL_ACCESS, memtype: 'WB', hostWritable: true, mmuWritable: true },
    });
    expect(textOf('EPT without A/D', 0x61000034d4fe877n, 1)).toMatchObject({
      accessed: 'no',
      dirty: 'no',
    });
  });

  it('5 is an NPT leaf', () => {
    expect(decodeSpte(machine('NPT'), 0x1003eb27e67n, 1)).toMatchObject({
      kind: 'leaf',
      mapping: {
        pfn: 0x1003eb27n,
        access: { ...ALL_ACCESS, user: true },
        memtype: null,
        hostWritable: true,
        mmuWritable: true,
      },
    });
    expect(textOf('NPT', 0x1003eb27e67n, 1)).toMatchObject({
      accessed: 'yes',
      dirty: 'yes',
      noExecute: 'no',
    });
  });

  it('6 is an NPT table', () => {
    const mmu = machine('NPT');
    expect(decodeSpte(mmu, 0x100b1b16827n, 2)).toMatchObject({
      kind: 'table',
      mapping: { pfn: 0x100b1b16n, hostWritable: null, mmuWritable: null },
    });
    expect(decodeSpte(mmu, 0x100b1b16827n)).toMatchObject({ kind: 'table', level: null });
  });

  it('7 is a 2M leaf of NPT that is not dirty, as it was written over a writable table', () => {
    const mmu = machine('NPT', { params: { nxHugePages: false } });
    expect(decodeSpte(mmu, 0x100b4a00ea7n, 2)).toMatchObject({
      kind: 'leaf',
      mapping: { pfn: 0x100b4a00n, access: { ...ALL_ACCESS, user: true } },
    });
    expect(textOf('NPT', 0x100b4a00ea7n, 2)).toMatchObject({ pageSize: 'yes', accessed: 'yes', dirty: 'no' });
    expect(formatSptePermissions(mmu, 0x100b4a00ea7n)).toBe('rwxu');
    const request = { role: pageRole({ level: 2 }), gfn: 0x800n, pfn: 0x100b4a00n };
    const over = (oldSpte: bigint): bigint => makeSpte(mmu, plainHost, { ...request, oldSpte }).spte;
    expect(over(0x100b1b16827n)).toBe(0x100b4a00ea7n);
    expect(over(0n)).toBe(0x100b4a00ee7n);
  });

  it('12 is an MMIO SPTE of a kernel before 5.13', () => {
    const mmu = machine('EPT with A/D', { kernel: '5.10' });
    expect(decodeSpte(mmu, 0x1db00000000b83b6n, 1)).toMatchObject({ kind: 'mmio', mmio: { gfn: 0xb8n } });
  });
});
