// SPDX-License-Identifier: GPL-2.0-only
import { explainChange, type Mmu, type ObjectionCode, objectionText } from '@spte/core';
import { machine } from '@spte/testing/machines';
import { describe, expect, it } from 'vitest';

const ept = machine('EPT with A/D', { kernel: '6.8' });
const newer = machine('EPT with A/D', { kernel: '6.12' });
const tracking = machine('EPT without A/D', { kernel: '6.8' });
const older = machine('EPT without A/D', { kernel: '5.10' });
const npt = machine('NPT', { kernel: '6.8' });
const old = machine('NPT', { kernel: '5.18' });
const sme = machine('NPT with SME', { kernel: '6.8' });

const LEAF = 0x600000455299b77n;
const HUGE = 0x60000021be00bf3n;
const TABLE = 0x2c583e907n;
const MMIO = 0xfee0000en;
const TRACKABLE = 0x610000000100877n;
const TRACKED = 0x750000000100870n;
const NPT_LEAF = 0x100e67n;
const bit = (n: number): bigint => 1n << BigInt(n);

/** What KVM never does, and the objection that says so. */
const forbidden: readonly (readonly [
  what: string,
  mmu: Mmu,
  from: bigint,
  to: bigint,
  level: number | null,
  objection: ObjectionCode,
])[] = [
  ['a reserved address bit', ept, LEAF, LEAF | bit(46), 1, 'new-is-wrong'],
  ['a reserved address bit in a new leaf', ept, 0n, LEAF | bit(50), 1, 'new-is-wrong'],
  ['a misaligned huge page', ept, 0n, HUGE | 0x1000n, 2, 'new-is-wrong'],
  ['a huge page at level 4', ept, 0n, HUGE, 4, 'new-is-wrong'],
  ['W and nothing else', ept, LEAF, LEAF & ~5n, 1, 'new-is-wrong'],
  ['a memory type that there is not', ept, LEAF, (LEAF & ~0x38n) | 0x10n, 1, 'new-is-wrong'],
  ['A/D bits switched off', ept, LEAF, LEAF | bit(52), 1, 'ad-type-changed'],
  ['A/D bits for logging alone', ept, LEAF, LEAF | bit(53), 1, 'ad-type-changed'],
  ['an A/D type that there is not', ept, LEAF, LEAF | bit(52) | bit(53), 1, 'ad-type-changed'],
  ['ignore-PAT that flips', ept, LEAF, LEAF ^ 0x40n, 1, 'memtype-changed'],
  ['write-back that becomes uncached', ept, LEAF, LEAF & ~0x30n, 1, 'memtype-changed'],
  ['a zap that loses bit 63', newer, 0x86000001848dbb77n, 0n, 1, 'empty-value'],
  ['an empty entry that loses bit 63', newer, bit(63), 0n, 1, 'nonpresent-replaced'],
  ['a leaf that loses bit 63', newer, 0x86000001848dbb77n, 0x6000001848dbb77n, 1, 'new-is-wrong'],
  ['W while access-tracked', tracking, TRACKED, TRACKED | 2n, 1, 'new-is-wrong'],
  ['saved permissions that stay', tracking, TRACKED, TRACKED | 5n, 1, 'new-is-wrong'],
  ['a saved permission in a leaf with A/D bits', ept, LEAF, LEAF | bit(54), 1, 'new-is-wrong'],
  ['W without MMU-writable', ept, 0n, LEAF & ~bit(58), 1, 'new-is-wrong'],
  ['MMU-writable without host-writable', ept, 0n, LEAF & ~bit(57), 1, 'new-is-wrong'],
  ['MMU-writable that comes without W', ept, LEAF & ~bit(58) & ~2n, LEAF & ~2n, 1, 'bits-changed'],
  ['dirty that comes to a read-only page', ept, LEAF & ~0x202n, LEAF & ~2n, 1, 'bits-changed'],
  ['bit 9 of a leaf without A/D bits', tracking, TRACKABLE, TRACKABLE | bit(9), 1, 'bits-changed'],
  ['bit 8 of a leaf without A/D bits', tracking, TRACKABLE, TRACKABLE | bit(8), 1, 'bits-changed'],
  ['permissions that go without a trace', ept, LEAF, LEAF & ~7n & ~bit(58), 1, 'grants-nothing'],
  ['saved permissions that go', older, 0x50000234600470n, 0x10000234600470n, 1, 'grants-nothing'],
  ['a leaf for another page', ept, LEAF, LEAF + 0x1000n, 1, 'pfn-changed'],
  ['a huge page for another', ept, 0x600000112400bf3n, 0x6000001126009f3n, 2, 'pfn-changed'],
  ['a table for another', ept, TABLE, TABLE + 0x1000n, 2, 'table-replaced'],
  ['a table that loses a permission', ept, TABLE, TABLE & ~1n, 2, 'new-is-wrong'],
  ['a table that loses its accessed bit', ept, TABLE, TABLE & ~0x100n, 2, 'bits-changed'],
  ['a small page that is split', ept, LEAF, TABLE, null, 'not-huge'],
  ['a table that becomes a small page', ept, TABLE, LEAF, null, 'not-huge'],
  ['MMIO for another gfn', ept, MMIO, MMIO + 0x1000n, 1, 'mmio-moved'],
  ['a leaf from nowhere', ept, 0x7n, LEAF, 1, 'old-unknown'],
  ['a leaf that becomes a stray word', ept, LEAF, 0x7n, 1, 'new-unknown'],
  ['a thaw to a stray word', ept, 0x5a0n, 0x7n, 1, 'new-unknown'],
  ['an A/D type in NPT', npt, NPT_LEAF, NPT_LEAF | bit(53), 1, 'ad-type-changed'],
  ['a software bit that KVM has no use for', npt, NPT_LEAF, NPT_LEAF | bit(55), 1, 'bits-changed'],
  ['NX in NPT, which KVM took for reserved', old, NPT_LEAF, NPT_LEAF | bit(63), 1, 'new-is-wrong'],
  [
    'a new table that the CPU keeps no accessed bit in, though it could',
    ept,
    0n,
    TABLE & ~0x100n,
    2,
    'never-made',
  ],
  ['a new table with an A/D type and its accessed bit', ept, 0n, TABLE | bit(52), 2, 'never-made'],
  ['a new table for logging alone', ept, 0n, TABLE | bit(53), 2, 'never-made'],
  ['a new table with A/D bits where there are none', tracking, 0n, TABLE & ~0x100n, 2, 'never-made'],
  ['a new leaf with A/D bits where there are none', tracking, 0n, LEAF & ~0x300n, 1, 'never-made'],
  ['a new leaf that is dirty and has no A/D bits', ept, 0n, TRACKABLE | bit(9), 1, 'never-made'],
  ['a new tracked leaf that was used', ept, 0n, TRACKED | bit(8), 1, 'never-made'],
  ['a write-through type without the PAT', ept, 0n, LEAF ^ 0x10n, 1, 'never-made'],
  ['a type of the guest, where RAM is write-back', newer, bit(63), (LEAF ^ 0x50n) | bit(63), 1, 'never-made'],
  [
    'a dirty page that the host has read-only',
    newer,
    bit(63),
    (LEAF & ~(2n | bit(57) | bit(58))) | bit(63),
    1,
    'never-made',
  ],
  ['a huge page split into a table for logging alone', ept, HUGE, TABLE | bit(53), 2, 'never-made'],
  ['a table collapsed to a type that is not made', ept, TABLE, HUGE ^ 0x10n, 2, 'never-made'],
  ['a new NPT table without its accessed bit', npt, 0n, 0x555807n, 2, 'never-made'],
  ['a C-bit that goes', sme, 0x800000100e67n, 0x100e67n, 1, 'encryption-changed'],
];

describe('KVM does not write', () => {
  it.each(forbidden)('%s', (_what, mmu, from, to, level, objection) => {
    const { allowed, objections } = explainChange(mmu, from, to, level);
    expect(objections.map(({ code }) => code)).toContain(objection);
    expect(allowed).toBe(false);
  });

  it('says why, in words for each objection', () => {
    const words = new Map(
      forbidden.flatMap(([, mmu, from, to, level]) =>
        explainChange(mmu, from, to, level).objections.map((objection) => [
          objection.code,
          objectionText(objection),
        ]),
      ),
    );
    expect(words.get('grants-nothing')).toBe(
      'the new value allows no access and saved none: KVM makes no such leaf',
    );
    expect(words.get('never-made')).toMatch(/^KVM makes no new entry that has bits? [\d:, ]+ like this$/);
    expect(words.get('not-huge')).toBe(
      'only a huge page is split into a table, and only to one is a table collapsed',
    );
    expect(words.get('ad-type-changed')).toBe('how accessed and dirty are kept never changes in place');
    expect(words.get('table-replaced')).toBe(
      'a table is unlinked before another is linked: KVM never moves one',
    );
    expect(words.get('mmio-moved')).toBe(
      'an MMIO entry is cleared before one for another gfn is written (0xfee00, 0xfee01)',
    );
    expect(words.get('empty-value')).toBe('an entry that maps nothing is 0x8000000000000000 here');
  });
});
