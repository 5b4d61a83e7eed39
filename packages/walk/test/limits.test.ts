// SPDX-License-Identifier: GPL-2.0-only
import { spteKind } from '@spte/core';
import { largestMap } from '@spte/testing/largest-map';
import { machine } from '@spte/testing/machines';
import { walkSummarizer } from '@spte/walk';
import { describe, expect, it } from 'vitest';
import { entryReader } from '../src/walk/read-entry.ts';
import { MAX_REPEATS, repeatCounter } from '../src/walk/repeats.ts';
import { leaf } from './tables.ts';

const mmu = machine('EPT with A/D');
const clean = leaf(mmu, 1, 0x10n);

/** More leaves than patterns are remembered: they differ in bits 62:52 and 10:9, which nothing walks by. */
const sptes = Array.from({ length: 3 << 11 }, (_, i) => {
  const [high, low] = [BigInt(i & 0x7ff), BigInt(i >> 11)];
  return clean ^ (high << 52n) ^ (low << 9n);
}).filter((spte) => spteKind(mmu, spte, 1) === 'leaf');

describe('no more than 4,096 patterns of a level are remembered', () => {
  it('of entries that were read', () => {
    const read = entryReader(mmu);
    const table = {
      address: 0n,
      level: 1,
      role: 'shadow',
      size: 512,
      view: new DataView(new ArrayBuffer(0)),
    } as const;
    const kinds = new Set<string>();
    expect(
      largestMap(() => {
        for (const spte of sptes) kinds.add(read(spte, table).kind);
      }),
    ).toBe(4096);
    expect([...kinds]).toEqual(['leaf']);
  });

  it('of leaves that are counted, and none is lost', () => {
    const summarizer = walkSummarizer(mmu);
    const entry = {
      level: 1,
      gpa: 0n,
      bytes: 4096n,
      address: 0n,
      index: 0,
      kind: 'leaf',
      child: null,
    } as const;
    expect(
      largestMap(() => {
        for (const spte of sptes) summarizer.add({ ...entry, spte, findings: [], possible: [] });
      }),
    ).toBe(4096);
    expect(summarizer.summary().mapped.leaves).toBe(sptes.length);
  });
});

describe('tables that were walked before', () => {
  it('are told apart by page, wherever they lie', () => {
    const isRepeat = repeatCounter();
    for (let i = 0; i <= MAX_REPEATS; i++) expect(isRepeat(0n)).toBe(false);
    expect(isRepeat(0n)).toBe(true);
    const pages = [1n, 2n, 4n, 7n, 8n, 9n, 16n, 0x7fffn, 0x8000n, 0x8001n, 0xff_ffff_ffffn];
    expect(pages.map((page) => isRepeat(page << 12n))).toEqual(pages.map(() => false));
    expect(pages.map((page) => isRepeat(page << 12n))).toEqual(pages.map(() => true));
  });
});
