// SPDX-License-Identifier: GPL-2.0-only
import {
  ACC_ALL,
  createMmu,
  isMmioSpte,
  judgeSpte,
  type KvmBug,
  type Mmu,
  type MmuConfig,
  observe,
  plainHost,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import {
  getMmioSpteGeneration,
  handleMmioPageFault,
  MMIO_DIAGNOSTICS,
  makeMmioSpte,
  mmio,
  setMmioSpteMask,
  traceMarkMmioSpte,
} from '@spte/mmio';
import { machine } from '@spte/testing/machines';
import { svm, vmx } from '@spte/testing/shipped';
import { describe, expect, it } from 'vitest';

// What stable releases and old kernels do differently. The numbers are those of each kernel's own compiled C.

const policies = [l1tf, mmio()];

const intel = (kernel: string, change: Partial<MmuConfig> = {}): Mmu =>
  createMmu({ host: { physBits: 46 }, vendor: vmx(), policies, ...change, kernel });

const amd = (kernel: string): Mmu => createMmu({ host: { physBits: 48 }, vendor: svm(), policies, kernel });

const mmioHost = { ...plainHost, memslotGeneration: () => 0x12345n };

describe('MMIO entries of 5.4.y', () => {
  const spte = 0x24700000fee00a2en;

  it.each(['5.4.301', '5.4.117', '5.4', '5.4.0-216-generic', '5.10.265'])(
    'are those of 5.10: %s',
    (kernel) => {
      const mmu = intel(kernel);
      expect(makeMmioSpte(mmu, mmioHost, 0xfee00n, ACC_ALL)).toBe(spte);
      expect(getMmioSpteGeneration(mmu, spte)).toBe(0x12345n);
      expect(judgeSpte(mmu, spte, 1)).toEqual([]);
    },
  );

  it('lose the high bits of the generation up to 5.4.116', () => {
    const mmu = intel('5.4.84');
    expect(getMmioSpteGeneration(mmu, makeMmioSpte(mmu, mmioHost, 0xfee00n, ACC_ALL))).toBe(0x145n);
  });

  it('have the generation over the marker up to 5.4.37, and a guard on every CPU', () => {
    const mmu = intel('5.4.18');
    const made = makeMmioSpte(mmu, mmioHost, 0xfee00n, ACC_ALL);
    expect(made >> 52n).toBe(0x345n | 0x3n);
    expect(mmu.masks.nonpresentOrRsvd).not.toBe(0n);
    expect(intel('5.4.49').masks.nonpresentOrRsvd).toBe(0n);
  });

  it.each([
    ['5.4.301', 0x24780000fee00a2fn],
    ['5.10.265', 0x24780000fee00a2fn],
    ['5.15.215', 0x12380000fee0022fn],
  ])('are these on AMD: %s', (kernel, expected) => {
    expect(makeMmioSpte(amd(kernel), mmioHost, 0xfee00n, ACC_ALL)).toBe(expected);
  });

  it('are recognised by the whole value, by the marker alone since 5.10', () => {
    const marker = 3n << 52n;
    expect(['5.4', '5.10', '5.12'].map((kernel) => isMmioSpte(amd(kernel), marker))).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('the setter of the MMIO mask', () => {
  const outcome = (kernel: string, value: bigint, mask: bigint, access = 0n) => {
    const mmu = intel(kernel, { host: { physBits: 46, cacheBits: 44, l1tf: true } });
    try {
      const { value: after, warnings } = observe(mmu, (mmu) =>
        setMmioSpteMask(mmu, mmu, { value, mask, access }),
      );
      return [after.masks.mmioValue, ...warnings.map(({ code }) => code)];
    } catch (error) {
      return [(error as KvmBug).diagnostic.code];
    }
  };
  const marker = 3n << 52n;
  const guard = 0xf80n << 32n;

  it.each([
    ['5.4.18', ['mmio-mask.value-not-in-mask']],
    ['5.10', [marker | 0x6n]],
    ['5.13', [0n, 'mmio-mask.value-not-in-mask']],
  ])('takes a value outside its mask, in %s: %o', (kernel, expected) => {
    expect(outcome(kernel, 0x6n, 0x3n)).toEqual(expected);
  });

  it.each([
    ['5.4.18', [marker | (guard << 5n)]],
    ['5.4.49', [marker | (guard << 5n), 'mmio-mask.l1tf-collision']],
    ['5.12', [marker | (guard << 5n), 'mmio-mask.l1tf-collision']],
    ['5.13', [0n, 'mmio-mask.l1tf-collision']],
  ])('takes a value that spoils the gfn, in %s: %o', (kernel, expected) => {
    expect(outcome(kernel, guard << 5n, guard << 5n)).toEqual(expected);
  });

  it.each(['5.4', '5.10', '5.15', '6.8'])('stops at an access of 33 bits, in %s', (kernel) => {
    expect(outcome(kernel, 0x6n, 0x7n, 1n << 32n)).toEqual(['mmio-mask.access-too-wide']);
    expect(Object.keys(MMIO_DIAGNOSTICS)).toContain('mmio-mask.access-too-wide');
  });

  it.each([
    ['5.19', [0x6n]],
    ['6.0', [0n, 'mmio-mask.outside-allowed']],
  ])('looks at which bits the mask has, in %s: %o', (kernel, expected) => {
    expect(outcome(kernel, 0x6n, 0x807n)).toEqual(expected);
  });

  it('leaves the parameter alone up to 5.18, though there is no value', () => {
    const flag = (kernel: string) =>
      machine('NPT that cannot cache MMIO', { kernel }).masks.enableMmioCaching;
    expect(['5.12', '5.13', '5.18', '5.19', '6.8'].map(flag)).toEqual([true, true, true, false, false]);
  });
});

describe('a bad entry on the way to MMIO', () => {
  it.each([
    ['5.4', 'walk_shadow_page_get_mmio_spte: detect reserved bits on spte, addr 0x1000, dump hierarchy:'],
    ['5.10', 'get_mmio_spte: detect reserved bits on spte, addr 0x1000, dump hierarchy:'],
    ['5.13', 'get_mmio_spte: reserved bits set on MMU-present spte, addr 0x1000, hierarchy:'],
  ])('is logged in the words of %s', (kernel, line) => {
    const mmu = intel(kernel);
    const bad = (1n << 50n) | 0x7n | (mmu.layout.mmuPresent?.mask ?? 0n);
    const walk = { root: 2, leaf: 1, spteAt: (level: number) => (level === 2 ? bad : 0n) };
    const { value, dmesg } = observe(mmu, (mmu) =>
      handleMmioPageFault(mmu, plainHost, { addr: 0x1000n, direct: true, cached: false, walk }),
    );
    expect(value.ret).toBe(-22);
    expect(dmesg[0]).toBe(line);
    expect(dmesg).toHaveLength(kernel === '5.13' ? 2 : 3);
  });
});

describe('an MMIO SPTE', () => {
  it('is printed with the access that the kernel prints', () => {
    const line = (kernel: string) => traceMarkMmioSpte(intel(kernel), 0n, 0xfee00n, 0x24700000fee00a2en).line;
    expect(line('5.4')).toContain('access 0 ');
    expect(line('5.10')).toContain('access 6 ');
  });

  it('without a value is no reason to warn since 6.16', () => {
    const warned = (kernel: string) =>
      observe(machine('NPT that cannot cache MMIO', { kernel }), (mmu) =>
        makeMmioSpte(mmu, plainHost, 1n, ACC_ALL),
      ).warnings.map(({ code }) => code);
    expect(warned('6.14')).toEqual(['mmio.value-zero']);
    expect(warned('6.16')).toEqual([]);
  });
});
