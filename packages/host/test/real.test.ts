// SPDX-License-Identifier: GPL-2.0-only
import { checkMasks, hostReport, MASK_SYMBOL_NAMES, masksOfSymbols, mmuOf } from '@spte/host';
import { fileIn, filesOf, hosts, mmuOfRun, textsOf } from '@spte/testing/runs';
import { describe, expect, it } from 'vitest';

const reportOf = (name: string) => hostReport(textsOf(filesOf(name)));
const factOf = (name: string, fact: string) => reportOf(name).facts.find((found) => found.name === fact);

describe('a real kernel', () => {
  it('is there 21 times, from 5.10 to 7.3', () => {
    expect(Object.keys(hosts)).toHaveLength(21);
    const kernels = new Set(Object.keys(hosts).map((name) => reportOf(name).kernel));
    expect([...kernels].toSorted()).toEqual(['5.10.262', '6.1.192', '6.12.117', '7.2.13', '7.3.4']);
  });

  it.each(Object.entries(hosts))(
    '%s holds the masks that are computed from its own texts',
    (_name, files) => {
      const report = hostReport(textsOf(files));
      const masks = fileIn(files, 'masks.txt');
      const checks = checkMasks(mmuOf(report), masks);
      expect(checks.filter(({ agree }) => !agree)).toEqual([]);
      // Every mask that the file has is compared, under whatever name this kernel gives it.
      const named = masks.text.match(/^shadow_\w+/gm) ?? [];
      expect(checks.map(({ symbol }) => symbol)).toEqual(expect.arrayContaining([...named]));
      expect(named.length).toBeGreaterThan(12);
    },
  );

  it.each(Object.entries(hosts))('%s says where every fact comes from', (_name, files) => {
    const misquoted = hostReport(textsOf(files)).facts.filter(({ source, assumed }) => {
      if (source === null) return !assumed;
      return files[source.file]?.split('\n')[source.line - 1]?.trim() !== source.text;
    });
    expect(misquoted).toEqual([]);
  });

  it('tells its vendor, mode and root', () => {
    expect(reportOf('svm61-npt-tdp')).toMatchObject({ vendor: 'svm', mode: 'npt', notes: [] });
    expect(reportOf('svm72-shadow')).toMatchObject({ vendor: 'svm', mode: 'shadow' });
    expect(reportOf('vmx73-ept-ad')).toMatchObject({ vendor: 'vmx', mode: 'ept' });
    expect(reportOf('vmx61-noept-shadow')).toMatchObject({ vendor: 'vmx', mode: 'shadow' });
  });

  it('is known for certain but for its root, its parameters and what /proc does not show', () => {
    expect(reportOf('svm61-npt-tdp').assumed).toEqual([]);
    expect(reportOf('vmx73-ept-ad').assumed).toEqual(['rootLevel']);
    expect(reportOf('svm61-npt-phys52').assumed).toEqual(['mmioCaching']);
    expect(reportOf('svm510-npt-tdp').assumed).toEqual(['mmioCaching']);
  });

  it('has a Haswell cache of 44 bits where CPUID reports 40', () => {
    expect(factOf('vmx61-ept-ad', 'cacheBits')).toMatchObject({
      value: 44,
      source: { file: 'cpuinfo.txt', text: 'model\t\t: 60' },
      assumed: false,
    });
    expect(factOf('vmx61-ept-ad', 'physBits')?.value).toBe(40);
  });

  it('switched MMIO caching off by itself with 52 address bits, and by request elsewhere', () => {
    expect(factOf('svm61-npt-phys52', 'mmioCaching')).toMatchObject({ value: true, assumed: true });
    expect(factOf('svm61-mmio-nocache', 'mmioCaching')).toMatchObject({ value: false, assumed: false });
    expect(factOf('svm61-npt-tdp', 'mmioCaching')).toMatchObject({ value: true, assumed: false });
  });

  it('tells where RAM ends', () => {
    expect(factOf('svm61-npt-tdp', 'ramEnd')?.value).toBe(0xffe0000n);
  });

  it('shows a mask that does not agree', () => {
    const mmu = mmuOfRun(Object.keys(hosts)[0] ?? '');
    const text = 'shadow_nx_mask d 1 = 1\nnothing d 1 = 1\nconstructor d 1 = 1\nno line\n';
    expect(checkMasks(mmu, { name: 'masks.txt', text })).toEqual([
      { symbol: 'shadow_nx_mask', kernel: '0x1', computed: '0x8000000000000000', agree: false },
    ]);
  });

  it('makes masks of variables, each in its own width, and passes over anything else', () => {
    const words = Object.fromEntries(MASK_SYMBOL_NAMES.map((name) => [name, (1n << 40n) | 0x101n]));
    const masks = masksOfSymbols({ ...words, jiffies: 1n, constructor: 1n });
    expect(masks).toMatchObject({ nx: (1n << 40n) | 0x101n, shadowPhysBits: 1, tdpEnabled: true });
    expect(masks).not.toHaveProperty('physicalMask');
    expect(masksOfSymbols({ tdp_enabled: 0x100n, physical_mask: 1n })).toEqual({ tdpEnabled: false });
  });
});
