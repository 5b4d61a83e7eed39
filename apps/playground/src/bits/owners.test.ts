// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { ciede2000, contrast, distance, type Vision } from '../../test/color.ts';
import { ON_OWNER, OWNER_NAMES, OWNERS, ownerOf, setOwnerColors } from './owners.ts';

const GROUNDS = { light: '#ffffff', dark: '#0f1318' } as const;
const VISIONS: readonly Vision[] = ['normal', 'protan', 'deutan', 'tritan'];

describe('the figures of colour', () => {
  it('are those of the published examples', () => {
    // Sharma, Wu and Dalal 2005, pairs 1, 7, 14, 17 and 25 of their table.
    expect(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485])).toBeCloseTo(2.0425, 4);
    expect(ciede2000([50, 0, 0], [50, -1, 2])).toBeCloseTo(2.3669, 4);
    expect(ciede2000([50, -0.001, 2.49], [50, 0.0009, -2.49])).toBeCloseTo(4.8045, 4);
    expect(ciede2000([50, 2.5, 0], [73, 25, -18])).toBeCloseTo(27.1492, 4);
    expect(ciede2000([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387])).toBeCloseTo(1.2644, 4);
    expect(contrast('#ffffff', '#000000')).toBeCloseTo(21, 6);
  });
});

describe.each(['light', 'dark'] as const)('the owners in %s', (theme) => {
  it.each(VISIONS)('can be told apart by %s eyes', (vision) => {
    const pairs = OWNER_NAMES.flatMap((one, i) =>
      OWNER_NAMES.slice(i + 1).map((other) => [one, other] as const),
    );
    const apart = pairs.map(([one, other]) => distance(OWNERS[one][theme], OWNERS[other][theme], vision));
    expect(apart).toHaveLength(10);
    expect(Math.min(...apart)).toBeGreaterThan(17);
  });

  it('have text that can be read on them, and stand out from the ground', () => {
    for (const owner of OWNER_NAMES) {
      expect(contrast(OWNERS[owner][theme], ON_OWNER[theme])).toBeGreaterThan(4.5);
      expect(contrast(OWNERS[owner][theme], GROUNDS[theme])).toBeGreaterThan(3);
    }
  });
});

describe('the owner of a field', () => {
  it('is the one that core says, but for addresses, memory types and bits without a meaning', () => {
    const of = (name: string, owner: 'hardware' | 'kvm' | 'none') => ownerOf({ name, owner });
    expect(of('writable', 'hardware')).toBe('cpu');
    expect(of('mmuWritable', 'kvm')).toBe('kvm');
    expect(of('secureBit', 'kvm')).toBe('kvm');
    expect(of('address', 'hardware')).toBe('address');
    expect(of('encryption', 'hardware')).toBe('memory');
    expect(of('reserved', 'hardware')).toBe('unused');
    expect(of('ignored', 'none')).toBe('unused');
  });

  it('has a sign of its own beside the colour', () => {
    expect(new Set(OWNER_NAMES.map((owner) => OWNERS[owner].sign)).size).toBe(OWNER_NAMES.length);
  });

  it('gives the styles its colours', () => {
    const set = new Map<string, string>();
    const style = { setProperty: (name: string, value: string) => set.set(name, value) };
    setOwnerColors({ style } as unknown as Pick<HTMLElement, 'style'>);
    expect(set.get('--address')).toBe('light-dark(#185eea, #688efd)');
    expect(set.size).toBe(OWNER_NAMES.length + 1);
  });
});
