// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  type DecodedSpte,
  decodeSpte,
  defineVendor,
  eptFormat,
  field,
  hex,
  makeNonleafSpte,
  makeSpte,
  markSpteForAccessTrack,
  pageRole,
  plainHost,
  spteKind,
  type Vendor,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { eptVendor, legacyVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = mmuOf(eptVendor);
const legacy = mmuOf(legacyVendor);

const ruler = ({ fields }: DecodedSpte): string[] =>
  fields.map(({ name, mask, text }) => `${name} ${mask.toString(16)}: ${text}`);

it('a field of several bits says what its value means, and what it means that all are clear', () => {
  const world = field('world', 62, 61, 'hardware', 'whose memory it is', { clear: 'nobody said' });
  const format = { ...eptFormat, leaf: [...eptFormat.leaf, world] };
  const mmu = mmuOf(defineVendor({ ...eptVendor, format }));
  const meaning = (value: bigint): string | undefined =>
    decodeSpte(mmu, 0x61000034d4fe877n | (value << 61n), 1).fields.find(({ name }) => name === 'world')
      ?.meaning;
  expect([0n, 1n, 2n, 3n].map(meaning)).toEqual([
    'nobody said',
    'whose memory it is',
    'whose memory it is',
    'whose memory it is',
  ]);
});

describe('decodeSpte', () => {
  // Where fields stand is found once for entries that are alike; these are not.
  it('says the same of an entry whatever was decoded before it', () => {
    const present = [0x61000034d4fe877n, 0x61000034d4fe8f7n, 0xee7n, 0x1ee7n, 0x800n, 0xfff8_0000_0000_0877n];
    const sptes = [...present, 0xe7n, 0x67n, 0x5a0n, 0n];
    const levels = [1, 2, 3, null];
    const vendors = { ept, legacy };
    for (const [name, mmu] of Object.entries(vendors)) {
      for (const level of levels) {
        for (const spte of sptes) {
          // A copy with masks of its own has decoded nothing yet.
          const fresh = { ...mmu, masks: { ...mmu.masks } };
          expect(decodeSpte(mmu, spte, level), `${name} ${hex(spte)} ${String(level)}`).toEqual(
            decodeSpte(fresh, spte, level),
          );
        }
      }
    }
  });

  it('reads by the reserved bits and the format of each copy of an MMU', () => {
    const spte = 0x61000034d4fe877n;
    const nameAt = (mmu: typeof ept, n: bigint): string | undefined =>
      decodeSpte(mmu, spte, 1).fields.find(({ mask }) => (mask & (1n << n)) !== 0n)?.name;
    const rows = (masks: readonly bigint[]): bigint[] => masks.map((mask) => mask | (1n << 60n));
    const { zeroCheck, vendor } = ept;
    const reserving = {
      ...ept,
      zeroCheck: { ...zeroCheck, bit7Clear: rows(zeroCheck.bit7Clear), bit7Set: rows(zeroCheck.bit7Set) },
    };
    const plain = { ...ept, vendor: { ...vendor, format: { ...vendor.format, leaf: [] } } };
    expect([nameAt(ept, 60n), nameAt(reserving, 60n), nameAt(ept, 60n)]).toEqual([
      'ignored',
      'reserved',
      'ignored',
    ]);
    expect([nameAt(ept, 0n), nameAt(plain, 0n), nameAt(ept, 0n)]).toEqual([
      'readable',
      'ignored',
      'readable',
    ]);
  });

  it('names every bit of an EPT leaf, from the top', () => {
    expect(ruler(decodeSpte(ept, 0x61000034d4fe877n, 1))).toEqual([
      'suppressVe 8000000000000000: no',
      'ignored 7800000000000000: 0x0',
      'mmuWritable 400000000000000: yes',
      'hostWritable 200000000000000: yes',
      'ignored 1c0000000000000: 0x0',
      expect.stringMatching(/^adType 30000000000000: /),
      'address ffffffffff000: 0x34d4fe000',
      'mmuPresent 800: yes',
      'userExecutable 400: no',
      'dirty 200: no',
      'accessed 100: no',
      'ignored 80: 0x0',
      'ignorePat 40: yes',
      'memtype 38: WB',
      'executable 4: yes',
      'writable 2: yes',
      'readable 1: yes',
    ]);
  });

  it('leaves the low address bits of a huge page to other fields', () => {
    const address = (level: number | null) =>
      decodeSpte(legacy, 0xee7n, level).fields.find(({ name }) => name === 'address')?.mask;
    expect([1, 2, 3].map(address)).toEqual([0xf_ffff_ffff_f000n, 0xf_ffff_ffe0_0000n, 0xf_ffff_c000_0000n]);
    expect(ruler(decodeSpte(legacy, 0x1ee7n, 2))).toContain('patLarge 1000: yes');
    expect(ruler(decodeSpte(legacy, 0x1ee7n, 1))).toContain('pat 80: yes');
  });

  it('takes a leaf for one of 4K where neither its level is known nor its bit 7 set', () => {
    // An NPT leaf from the report of a real host, whose frame is odd.
    const { fields } = decodeSpte(legacy, 0x1003eb27e67n);
    expect(fields.find(({ name }) => name === 'address')).toMatchObject({ text: '0x1003eb27000' });
    expect(fields.map(({ name }) => name)).not.toContain('patLarge');
  });

  it('says which bits must be 0 on this machine and are not', () => {
    const { fields } = decodeSpte(ept, 0x878n, 3);
    expect(fields.filter(({ name }) => name === 'reserved')).toMatchObject([
      {
        name: 'reserved',
        mask: 0x78n,
        value: 0xfn,
        owner: 'hardware',
        meaning: 'must be 0 at this level on this machine',
        text: '0xf',
      },
    ]);
  });

  it('cannot say what is reserved where the level is not known', () => {
    expect(decodeSpte(ept, 0x878n).fields.map(({ name }) => name)).not.toContain('reserved');
  });

  it('maps nothing by an entry that is nothing of KVM’s', () => {
    expect(decodeSpte(ept, 0x7n, 1)).toMatchObject({ kind: 'unknown', mapping: null, mmio: null });
  });

  it('knows the entry that maps nothing, of this kernel and of all', () => {
    const newer = mmuOf(eptVendor, { kernel: '6.12' });
    expect(spteKind(ept, 0n, 1)).toBe('empty');
    expect(spteKind(ept, 1n << 63n, 1)).toBe('unknown');
    expect([0n, 1n << 63n].map((spte) => spteKind(newer, spte, null))).toEqual(['empty', 'empty']);
    expect(ruler(decodeSpte(newer, 1n << 63n, 1))).toEqual(['empty ffffffffffffffff: 0x8000000000000000']);
  });

  it.each([
    ['5.12', 0x0800_0000_0000_0000n],
    ['6.8', 0x5a0n],
    ['6.10', 0x8000_0000_0000_05a0n],
    ['7.2', 0x8000_0000_0000_01a0n],
  ])('knows the frozen entry of %s', (kernel, frozen) => {
    expect(decodeSpte(mmuOf(eptVendor, { kernel }), frozen, 1)).toMatchObject({
      kind: 'frozen',
      mapping: null,
    });
  });

  it('shows a tracked leaf with the permissions that it will get back', () => {
    const role = pageRole({ adDisabled: true });
    const { spte } = makeSpte(ept, plainHost, { role, gfn: 1n, pfn: 0x1234n });
    const decoded = decodeSpte(ept, markSpteForAccessTrack(ept, spte), 1);
    expect(decoded.kind).toBe('tracked');
    expect(decoded.mapping?.access).toEqual({ read: false, write: false, execute: false, user: null });
    expect(ruler(decoded)).toEqual(
      expect.arrayContaining(['savedReadable 40000000000000: yes', 'savedExecutable 100000000000000: yes']),
    );
  });

  it('does not take a leaf for tracked where nothing is', () => {
    const { spte } = makeSpte(legacy, plainHost, { role: pageRole({ adDisabled: true }), gfn: 1n, pfn: 1n });
    expect(spteKind(legacy, spte, 1)).toBe('leaf');
  });

  it('gives users and supervisors apart only where the CPU tells them', () => {
    const leaf = (access: number) =>
      decodeSpte(legacy, makeSpte(legacy, plainHost, { role: pageRole(), access, gfn: 1n, pfn: 1n }).spte, 1);
    expect(leaf(7).mapping?.access).toEqual({ read: true, write: true, execute: true, user: true });
    expect(leaf(0).mapping?.access).toEqual({ read: true, write: false, execute: false, user: false });
    expect(leaf(7).mapping?.memtype).toBeNull();
  });

  it('tells a table from a leaf by its other bits where the level is not known', () => {
    const table = makeNonleafSpte(legacy, 0x1234000n, false);
    const request = { role: pageRole(), gfn: 1n, pfn: 1n };
    expect(spteKind(legacy, table, null)).toBe('table');
    expect(spteKind(legacy, makeSpte(legacy, plainHost, request).spte, null)).toBe('leaf');
    // Only a leaf has a memory type, in EPT.
    expect(spteKind(ept, makeSpte(ept, plainHost, { ...request, hostWritable: false }).spte, null)).toBe(
      'leaf',
    );
    expect(spteKind(ept, makeNonleafSpte(ept, 0x1234000n, false), null)).toBe('table');
    expect(spteKind(legacy, 0x8a1n, null)).toBe('leaf');
  });

  it('shows memory encryption in the address', () => {
    const cBit = 1n << 47n;
    const sme: Vendor = {
      ...legacyVendor,
      setup: (setup, registry) =>
        assignMasks(legacyVendor.setup(setup, registry), 'test', { meValue: cBit, meMask: cBit }),
    };
    const mmu = mmuOf(sme, { host: { physBits: 43, physicalMask: cBit - 1n } });
    const { spte } = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 1n, pfn: 0x1234n });
    const decoded = decodeSpte(mmu, spte, 1);
    expect(decoded.mapping?.pfn).toBe(0x1234n);
    expect(ruler(decoded)).toEqual(
      expect.arrayContaining(['encryption 800000000000: 0x800000000000', 'address f7ffffffff000: 0x1234000']),
    );
  });

  it('takes neither zero nor MMIO for present before 5.13', () => {
    const old = mmuOf(legacyVendor, { kernel: '5.10' });
    expect([0n, 3n << 52n, 1n].map((spte) => spteKind(old, spte, 1))).toEqual(['empty', 'unknown', 'leaf']);
  });

  it('takes for a leaf what KVM makes of a page without access in EPT with execute-only, RAM or a device', () => {
    const makes = (
      kernel: string,
      isRam: boolean,
      level: number,
      hostWritable: boolean,
      prefetch: boolean,
    ) => {
      const mmu = machine('EPT with A/D', { kernel });
      const host = { ...plainHost, pfnValid: () => isRam, e820Ram: () => isRam };
      const role = pageRole({ level });
      const asked = { role, gfn: 0x200n, pfn: 0x200n, access: 0, hostWritable, prefetch };
      return spteKind(mmu, makeSpte(mmu, host, asked).spte, level);
    };
    for (const kernel of ['5.4', '5.10', '5.12', '5.13']) {
      for (const level of [1, 2]) {
        for (const prefetch of [false, true]) {
          expect(makes(kernel, true, level, true, prefetch)).toBe('leaf');
          expect(makes(kernel, true, level, false, prefetch)).toBe('leaf');
          expect(makes(kernel, false, level, true, prefetch)).toBe('leaf');
        }
      }
    }
    // A device's page that the host does not write is an address and nothing else.
    expect(makes('5.10', false, 1, false, true)).toBe('unknown');
    expect(makes('5.13', false, 1, false, true)).toBe('leaf');
  });
});
