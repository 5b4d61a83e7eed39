// SPDX-License-Identifier: GPL-2.0-only
import { type ChangeEventCode, explainChange, type Mmu, objectionText, renderChange } from '@spte/core';
import { machine } from '@spte/testing/machines';
import { describe, expect, it } from 'vitest';

const ept = machine('EPT with A/D');
const tracking = machine('EPT without A/D');
const npt = machine('NPT');

const LEAF = 0x600000455299b77n;
const TABLE = 0x2c583e907n;
const HUGE = 0x60000021be00bf3n;
const REMOVED = 0x5a0n;
const MMIO = 0xfee0000en;

interface Case {
  readonly name: string;
  readonly mmu?: Mmu;
  readonly from: bigint;
  readonly to: bigint;
  readonly level?: number;
  readonly events: readonly ChangeEventCode[];
  readonly flush?: boolean;
  readonly allowed?: boolean;
  readonly lost?: { readonly accessed: boolean; readonly dirty: boolean };
}

const NOTHING = { accessed: false, dirty: false };
const BOTH = { accessed: true, dirty: true };

const cases: readonly Case[] = [
  { name: 'no change', from: LEAF, to: LEAF, events: ['none'] },
  { name: 'a fault', from: 0n, to: LEAF, events: ['fault-in'] },
  { name: 'a new table', from: 0n, to: TABLE, level: 2, events: ['link-table'] },
  { name: 'a first MMIO access', from: 0n, to: MMIO, events: ['cache-mmio'] },
  { name: 'MMIO that becomes memory', from: MMIO, to: LEAF, events: ['fault-in'] },
  { name: 'MMIO that goes', from: MMIO, to: 0n, events: ['zap'] },
  { name: 'a zap', from: LEAF, to: 0n, events: ['zap'], flush: true, lost: BOTH },
  {
    name: 'a table that goes',
    from: TABLE,
    to: 0n,
    level: 2,
    events: ['unlink-table'],
    flush: true,
    lost: { accessed: true, dirty: false },
  },
  {
    name: 'a page that becomes MMIO',
    from: LEAF,
    to: MMIO,
    events: ['zap', 'cache-mmio'],
    flush: true,
    lost: BOTH,
  },
  { name: 'a freeze', from: LEAF, to: REMOVED, events: ['freeze'], flush: true, lost: BOTH },
  { name: 'a thaw', from: REMOVED, to: 0n, events: ['unfreeze'] },
  { name: 'a thaw to a page', from: REMOVED, to: LEAF, events: ['unfreeze', 'fault-in'] },
  {
    name: 'a split',
    from: HUGE,
    to: TABLE,
    level: 2,
    events: ['split'],
    flush: true,
    lost: { accessed: false, dirty: true },
  },
  { name: 'a collapse', from: TABLE, to: HUGE, level: 2, events: ['collapse'], flush: true },
  {
    name: 'another table',
    from: TABLE,
    to: TABLE + 0x1000n,
    level: 2,
    events: ['replace-table'],
    flush: true,
    allowed: false,
  },
  {
    name: 'a table that is walked',
    from: TABLE & ~0x100n,
    to: TABLE,
    level: 2,
    events: ['cpu-accessed'],
    flush: true,
  },
  {
    name: 'another bit of a table',
    from: TABLE,
    to: TABLE ^ 0x4n,
    level: 2,
    events: ['other'],
    flush: true,
    allowed: false,
  },
  {
    name: 'write-protection for dirty logging',
    from: LEAF,
    to: LEAF & ~2n,
    events: ['write-protect'],
    flush: true,
  },
  { name: 'a write fault on the fast path', from: LEAF & ~2n, to: LEAF, events: ['fast-page-fault'] },
  { name: 'a new fault on a read-only page', from: 0x4fe975n, to: 0x6000000004feb77n, events: ['refault'] },
  {
    name: 'D cleared for dirty logging',
    from: LEAF,
    to: LEAF & ~0x200n,
    events: ['clear-dirty'],
    flush: true,
    lost: { accessed: false, dirty: true },
  },
  {
    name: 'ageing',
    from: LEAF,
    to: LEAF & ~0x100n,
    events: ['age'],
    flush: true,
    lost: { accessed: true, dirty: false },
  },
  { name: 'a read by the CPU', from: LEAF & ~0x100n, to: LEAF, events: ['cpu-accessed'] },
  { name: 'a write by the CPU', from: LEAF & ~0x200n, to: LEAF, events: ['cpu-dirty'] },
  { name: 'fetches taken away', from: LEAF, to: LEAF & ~4n, events: ['change-exec'], flush: true },
  {
    name: 'a page that the host made read-only',
    from: LEAF & ~2n,
    to: 0x455299b75n,
    events: ['host-protection'],
    flush: true,
  },
  {
    name: 'access tracking',
    mmu: tracking,
    from: 0x610000000100877n,
    to: 0x750000000100870n,
    events: ['access-track'],
    flush: true,
    lost: BOTH,
  },
  {
    name: 'an access to a tracked page',
    mmu: tracking,
    from: 0x750000000100870n,
    to: 0x610000000100875n,
    events: ['restore'],
  },
  {
    name: 'a write to a tracked page',
    mmu: tracking,
    from: 0x750000000100870n,
    to: 0x610000000100877n,
    events: ['restore', 'fast-page-fault'],
  },
  { name: 'another generation', from: MMIO, to: MMIO | 0x10n, events: ['generation'] },
  {
    name: 'another access of the guest',
    mmu: npt,
    from: 0x80000fee00003n,
    to: 0x80000fee00007n,
    events: ['cache-mmio'],
  },
  { name: 'another gfn', from: MMIO, to: MMIO + 0x1000n, events: ['mmio-moved'], allowed: false },
  {
    name: 'a page moved by the host',
    mmu: npt,
    from: 0x100e67n,
    to: 0x200845n,
    events: ['notifier-change'],
    flush: true,
    lost: { accessed: true, dirty: false },
  },
  {
    name: 'another page under a leaf',
    from: 0x600000112400bf3n,
    to: 0x6000001126009f3n,
    level: 2,
    events: ['change-pfn'],
    flush: true,
    allowed: false,
    lost: { accessed: false, dirty: true },
  },
  { name: 'an unknown value', from: 0x7n, to: LEAF, events: ['other'], allowed: false },
  { name: 'a value that becomes unknown', from: 0n, to: 0x7n, events: ['other'], allowed: false },
  {
    name: 'W without MMU-writable',
    from: LEAF & ~2n,
    to: LEAF & ~(1n << 58n),
    events: ['fast-page-fault', 'write-protect'],
    flush: false,
    allowed: false,
  },
  { name: 'another memory type', from: LEAF, to: LEAF & ~0x30n, events: ['other'], allowed: false },
];

describe('a change', () => {
  it.each(cases)('$name is known for what it is', (change) => {
    const { mmu = ept, from, to, level = 1, events, flush = false, allowed = true, lost = NOTHING } = change;
    const explained = explainChange(mmu, from, to, level);
    expect(explained.events.map(({ code }) => code)).toEqual(events);
    expect(explained).toMatchObject({ flush, allowed, lost });
  });

  it('of the encryption bit is not allowed', () => {
    const sme = machine('NPT with SME');
    const { allowed, objections } = explainChange(sme, 0x800000100e67n, 0x100e67n, 1);
    expect(allowed).toBe(false);
    expect(objections.map(objectionText)).toContainEqual(expect.stringMatching(/encryption/));
  });

  it('that moves a page is refused once the notifier is gone', () => {
    const newer = machine('NPT', { kernel: '6.12' });
    expect(explainChange(newer, 0x100e67n, 0x200845n, 1)).toMatchObject({
      events: [{ code: 'change-pfn' }],
      allowed: false,
    });
  });

  it('names the bits and fields that differ', () => {
    const { bits, fields } = explainChange(ept, LEAF, LEAF & ~0x202n, 1);
    expect(bits).toEqual([1, 9]);
    expect(fields.map(({ name, from, to }) => [name, from, to])).toEqual([
      ['dirty', 'yes', 'no'],
      ['writable', 'yes', 'no'],
    ]);
  });

  it('is rendered with the objection, the flush and what is lost', () => {
    const text = renderChange(explainChange(ept, 0x600000112400bf3n, 0x6000001126009f3n, 2));
    expect(text).toContain('NOT ALLOWED: KVM zaps a leaf before it maps another page');
    expect(text).toContain('a TLB flush is due');
    expect(text).toContain('lost: dirty');
  });

  it('is rendered with both states that are lost, and with none', () => {
    expect(renderChange(explainChange(ept, LEAF, 0n, 1))).toContain('lost: accessed and dirty');
    expect(renderChange(explainChange(ept, 0n, LEAF, 1))).toContain(
      'allowed: a page was mapped\n  no TLB flush is due\n',
    );
  });

  it('is rendered line by line: the WARNs that it raises before the fields', () => {
    expect(renderChange(explainChange(ept, LEAF & ~2n, LEAF & ~(1n << 58n), 1)).split('\n')).toEqual([
      '0x0600000455299b75 -> 0x0200000455299b77  leaf -> leaf',
      '  NOT ALLOWED: the new value is wrong: the CPU may write, but MMU-writable is clear: write-protection of the page is void; what happened: a write fault made the page writable without mmu_lock; writes were forbidden: a page table of the guest is shadowed at this gfn, or allows no more',
      '  no TLB flush is due',
      '  WARN_ONCE invariant.hw-writable-without-mmu-writable',
      '  mmuWritable (bit 58): yes -> no',
      '  writable (bit 1): no -> yes',
    ]);
  });

  it('is rendered with what is due before what is lost', () => {
    expect(
      renderChange(explainChange(ept, LEAF, 0n, 1))
        .split('\n')
        .slice(0, 3),
    ).toEqual([
      '0x0600000455299b77 -> 0x0000000000000000  leaf -> empty',
      '  allowed: the entry was zapped',
      '  a TLB flush is due; lost: accessed and dirty',
    ]);
  });
});
