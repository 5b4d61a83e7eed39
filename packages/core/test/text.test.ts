// SPDX-License-Identifier: GPL-2.0-only
import {
  accessText,
  bitsText,
  changeEventText,
  counted,
  evidenceText,
  explainChange,
  explainSpte,
  exposureText,
  findingLines,
  findingText,
  formatWord,
  placeText,
  renderExplanation,
  runsText,
  verdict,
} from '@spte/core';
import { eptVendor, legacyVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = mmuOf(eptVendor);
const LEAF = 0x61000034d4fe877n;

describe('why speculation gets at something, or does not', () => {
  const guard = 0xf80_0000_0000n;

  it.each([
    ['no-bug', {}, 'this CPU does not have the L1TF bug'],
    ['page-0', {}, 'page 0 holds nothing: the kernel never hands it out'],
    ['beyond-ram', { address: 0x2000n }, 'there is no RAM at 0x2000 to be in the cache'],
    ['below-ram-end', { address: 0x1000n, ramEnd: 0x2000n }, '0x1000 is below the end of RAM, 0x2000'],
    ['guarded', { guard }, 'the guarded bits 0xf8000000000 are all set: RAM is not that high'],
    ['unguarded', { guard }, 'the guarded bits 0xf8000000000 are not all set: there may be RAM'],
  ])('is said in words: %s', (code, params, text) => {
    expect(exposureText({ code, params })).toBe(text);
  });
});

describe('words', () => {
  it('count in the singular and in the plural', () => {
    expect([0, 1, 2].map((n) => counted(n, 'leaf', 'leaves'))).toEqual(['0 leaves', '1 leaf', '2 leaves']);
    expect([0n, 1n, 2n].map((n) => counted(n, 'check'))).toEqual(['0 checks', '1 check', '2 checks']);
  });

  it('place bits: one, a run, a range with others in it', () => {
    expect([1n << 7n, 0xf_ffff_ffff_f000n, (1n << 57n) | 0x200n].map(placeText)).toEqual([
      '7',
      '51:12',
      '57..9',
    ]);
  });

  it('name bits run by run, highest first', () => {
    expect(runsText(0x7ff0_0000_0000_07f8n)).toBe('62:52, 10:3');
    expect([[7], [0, 1, 63, 5], [5, 5], []].map(bitsText)).toEqual([
      'bit 7',
      'bits 63, 5, 1:0',
      'bit 5',
      'no bits',
    ]);
  });

  it('have permissions in letters, users only where the format tells them apart', () => {
    const access = { read: true, write: false, execute: true };
    expect(accessText({ ...access, user: null })).toBe('r-x');
    expect(accessText({ ...access, user: true })).toBe('r-xu');
    expect(accessText({ ...access, user: false })).toBe('r-x-');
  });

  it('stand under each other', () => {
    expect(formatWord(0x5a0n)).toBe('0x00000000000005a0');
  });
});

describe('the verdict on an entry', () => {
  it.each([
    [LEAF, 1, 'clean leaf: maps the 4K page at 0x34d4fe000, rwx, WB'],
    [LEAF, null, 'clean leaf: maps the page at 0x34d4fe000, rwx, WB'],
    [
      LEAF | (1n << 50n),
      1,
      'bad leaf: reserved bit 0x4000000000000 is set; at level 1 0xfc00000000000 must be 0',
    ],
    [0n, 1, 'clean empty entry: maps nothing'],
    [0x5a0n, 1, 'clean frozen entry: a CPU is changing it'],
    [0x12n, 1, 'not an entry of this kernel'],
    [LEAF & ~(1n << 11n), 1, 'not an entry of this kernel: only the MMU-present bit is missing'],
    [
      0x1301n,
      1,
      'not an entry of this kernel: it may be a PAE root entry: the CPU allows P and nothing else below the address',
    ],
  ])('of %s at level %s: %s', (spte, level, expected) => {
    expect(verdict(explainSpte(ept, spte, level))).toBe(expected);
  });

  it('counts what else is wrong', () => {
    const two = verdict(explainSpte(ept, (LEAF & ~(1n << 58n)) | (1n << 50n), 1));
    expect(two).toContain('; and 1 more finding');
    expect(two).not.toContain('1 more findings');
  });

  it('is the first line of the text, and the context the second', () => {
    const [first, second] = renderExplanation(explainSpte(ept, LEAF, 1)).split('\n');
    expect(first).toBe(`${formatWord(LEAF)}  ${verdict(explainSpte(ept, LEAF, 1))}`);
    expect(second).toMatch(/^ {2}leaf, level 1 {2}\(ept-test tdp, kernel /);
  });
});

describe('the verdict on a change', () => {
  it('is whether KVM makes it, and what it is', () => {
    expect(verdict(explainChange(ept, LEAF, 0n, 1))).toBe('allowed: the entry was zapped');
    expect(verdict(explainChange(ept, LEAF, LEAF ^ 0x1000n, 1))).toBe(
      'NOT ALLOWED: KVM zaps a leaf before it maps another page: the TDP MMU would BUG ("Invalid SPTE change"); what happened: a present leaf was replaced by one for another page',
    );
  });

  it('says which way a permission went', () => {
    const legacy = mmuOf(legacyVendor);
    const leaf = 0x34d4fe867n;
    const nx = legacy.masks.nx;
    const said = (from: bigint, to: bigint): string[] =>
      explainChange(legacy, from, to, 1).events.map(changeEventText);
    expect(said(leaf, leaf | nx)).toContain('fetches were forbidden (nx_huge_pages)');
    expect(said(leaf | nx, leaf)).toContain('fetches were allowed (nx_huge_pages)');
  });
});

it('an answer that the catalogue does not have is said by its name and what it knows', () => {
  const answer = { code: 'world/wrong', params: { gfn: 0x10n, world: 'guest' } };
  expect(findingText(answer)).toBe('world/wrong (gfn 0x10, world guest)');
  expect(findingText({ code: 'world/odd', params: {} })).toBe('world/odd');
});

it('a finding without advice has no line for it', () => {
  const [finding] = explainSpte(ept, LEAF | (1n << 50n), 1).findings;
  if (finding === undefined) throw new Error('bit 50 was not found');
  expect(findingLines(finding)).toHaveLength(2);
  expect(findingLines({ ...finding, code: 'world/odd' } as never)).toEqual([
    { role: 'error', text: expect.stringContaining('  error: world/odd (') as string },
  ]);
});

it('evidence names the bits of the marker as a run', () => {
  const marker = { code: 'mmio-marker', params: { high: 53, low: 52, value: 3n } };
  expect(evidenceText(marker)).toBe('bits 53:52 are 3 in an MMIO entry');
});
