// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  bit,
  createMmu,
  findingNext,
  findingText,
  isSpecialRootEntry,
  judgeSpte,
  legacyFormat,
  makeNonleafSpte,
  PAE_ROOT_LEVEL,
  readPaeRootEntry,
  rootEntryBits,
  spteKind,
} from '@spte/core';
import { eptVendor, legacyVendor } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const legacy = createMmu({ host: { physBits: 40 }, vendor: legacyVendor });
const cBit = bit(47);
const encrypted = createMmu({
  host: { physBits: 43, cpuid80000008Eax: 48, physicalMask: 0x7fff_ffff_ffffn },
  vendor: {
    ...legacyVendor,
    setup: (setup, registry) =>
      assignMasks(legacyVendor.setup(setup, registry), 'test_setup', { meValue: cBit, meMask: cBit }),
  },
});

describe('an entry of a PAE root', () => {
  it('is a table with P, the address and encryption, and nothing else', () => {
    expect(rootEntryBits(legacy, false)).toBe(1n);
    expect(rootEntryBits(encrypted, false)).toBe(cBit | 1n);
    for (const mmu of [legacy, encrypted]) {
      const entry = 0x12_3000n | rootEntryBits(mmu, false);
      expect(readPaeRootEntry(mmu, entry)).toEqual({ kind: 'table', findings: [] });
      // By the rules of SPTEs it is none.
      expect(spteKind(mmu, entry, PAE_ROOT_LEVEL)).toBe('unknown');
    }
  });

  it('has reserved bits, which are named', () => {
    for (const n of [1, 2, 5, 6, 7, 8, 41, 63]) {
      const { kind, findings } = readPaeRootEntry(legacy, 0x12_3001n | bit(n));
      expect(kind).toBe('table');
      expect(findings).toMatchObject([
        { code: 'reserved-bits', severity: 'error', bits: [n], because: { rule: '__reset_rsvds_bits_mask' } },
      ]);
    }
    const said = readPaeRootEntry(legacy, 0x12_3003n).findings.flatMap((found) => [
      findingText(found),
      findingNext(found),
    ]);
    expect(said).toEqual([
      'bit 0x2 is set, which must be 0 in a PAE root: loading CR3 faults',
      'a 4-level root walked as PAE, or a stray write',
    ]);
    // PWT, PCD and what the CPU ignores.
    for (const n of [3, 4, 9, 10, 11])
      expect(readPaeRootEntry(legacy, 0x12_3001n | bit(n)).findings).toEqual([]);
  });

  it('is what core says of any other value where P is not set', () => {
    for (const spte of [0n, 0x12_3000n, legacy.layout.empty]) {
      expect(readPaeRootEntry(legacy, spte)).toEqual({
        kind: spteKind(legacy, spte, PAE_ROOT_LEVEL),
        findings: judgeSpte(legacy, spte, PAE_ROOT_LEVEL),
      });
    }
    expect(() => readPaeRootEntry(legacy, -1n)).toThrow(RangeError);
  });
});

describe('an entry of a special root', () => {
  const bits = 0x27n;

  it('is a table as KVM makes them, without its MMU-present bit', () => {
    expect(rootEntryBits(legacy, true)).toBe(bits);
    expect(rootEntryBits(encrypted, true)).toBe(cBit | bits);
    for (const mmu of [legacy, encrypted]) {
      expect(rootEntryBits(mmu, true) | (mmu.layout.mmuPresent?.mask ?? 0n)).toBe(
        makeNonleafSpte(mmu, 0n, false),
      );
      expect(isSpecialRootEntry(mmu, 0x12_3000n | rootEntryBits(mmu, true))).toBe(true);
    }
  });

  it('is none with any bit more or less', () => {
    for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 52, 63]) {
      expect(isSpecialRootEntry(legacy, (0x12_3000n | bits) ^ bit(n))).toBe(false);
    }
    expect(isSpecialRootEntry(encrypted, 0x12_3000n | bits)).toBe(false);
    expect(() => isSpecialRootEntry(legacy, 1n << 64n)).toThrow(RangeError);
  });

  it('is no concept of EPT, nor of kernels before 5.13, where it is a table like any other', () => {
    const ept = createMmu({ host: { physBits: 40 }, vendor: eptVendor });
    const old = createMmu({ kernel: '5.10', host: { physBits: 40 }, vendor: legacyVendor });
    expect(legacyFormat.permissions.noExecute).toBeDefined();
    expect(isSpecialRootEntry(ept, 0x12_3000n | bits)).toBe(false);
    expect(isSpecialRootEntry(old, 0x12_3000n | bits)).toBe(false);
    expect(spteKind(old, 0x12_3000n | bits, 4)).toBe('table');
  });
});
