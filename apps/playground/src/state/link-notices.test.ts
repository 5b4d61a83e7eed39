// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { presetOf } from '../machine/presets.ts';
import { hashOf, stateOfHash } from './hash.ts';
import { noticesOf } from './link-notices.ts';
import { stateOf } from './state.ts';

const state = stateOf(presetOf(''));

describe('what a link says that is not known', () => {
  it('is nothing for a link of the page, with and without a version', () => {
    expect(noticesOf(hashOf({ ...state, paste: '0x5a0' }))).toEqual([]);
    expect(noticesOf('#view=read&preset=haswell&spte=0x5a0&level=1')).toEqual([]);
    expect(noticesOf('')).toEqual([]);
  });

  it.each([
    ['#preset=none', 'preset = none'],
    ['#level=9', 'level = 9'],
    ['#v=99', 'v = 99'],
    ['#color=red', 'color'],
    ['#held=other-0', 'paste it again'],
  ])('is said of %s', (hash, words) => {
    expect(noticesOf(hash)).toHaveLength(1);
    expect(noticesOf(hash)[0]).toContain(words);
  });

  it('is short, however long the link', () => {
    const said = noticesOf(`#level=${'9'.repeat(100_000)}&${'a=1&'.repeat(1000)}`);
    expect(said.length).toBeLessThan(10);
    expect(said.join('').length).toBeLessThan(1000);
  });
});

describe('pasted text in a link', () => {
  it('comes back, a long one from the tab and not from the link', () => {
    for (const paste of ['0x5a0\n0x5a1', 'y'.repeat(10_000_000)]) {
      const hash = hashOf({ ...state, paste });
      expect(hash.length).toBeLessThan(5000);
      expect(stateOfHash(hash).paste).toBe(paste);
    }
  });

  it('is held for the last few only', () => {
    const hashes = Array.from({ length: 9 }, (_, i) => hashOf({ ...state, paste: `${i}`.repeat(5000) }));
    expect(stateOfHash(hashes[0] as string).paste).toBe('');
    expect(stateOfHash(hashes[8] as string).paste).toBe('8'.repeat(5000));
  });
});
