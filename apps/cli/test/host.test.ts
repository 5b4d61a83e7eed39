// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hosts } from '@spte/testing/runs';
import { describe, expect, it } from 'vitest';
import { captured } from './machines.ts';
import { file, folder, json, spte } from './run.ts';

describe('spte host', () => {
  it.each(Object.keys(hosts))('computes the masks that the kernel of %s held', async (name) => {
    const place = captured(name);
    const { checks } = (await json(`host ${place} --verify ${join(place, 'masks.txt')}`)) as {
      checks: { agree: boolean }[];
    };
    expect(checks.length).toBeGreaterThan(10);
    expect(checks.filter(({ agree }) => !agree)).toEqual([]);
  });

  it('gives the document that other programs rely on', async () => {
    const report = await json(`host ${captured('vmx61-ept-noad')}`);
    expect(report).toMatchObject({
      schema: 'spte/host/1',
      context: {
        kernel: '6.1.192',
        vendor: 'vmx',
        mode: 'ept',
        facts: {
          physBits: { value: 40, origin: 'read' },
          cacheBits: { value: 44 },
          eptAd: { value: false },
          l1tf: { value: true, origin: 'read', from: expect.stringMatching(/^cpuinfo.txt:21: /) as string },
          rootLevel: { origin: 'assumed' },
        },
      },
      assumed: ['rootLevel'],
      masks: { nx: '0x0', x: '0x4', user: '0x1', accTrack: '0x7', nonpresentOrRsvd: '0xf8000000000' },
      setBy: { accTrack: 'kvm_mmu_set_ept_masks' },
    });
  });

  it('shows facts with their source, and masks with the step that set them', async () => {
    const { out } = await spte(`host ${captured('vmx61-ept-noad')}`);
    expect(out).toMatch(/cacheBits +44 +override_cache_bits\(\).*\(cpuinfo\.txt:4\)/);
    expect(out).toMatch(/accTrack +0x7 +kvm_mmu_set_ept_masks/);
    expect(out).toContain('ASSUMED');
  });

  it('captures a machine, and reads it back', async () => {
    const place = captured('svm61-npt-tdp');
    const { code, err } = await spte(`host ${place} --capture bundle.json`);
    expect([code, err]).toEqual([0, 'spte: wrote bundle.json\n']);
    expect(readFileSync(join(folder, 'bundle.json'), 'utf8')).toContain('cpuinfo');
    const [first, second] = [await json('host bundle.json'), await json(`host ${place}`)];
    expect(first).toEqual(second);
    expect((await spte('decode 0x5a0 --host bundle.json')).out).toContain('frozen');
  });

  it('exits 2 for a folder or file that says nothing', async () => {
    file('empty.json', '{}');
    file('text.json', 'hello');
    for (const place of ['empty.json', 'text.json', 'nowhere']) {
      const { code, err } = await spte(`host ${place}`);
      expect(err).toMatch(/^spte: .*\n$/);
      expect(code).toBe(2);
    }
  });
});
