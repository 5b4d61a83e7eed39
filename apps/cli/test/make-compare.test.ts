// SPDX-License-Identifier: GPL-2.0-only
import { MASK_MEANINGS } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { captured } from './machines.ts';
import { json, spte } from './run.ts';

describe('spte make', () => {
  it('builds a leaf and gives the reason for each bit', async () => {
    const { out } = await spte('make --gfn 0x1000 --pfn 0x455299 --preset haswell-client --kernel 6.8');
    expect(out).toContain('0x0600000455299b77');
    expect(out).toContain('nothing write-protects the page');
    const made = (await json('make --gfn 1000 --pfn 455299 --preset haswell-client')) as {
      value: string;
      reasons: { bits: string }[];
    };
    const sum = made.reasons.reduce((word, { bits }) => word | BigInt(bits), 0n);
    expect(sum).toBe(BigInt(made.value));
  });

  it('builds MMIO entries and tables', async () => {
    expect(await json('make --mmio --gfn 0xfec00 --generation 12 --preset haswell')).toMatchObject({
      kind: 'mmio',
      gfn: '0xfec00',
      generation: '0x12',
    });
    const table = 'make --nonleaf --pfn 0x1a0 --level 3 --kernel 6.1 --vendor svm';
    expect(await json(table)).toMatchObject({ kind: 'table', pfn: '0x1a0' });
  });

  it('takes letters for access in every era', async () => {
    const make = 'make --gfn 1 --pfn 2 --access r-x';
    expect(await json(`${make} --kernel 6.8 --vendor vmx`)).toMatchObject({ access: 'r-x', findings: [] });
    expect(await json(`${make} --kernel 7.3 --vendor vmx`)).toMatchObject({ access: 'r-x', findings: [] });
    expect(await json(`${make} --kernel 7.3 --vendor svm`)).toMatchObject({ access: 'r-x', findings: [] });
  });

  it('says what the kernel would WARN about', async () => {
    const { out, code } = await spte('make --gfn 1 --pfn 0x8455299 --preset haswell-client --check');
    expect(out).toContain('make.rsvd-bits');
    expect(code).toBe(1);
  });

  it.each([
    ['make --gfn 1', 'a leaf needs --pfn'],
    ['make --mmio', 'an MMIO entry needs --gfn'],
    ['make --mmio --nonleaf', '--mmio and --nonleaf exclude each other'],
    ['make --gfn 1 --pfn 0x10000000000000', '--pfn must be within 0x0..0xfffffffffffff'],
    ['make --gfn 1 --pfn 2 --access yes', '--access must be letters of rwxu'],
  ])('%s: exits 2', async (line, message) => {
    const { code, err } = await spte(line);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});

describe('spte compare', () => {
  it('shows masks, places, and the entry that both build', async () => {
    const { out, code } = await spte('compare 6.1 7.2 --vendor vmx --check');
    expect(out).toMatch(/xu +A 0x0 +B 0x400/);
    expect(out).toMatch(/leaf +A 0x0600000000200b77 {2}B 0x80a0000000200f77 {2}a 4K page of RAM/);
    expect(code).toBe(1);
  });

  it('never says that kernels are alike which are known to differ', async () => {
    for (const kernels of ['6.12 6.13', '6.10 6.11', '6.16 6.17', '6.1 6.8', '6.1 6.1.192']) {
      const { out, code } = await spte(`compare ${kernels} --vendor vmx --check`);
      expect(out).not.toContain('no difference');
      expect(out).toContain('What the kernels do differently');
      expect(code).toBe(1);
    }
    const { out, code } = await spte('compare 6.8 6.9 --vendor vmx --check');
    expect(out).toContain('no difference');
    expect(code).toBe(0);
  });

  it('shows what one kernel has no function for, what they complain about, and what they tell the host', async () => {
    const { out } = await spte('compare 5.17 5.18 --vendor vmx');
    expect(out).toMatch(/split +A no such function {4}B 0x06/);
    expect(out).toContain('  only B  make_huge_page_split_spte()');
    const warned = await spte('compare mmio-caching=on mmio-caching=off --vendor svm --kernel 6.8');
    expect(warned.out).toContain('    WARNs: A none; B mmio.value-zero');
    const told = await spte('compare 6.1 6.1.192 --vendor vmx --level 2');
    expect(told.out).toContain('    calls: A none; B mmu_try_to_unsync_pages');
    expect(told.out).not.toContain('ageing');
  });

  it('builds huge pages as well', async () => {
    const { out } = await spte('compare nx-huge-pages=on nx-huge-pages=off --vendor vmx');
    expect(out).toMatch(/leaf +A 0x0600000000200b77 {2}B 0x0600000000200b77 {2}equal/);
    expect(out).toMatch(/leaf-2M +A 0x0600000000200bf3 {2}B 0x0600000000200bf7 {2}a 2M page/);
  });

  it('reads facts, presets and folders as contexts', async () => {
    expect(await json('compare haswell preset=haswell,ad=off')).toMatchObject({
      equal: false,
      masks: [
        { name: 'accessed', meaning: MASK_MEANINGS.accessed },
        { name: 'dirty' },
        { name: 'kvmAdEnabled' },
        { name: 'cpuDirtyLogSize' },
      ],
      built: {
        leaf: {
          bits: [
            { bit: 8, in: 'a' },
            { bit: 9, in: 'a' },
            { bit: 52, in: 'b' },
          ],
        },
      },
    });
    const folder = captured('vmx61-ept-noad');
    const { out } = await spte(`compare ${folder} host=${folder}`);
    expect(out).toContain('no difference');
  });

  it.each([
    ['compare 6.1 speed=3', '"speed" is not a context key; known keys: host, preset'],
    ['compare 6.1 turbo', '"turbo" is not a context'],
    ['compare 6.1 ad=maybe', 'must be one of on, off'],
    ['compare 6.1', "missing required argument 'B'"],
  ])('%s: exits 2', async (line, message) => {
    const { code, err } = await spte(line);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
