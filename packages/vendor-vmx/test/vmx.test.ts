// SPDX-License-Identifier: GPL-2.0-only
import {
  createMmu,
  defineSetup,
  explainSpte,
  type Host,
  initialRegistry,
  type Mmu,
  type MmuConfig,
  makeSpte,
  pageRole,
  plainHost,
} from '@spte/core';
import { mmio } from '@spte/mmio';
import {
  type EptCpu,
  type EptMisconfig,
  eptMisconfig,
  setEptMasks,
  type VmxOptions,
  vmx,
  vmxGetMtMask,
  vmxSetupMeSpteMask,
} from '@spte/vendor-vmx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const mmuOf = (options: VmxOptions = {}, config: Partial<MmuConfig> = {}): Mmu =>
  createMmu({ host: { physBits: 46 }, vendor: vmx(options), policies: [mmio()], ...config });

describe('vmx', () => {
  it('puts every mask to EPT, with A/D bits and execute-only', () => {
    // What the sources of kvm_mmu_set_ept_masks() write.
    expect(mmuOf().masks).toMatchObject({
      present: 0n,
      user: 0x1n,
      nx: 0n,
      x: 0x4n,
      accessed: 0x100n,
      dirty: 0x200n,
      memtype: 0x78n,
      accTrack: 0x7n,
      hostWritable: 1n << 57n,
      mmuWritable: 1n << 58n,
      mmioValue: 6n,
      mmioMask: 7n,
      mmioAccess: 0n,
      meValue: 0n,
      meMask: 0n,
      tdpEnabled: true,
      maxHugePageLevel: 3,
      cpuDirtyLogSize: 512,
    });
  });

  it('has no A/D masks where the CPU keeps no such bits, and no dirty log', () => {
    expect(mmuOf({ eptAd: false }).masks).toMatchObject({ accessed: 0n, dirty: 0n, cpuDirtyLogSize: 0 });
  });

  it('says "present" by R where there is no execute-only', () => {
    expect(mmuOf({ eptExecOnly: false }).masks.present).toBe(1n);
  });

  it('logs writes in the CPU only with PML, EPT and A/D bits together', () => {
    const size = (options: VmxOptions): number => mmuOf(options).masks.cpuDirtyLogSize;
    expect(size({ pml: false })).toBe(0);
    expect(size({ ept: false })).toBe(0);
    expect(size({ eptAd: false })).toBe(0);
    expect(size({})).toBe(512);
  });

  it.each([1, 2, 3])('maps pages of level %i at most', (eptMaxPageLevel) => {
    expect(mmuOf({ eptMaxPageLevel }).masks.maxHugePageLevel).toBe(eptMaxPageLevel);
  });

  it('keeps the legacy masks without EPT, whose largest page the CPU decides', () => {
    const shadow = mmuOf({ ept: false });
    expect(shadow.masks).toMatchObject({ present: 1n, memtype: 0n, tdpEnabled: false, maxHugePageLevel: 3 });
    expect(shadow.vendor.format.name).toBe('legacy');
    expect(shadow.root.kind).toBe('shadow');
    expect(mmuOf().vendor.format.name).toBe('ept');
    const small = mmuOf({ ept: false }, { host: { physBits: 46, gbpages: false } });
    expect(small.masks.maxHugePageLevel).toBe(2);
  });

  it('moves the writable bits with the layout of the kernel', () => {
    const { hostWritable, mmuWritable } = mmuOf({}, { kernel: '7.2' }).masks;
    expect([hostWritable, mmuWritable]).toEqual([1n << 53n, 1n << 55n]);
  });

  it.each([0, 4, 1.5])('has no largest page of level %d', (eptMaxPageLevel) => {
    expect(() => vmx({ eptMaxPageLevel })).toThrow(RangeError);
    expect(() => vmx({ eptMaxPageLevel })).toThrow(
      `eptMaxPageLevel must be an integer within 1..3, got ${eptMaxPageLevel}`,
    );
    // Nobody asks without EPT.
    expect(() => vmx({ ept: false, eptMaxPageLevel })).not.toThrow();
  });

  it('sets the EPT masks on any registry', () => {
    const registry = setEptMasks(defineSetup({ host: { physBits: 46 } }), initialRegistry, false, true);
    expect(registry.masks).toMatchObject({ x: 4n, accessed: 0n, present: 0n, mmioMask: 7n, mmioValue: 0n });
    expect(registry.setBy.x).toBe('kvm_mmu_set_ept_masks');
  });

  it('takes the key id of MKTME out of the address, and sets none of it', () => {
    const keyId = (rawBits: number): bigint => {
      const setup = defineSetup({ host: { physBits: 46, cpuid80000008Eax: rawBits } });
      const { masks } = vmxSetupMeSpteMask(setup, initialRegistry);
      expect(masks.meValue).toBe(0n);
      return masks.meMask;
    };
    expect([46, 47, 52].map(keyId)).toEqual([0n, 1n << 46n, 0x3fn << 46n]);
  });
});

describe('the memory type of a leaf', () => {
  const answers = [false, true];
  /** Every answer that the host can give. */
  const cases = answers.flatMap((isMmio) =>
    answers.flatMap((noncoherentDma) =>
      answers.flatMap((cr0Cd) => answers.map((quirkCdNw) => ({ isMmio, noncoherentDma, cr0Cd, quirkCdNw }))),
    ),
  );

  /** The decisions of vmx_get_mt_mask(), read from its sources. The guest's MTRR says WP (5) here, which nothing else gives. */
  function expected(
    { isMmio, noncoherentDma, cr0Cd, quirkCdNw }: (typeof cases)[number],
    since6_7: boolean,
  ): bigint {
    if (isMmio) return 0x00n;
    if (!noncoherentDma) return 0x70n;
    if (!cr0Cd) return 0x28n;
    if (!quirkCdNw) return 0x40n;
    return since6_7 ? 0x30n : 0x70n;
  }

  describe.each([
    ['6.6', false],
    ['6.7', true],
    ['6.8', true],
    ['6.9.12', true],
  ])('of kernel %s', (kernel, since6_7) => {
    const setup = defineSetup({ kernel, host: { physBits: 46 } });
    it.each(cases)(
      'with MMIO $isMmio, non-coherent DMA $noncoherentDma, CD $cr0Cd, quirk $quirkCdNw',
      ({ isMmio, ...answers }) => {
        const host: Host = {
          ...plainHost,
          noncoherentDma: () => answers.noncoherentDma,
          cr0Cd: () => answers.cr0Cd,
          quirkCdNw: () => answers.quirkCdNw,
          guestMtrr: () => 5,
        };
        expect(vmxGetMtMask(setup, host, 0x99n, isMmio)).toBe(expected({ isMmio, ...answers }, since6_7));
      },
    );
  });

  it('is cut to eight bits, and is that of the gfn', () => {
    const asked: bigint[] = [];
    const host: Host = {
      ...plainHost,
      noncoherentDma: () => true,
      guestMtrr(gfn) {
        asked.push(gfn);
        return 0xff;
      },
    };
    expect(vmxGetMtMask(defineSetup({ host: { physBits: 46 } }), host, 0x99n, false)).toBe(0xf8n);
    expect(asked).toEqual([0x99n]);
  });

  it('stands in the SPTEs of EPT only', () => {
    const request = { role: pageRole(), gfn: 1n, pfn: 1n };
    expect(makeSpte(mmuOf(), plainHost, request).spte & 0x78n).toBe(0x70n);
    expect(makeSpte(mmuOf({ ept: false }), plainHost, request).spte & 0x18n).toBe(0n);
  });
});

describe('eptMisconfig', () => {
  const cpu: EptCpu = { maxPhyAddr: 46, execOnly: true, maxPageLevel: 3 };
  const without: EptCpu = { ...cpu, execOnly: false };
  const causes = (found: EptMisconfig[]): Record<string, readonly number[]> =>
    Object.fromEntries(found.map(({ cause, bits }) => [cause, bits]));
  const at = (level: number, spte: bigint, on: EptCpu = cpu) => causes(eptMisconfig(on, spte, level));
  const leaf = (level: number): bigint => (level === 1 ? 0n : 0x80n);

  it.each([1, 2, 3, 4, 5])('finds nothing in an entry at level %i that allows nothing', (level) => {
    expect(at(level, ((1n << 64n) - 1n) & ~7n)).toEqual({});
    expect(at(level, 0n)).toEqual({});
  });

  it.each([1, 2, 3, 4, 5])('finds nothing in a sound entry at level %i', (level) => {
    expect(at(level, 0x3fff_ffff_f000n | 7n)).toEqual({});
    for (const xwr of [1n, 3n, 4n, 5n, 7n]) expect(at(level, xwr)).toEqual({});
  });

  it.each([1, 2, 3, 4, 5])('finds write without read at level %i', (level) => {
    expect(at(level, 2n)).toEqual({ 'write-without-read': [0, 1, 2] });
    expect(at(level, 6n)).toEqual({ 'write-without-read': [0, 1, 2] });
    // The CPU without execute-only has nothing to add to that.
    expect(at(level, 6n, without)).toEqual({ 'write-without-read': [0, 1, 2] });
  });

  it.each([1, 2, 3, 4, 5])('finds execute-only at level %i where the CPU does not know it', (level) => {
    expect(at(level, 4n, without)).toEqual({ 'exec-only-unsupported': [0, 1, 2] });
    expect(at(level, 4n)).toEqual({});
  });

  it.each([1, 2, 3])('finds a reserved memory type of a leaf at level %i', (level) => {
    const types = (type: bigint) => at(level, 7n | leaf(level) | (type << 3n));
    for (const legal of [0n, 1n, 4n, 5n, 6n]) expect(types(legal)).toEqual({});
    expect(types(2n)).toEqual({ 'reserved-memtype': [3, 4, 5] });
    expect(types(3n)).toEqual({ 'reserved-memtype': [3, 4, 5] });
    expect(types(7n)).toEqual({ 'reserved-memtype': [3, 4, 5] });
  });

  it.each([2, 3, 4, 5])('knows no memory type of a table at level %i, but reserved bits there', (level) => {
    expect(at(level, 7n | (2n << 3n))).toEqual({ 'reserved-bits': [4] });
    expect(at(level, 7n | 0x78n)).toEqual({ 'reserved-bits': [3, 4, 5, 6] });
  });

  it.each([1, 2, 3, 4, 5])('finds address bits beyond MAXPHYADDR at level %i', (level) => {
    expect(at(level, 7n | (1n << 46n))).toEqual({ 'reserved-bits': [46] });
    expect(at(level, 7n | (1n << 51n))).toEqual({ 'reserved-bits': [51] });
    expect(at(level, 7n | (1n << 45n))).toEqual({});
    expect(at(level, 7n | (0xfffn << 52n))).toEqual({});
    expect(at(level, 7n | (1n << 51n), { ...cpu, maxPhyAddr: 52 })).toEqual({});
  });

  it('finds low address bits of a huge page', () => {
    expect(at(2, 0x87n | (1n << 20n) | (1n << 12n))).toEqual({ 'reserved-bits': [12, 20] });
    expect(at(3, 0x87n | (1n << 29n))).toEqual({ 'reserved-bits': [29] });
    expect(at(2, 0x87n | (1n << 21n))).toEqual({});
    expect(at(1, 0x87n | (1n << 12n))).toEqual({});
  });

  it('finds pages that are larger than the CPU maps', () => {
    expect(at(3, 0x87n, { ...cpu, maxPageLevel: 2 })).toEqual({ 'reserved-bits': [7] });
    expect(at(2, 0x87n, { ...cpu, maxPageLevel: 1 })).toEqual({ 'reserved-bits': [7] });
    expect([4, 5].map((level) => at(level, 0x87n))).toEqual([
      { 'reserved-bits': [7] },
      { 'reserved-bits': [7] },
    ]);
  });

  it('finds several causes at once', () => {
    expect(at(1, 2n | (7n << 3n) | (1n << 50n))).toEqual({
      'write-without-read': [0, 1, 2],
      'reserved-memtype': [3, 4, 5],
      'reserved-bits': [50],
    });
  });

  it('finds the MMIO SPTEs of KVM, which are made for that', () => {
    expect(at(1, 0x8000006n)).toHaveProperty('write-without-read');
  });

  it('finds nothing in what makeSpte() builds for such a CPU', () => {
    const mmu = mmuOf({}, { params: { nxHugePages: false } });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 7 }),
        fc.bigInt({ min: 0n, max: (1n << 16n) - 1n }),
        (level, access, index) => {
          // User stands for read: KVM never asks for write without it.
          fc.pre((access & 2) === 0 || (access & 4) !== 0);
          const pfn = index << (9n * BigInt(level - 1));
          const { spte } = makeSpte(mmu, plainHost, { role: pageRole({ level }), access, gfn: 1n, pfn });
          expect(eptMisconfig(cpu, spte, level)).toEqual([]);
        },
      ),
    );
  });

  it('takes a 64-bit word and a level', () => {
    expect(() => eptMisconfig(cpu, 1n << 64n, 1)).toThrow(/^spte must be within 0x0\.\.0xffffffffffffffff/);
    expect(() => eptMisconfig(cpu, 7n, 6)).toThrow('level must be an integer within 1..5, got 6');
    expect(() => eptMisconfig(cpu, '7' as unknown as bigint, 1)).toThrow(TypeError);
  });
});

describe('the CPU', () => {
  const ept = mmuOf();

  it('translates what an EPT leaf allows, with its memory type', () => {
    const [reading] = explainSpte(ept, 0x600000455299b77n, 1).cpu;
    const page = { kind: 'translates', hpa: 0x455299000n, memtype: 'WB, guest PAT ignored' };
    expect(reading).toEqual({ accessor: 'guest', read: page, write: page, fetch: page });
  });

  it('follows a table and stops at what a leaf refuses', () => {
    expect(explainSpte(ept, 0x2c583e907n, 3).cpu[0]?.read).toEqual({ kind: 'next-table', hpa: 0x2c583e000n });
    const [readOnly] = explainSpte(ept, 0x600000455299b71n, 1).cpu;
    expect(readOnly?.write).toEqual({ kind: 'ept-violation', qualification: 0b001_010 });
    expect(readOnly?.fetch).toEqual({ kind: 'ept-violation', qualification: 0b001_100 });
  });

  it('tells the memory type of a guest PAT', () => {
    expect(explainSpte(ept, 0x600000455299b37n, 1).cpu[0]?.read).toMatchObject({
      memtype: "WB, with the guest's PAT",
    });
  });

  it('refuses an MMIO entry as an EPT misconfiguration, with the bits', () => {
    expect(explainSpte(ept, 0xfee0000en, 1).cpu[0]?.write).toEqual({
      kind: 'ept-misconfig',
      causes: [{ cause: 'write-without-read', bits: [0, 1, 2] }],
    });
  });
});

describe('the memory type', () => {
  it('is cut to 8 bits since 6.0', () => {
    const host = { ...plainHost, noncoherentDma: () => true, guestMtrr: () => 0xff };
    const bits = (kernel: string) => vmxGetMtMask(mmuOf({}, { kernel }), host, 0n, false);
    expect(['5.19', '6.0'].map(bits)).toEqual([0x7f8n, 0xf8n]);
  });

  it.each([
    ['6.12.74', 0x70n],
    ['6.12.85', 0x30n],
    ['6.14', 0x70n],
    ['6.16', 0x30n],
  ])('lets the guest PAT count, in %s', (kernel, expected) => {
    const host = { ...plainHost, quirkIgnoreGuestPat: () => false };
    expect(vmxGetMtMask(mmuOf({}, { kernel }), host, 0n, false)).toBe(expected);
  });

  it('is write-back since 6.11, whatever the guest says, where devices do not snoop', () => {
    const host = { ...plainHost, noncoherentDma: () => true, guestMtrr: () => 0, cr0Cd: () => true };
    const bits = (kernel: string) => vmxGetMtMask(mmuOf({}, { kernel }), host, 0n, false);
    expect(['6.6', '6.7', '6.11'].map(bits)).toEqual([0x70n, 0x30n, 0x30n]);
    const uncached = { ...host, cr0Cd: () => false };
    expect(
      ['6.10', '6.11'].map((kernel) => vmxGetMtMask(mmuOf({}, { kernel }), uncached, 0n, false)),
    ).toEqual([0n, 0x30n]);
  });
});

it('the kernel has no key mask of its own up to 5.18: it is that of the host', () => {
  const host = { physBits: 46, cpuid80000008Eax: 52 };
  const [own, hosts] = ['5.19', '5.18'].map((kernel) => mmuOf({}, { kernel, host }));
  expect(own).toMatchObject({
    masks: { meMask: 0xfc00000000000n, meValue: 0n },
    setBy: { meMask: 'kvm_mmu_set_me_spte_mask' },
  });
  expect(hosts).toMatchObject({ masks: { meMask: 0n }, setBy: { meMask: 'kvm_mmu_set_ept_masks' } });
});
