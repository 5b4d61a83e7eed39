// SPDX-License-Identifier: GPL-2.0-only
import {
  compareMmus,
  configureMmu,
  createMmu,
  decodeSpte,
  defineVendor,
  type Host,
  KvmBug,
  layouts,
  legacyFormat,
  type Mmu,
  type MmuConfig,
  observe,
  plainHost,
  type Registry,
  type Vendor,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import {
  checkMmioSpte,
  GEN_UPDATE_IN_PROGRESS,
  generationMmioSpteMask,
  getMmioSpteGeneration,
  handleMmioPageFault,
  isMmioPfn,
  MMIO_DIAGNOSTIC_MEANINGS,
  type MmioMask,
  makeMmioSpte,
  mmio,
  readMmioSpte,
  setMmioSpteMask,
  setReservedBitMmioMask,
  syncMmioSpte,
} from '@spte/mmio';
import { machine } from '@spte/testing/machines';
import { legacyVendor } from '@spte/testing/vendors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Marks MMIO as EPT does: writable and executable, but not readable. */
const misconfig: Vendor = defineVendor({
  name: 'misconfig-test',
  apiVersion: 1,
  format: legacyFormat,
  setup: (setup, registry) =>
    setMmioSpteMask(setup, configureMmu(setup, registry, true, 3), { value: 6n, mask: 7n, access: 0n }),
});

/** An MMU that guards against L1TF where the machine needs it. */
function mmuOf(vendor: Vendor, config: Partial<MmuConfig> = {}): Mmu {
  return createMmu({ host: { physBits: 46 }, vendor, policies: [l1tf, mmio()], ...config });
}

const hostOf = (answers: Partial<Host>): Host => ({ ...plainHost, ...answers });
const anyU64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

const mmu = mmuOf(legacyVendor);
const guarded: Partial<MmuConfig> = { host: { physBits: 46, cacheBits: 44, l1tf: true } };

describe('the generation', () => {
  it('comes back from the bits that hold it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 0x7ffffn }), anyU64, (gen, other) => {
        const { low, high } = mmu.layout.mmioGeneration;
        const mask = generationMmioSpteMask(mmu, gen);
        expect(mask & ~(low.mask | high.mask)).toBe(0n);
        expect(getMmioSpteGeneration(mmu, mask | (other & ~(low.mask | high.mask)))).toBe(gen);
      }),
    );
  });

  it.each(layouts.map(({ since }) => since).filter((since) => !['5.4.0', '5.4.19'].includes(since)))(
    'comes back in the layout since %s',
    (kernel) => {
      const old = mmuOf(legacyVendor, { kernel });
      const { mask } = old.layout.mmioGeneration;
      fc.assert(
        fc.property(anyU64, (gen) => {
          expect(getMmioSpteGeneration(old, generationMmioSpteMask(old, gen & mask))).toBe(gen & mask);
        }),
      );
    },
  );

  it('is cut where it is too long, with a warning', () => {
    const observed = observe(mmu, (mmu) => generationMmioSpteMask(mmu, 0x80001n));
    expect(observed.value).toBe(generationMmioSpteMask(mmu, 1n));
    expect(observed.warnings).toEqual([{ code: 'mmio.gen-out-of-range', kind: 'WARN_ON_ONCE' }]);
    expect(observe(mmu, (mmu) => generationMmioSpteMask(mmu, 0x7ffffn)).warnings).toEqual([]);
  });

  it('is a 64-bit word', () => {
    expect(() => generationMmioSpteMask(mmu, 1n << 64n)).toThrow(
      'gen must be within 0x0..0xffffffffffffffff, got 0x10000000000000000',
    );
    expect(() => generationMmioSpteMask(mmu, 1 as unknown as bigint)).toThrow(TypeError);
  });
});

describe('makeMmioSpte', () => {
  it('takes a 64-bit gfn and a 32-bit access, and names what is wrong', () => {
    expect(() => makeMmioSpte(mmu, plainHost, -1n, 7)).toThrow(
      'gfn must be within 0x0..0xffffffffffffffff, got -0x1',
    );
    expect(() => makeMmioSpte(mmu, plainHost, 1n, 2 ** 32)).toThrow(
      'access must be an integer within 0..4294967295, got 4294967296',
    );
    expect(() => makeMmioSpte(mmu, plainHost, 1n, '7' as unknown as number)).toThrow(TypeError);
    expect(() => makeMmioSpte(mmu, plainHost, (1n << 64n) - 1n, 2 ** 32 - 1)).not.toThrow();
  });

  it('never lets the update-in-progress bit in', () => {
    const generation = GEN_UPDATE_IN_PROGRESS | 5n;
    const { value, warnings } = observe(mmu, (mmu) =>
      makeMmioSpte(mmu, hostOf({ memslotGeneration: () => generation }), 0xfee00n, 7),
    );
    expect(getMmioSpteGeneration(mmu, value)).toBe(5n);
    expect(warnings).toEqual([]);
  });

  it('warns where MMIO is not cached, and goes on', () => {
    const off = mmuOf(legacyVendor, { policies: [l1tf, mmio({ mmioCaching: false })] });
    const { value, warnings } = observe(off, (mmu) => makeMmioSpte(mmu, plainHost, 0xfee00n, 7));
    expect(warnings).toEqual([{ code: 'mmio.value-zero', kind: 'WARN_ON_ONCE' }]);
    expect(value).toBe(0xfee0_0006n);
    expect(readMmioSpte(off, value)).toBeNull();
  });
});

describe('an MMIO SPTE', () => {
  it('is taken apart into fields that name each of its bits', () => {
    const mmu = mmuOf(legacyVendor, guarded);
    const spte = makeMmioSpte(mmu, hostOf({ memslotGeneration: () => 0x12345n }), 0xfee00n, 7);
    expect(readMmioSpte(mmu, spte)).toMatchObject({
      kind: 'mmio',
      gfn: 0xfee00n,
      gpa: 0xfee00000n,
      access: 6n,
      generation: 0x12345n,
    });
    const { kind, fields } = decodeSpte(mmu, spte, 1);
    expect(kind).toBe('mmio');
    expect(Object.fromEntries(fields.map(({ name, text }) => [name, text]))).toMatchObject({
      mmioValue: '0x8000000000001',
      mmioAccess: '0x6',
      mmioGeneration: '0x12345',
      l1tfGuard: '0xf8000000000',
      mmioGpa: '0xfee00000',
    });
    expect(readMmioSpte(mmu, 0x1003eb27e67n)).toBeNull();
  });

  it('had a marker of its own before 5.13', () => {
    const old = mmuOf(legacyVendor, { kernel: '5.10' });
    const marker = 3n << 52n;
    expect(readMmioSpte(old, marker)?.fields[0]).toMatchObject({ name: 'mmioValue', value: marker });
    expect(readMmioSpte(old, 1n << 52n)).toBeNull();
  });

  it('is valid while the memslots are those that it was made for', () => {
    const at = (generation: bigint) => hostOf({ memslotGeneration: () => generation });
    const spte = makeMmioSpte(mmu, at(0x77n), 0xfee00n, 7);
    const check = (generation: bigint) => observe(mmu, (mmu) => checkMmioSpte(mmu, at(generation), spte));
    expect(check(0x77n)).toMatchObject({
      value: true,
      trace: [{ event: 'check_mmio_spte', line: `spte ${spte.toString(16)} kvm_gen 77 spte-gen 77 valid 1` }],
    });
    expect(check(0x78n).value).toBe(false);
    // Only the bits that an SPTE can hold are compared.
    expect(check(0x80077n).value).toBe(true);
    expect(check(0x77n | GEN_UPDATE_IN_PROGRESS)).toMatchObject({ value: false, trace: [] });
  });
});

describe('a device', () => {
  const isDevice = (answers: Partial<Host>): boolean => isMmioPfn(hostOf(answers), 0xfee00n);
  const reserved = { pfnValid: () => true, isReservedPfn: () => true };

  it('is a reserved page that the host does not map write-back', () => {
    expect(isDevice({ ...reserved, patImmuneUc: () => true })).toBe(true);
    expect(isDevice({ ...reserved, patImmuneUc: () => false })).toBe(false);
    expect(isDevice({ ...reserved, patEnabled: () => false })).toBe(true);
    expect(isDevice({ ...reserved, isZeroPfn: () => true, patImmuneUc: () => true })).toBe(false);
    expect(isDevice({ pfnValid: () => true, isReservedPfn: () => false, patImmuneUc: () => true })).toBe(
      false,
    );
  });

  it('is what is known of the frame already, without another question', () => {
    const never = hostOf({
      pfnValid: () => {
        throw new Error('asked');
      },
    });
    expect([true, false].map((known) => isMmioPfn(never, 0xfee00n, known))).toEqual([true, false]);
  });

  it('is a frame without a page where e820 knows no RAM', () => {
    const asked: bigint[][] = [];
    const e820Ram = (...bytes: bigint[]): boolean => {
      asked.push(bytes);
      return false;
    };
    expect(isDevice({ pfnValid: () => false, e820Ram })).toBe(true);
    expect(isDevice({ pfnValid: () => false })).toBe(false);
    expect(asked).toEqual([[0xfee0_0000n, 0xfee0_0fffn]]);
  });
});

describe('setMmioSpteMask', () => {
  /** 47 bits of gfn below the guard: the mask setter checks against what L1TF left. */
  const target = mmuOf(legacyVendor, guarded);
  const set = (change: Partial<MmioMask>, on: Mmu = target) =>
    observe(on, (mmu) => setMmioSpteMask(mmu, mmu, { value: 6n, mask: 7n, access: 0n, ...change }));

  it('takes a value within a mask that is allowed', () => {
    const { value, warnings } = set({ access: 0xffff_ffffn });
    expect(warnings).toEqual([]);
    expect(value.masks).toMatchObject({
      mmioValue: 6n,
      mmioMask: 7n,
      mmioAccess: 0xffff_ffffn,
      enableMmioCaching: true,
    });
    expect(value.setBy.mmioValue).toBe('kvm_mmu_set_mmio_spte_mask');
  });

  it.each<[string, Partial<MmioMask>, bigint]>([
    // No consequence: the value is kept.
    ['mmio-mask.value-in-lower-gfn', { value: 0x1000n, mask: 0x1007n }, 0x1000n],
    ['mmio-mask.outside-allowed', { mask: 0x807n }, 0n],
    ['mmio-mask.outside-allowed', { mask: 0xfn }, 0n],
    ['mmio-mask.outside-allowed', { mask: 7n | (1n << 62n) }, 0n],
    ['mmio-mask.l1tf-collision', { value: 1n << 44n, mask: 1n << 44n }, 0n],
    ['mmio-mask.l1tf-collision', { value: 1n << 48n, mask: 1n << 48n }, 0n],
    ['mmio-mask.value-not-in-mask', { value: 6n, mask: 3n }, 0n],
  ])('warns %s for %o', (code, change, kept) => {
    const { value, warnings } = set({ ...change, access: 6n });
    expect(warnings).toEqual([{ code, kind: 'WARN_ON' }]);
    expect(value.masks).toMatchObject({
      mmioValue: kept,
      mmioMask: change.mask ?? 7n,
      mmioAccess: 6n,
      enableMmioCaching: kept !== 0n,
    });
  });

  it('knows neither a guard above bit 48 nor one below bit 44 of this machine', () => {
    for (const n of [43n, 49n, 51n]) expect(set({ value: 1n << n, mask: 1n << n }).warnings).toEqual([]);
  });

  it('switches caching off for a value of 0, without a word', () => {
    const { value, warnings } = set({ value: 0n });
    expect(warnings).toEqual([]);
    expect(value.masks).toMatchObject({ mmioValue: 0n, enableMmioCaching: false, allowMmioCaching: true });
  });

  it('takes no value where the user wants no caching', () => {
    const off = mmuOf(misconfig, { policies: [mmio({ mmioCaching: false })] });
    const { value, warnings } = set({}, off);
    expect(warnings).toEqual([]);
    expect(value.masks).toMatchObject({ mmioValue: 0n, mmioMask: 7n, enableMmioCaching: false });
  });

  it('ends in a BUG for an access above 32 bits, which leaves the registry as it was', () => {
    const before = structuredClone({ masks: target.masks, setBy: target.setBy });
    const run = (): Registry => set({ access: 1n << 32n, value: 0x1000n }).value;
    expect(run).toThrow(KvmBug);
    expect(run).toThrow('kernel BUG: mmio-mask.access-too-wide');
    expect({ masks: target.masks, setBy: target.setBy }).toEqual(before);
  });

  it('refuses a value that a frozen SPTE would match', () => {
    // No kernel has such a layout: REMOVED shares no bit with what a mask may have.
    const layout = { ...target.layout, frozen: 6n };
    const { value, warnings } = set({}, { ...target, layout });
    expect(warnings).toEqual([{ code: 'mmio-mask.removed-collision', kind: 'WARN_ON' }]);
    expect(value.masks.mmioValue).toBe(0n);
    expect(set({}, { ...target, layout: { ...layout, frozen: null } }).warnings).toEqual([]);
    expect(set({ value: 0n }, { ...target, layout: { ...layout, frozen: 0n } }).warnings).toEqual([]);
  });

  it('marks legacyVendor MMIO by reserved address bits, where there are any', () => {
    const mask = (low: number) => setReservedBitMmioMask(target, target, low).masks;
    expect(mask(51)).toMatchObject({
      mmioValue: (1n << 51n) | 1n,
      mmioMask: (1n << 51n) | 1n,
      mmioAccess: 6n,
    });
    expect(mask(49)).toMatchObject({ mmioMask: (7n << 49n) | 1n });
    expect(mask(52)).toMatchObject({ mmioValue: 0n, mmioMask: 0n, mmioAccess: 6n, enableMmioCaching: false });
  });

  it.each([
    [51, true],
    [52, false],
  ])('can cache with %i raw physical bits: %s', (physBits, caching) => {
    expect(mmuOf(legacyVendor, { host: { physBits } }).masks.enableMmioCaching).toBe(caching);
  });

  it.each(Object.entries(MMIO_DIAGNOSTIC_MEANINGS))('%s says when it is raised', (_, meaning) => {
    expect(meaning.length).toBeGreaterThan(10);
  });
});

describe('a fault on an MMIO address', () => {
  const table = 0x1234827n;
  const mmioSpte = makeMmioSpte(mmu, plainHost, 0xfee00n, 7);
  const fault = (
    leafSpte: bigint,
    change: Partial<Parameters<typeof handleMmioPageFault>[2]> = {},
    host = plainHost,
  ) =>
    observe(mmu, (mmu) =>
      handleMmioPageFault(mmu, host, {
        addr: 0xfee00123n,
        direct: true,
        cached: false,
        walk: { root: 4, leaf: 1, spteAt: (level) => (level === 1 ? leafSpte : table) },
        ...change,
      }),
    );

  it('is emulated at once when the vCPU remembers it', () => {
    expect(fault(0n, { cached: true })).toMatchObject({ value: { ret: 2 }, trace: [] });
  });

  it('is emulated when the entry says MMIO, and remembered', () => {
    expect(fault(mmioSpte).value).toEqual({ ret: 2, mmioCache: { addr: 0n, gfn: 0xfee00n, access: 6n } });
    expect(fault(mmioSpte).trace.at(-1)).toEqual({
      event: 'handle_mmio_page_fault',
      line: 'addr:0 gfn fee00 access 6',
    });
    expect(fault(mmioSpte, { direct: false }).value.mmioCache?.addr).toBe(0xfee00123n);
  });

  it('is looked up anew when the memslots have changed, or the entry is no longer MMIO', () => {
    expect(fault(mmioSpte, {}, hostOf({ memslotGeneration: () => 1n })).value).toEqual({ ret: 3 });
    expect(fault(0n).value).toEqual({ ret: 1 });
    expect(fault(0x1003eb27e67n).value).toEqual({ ret: 1 });
  });

  it('is looked up anew where there is no walk', () => {
    const walk = { root: 4, leaf: -1, spteAt: () => mmioSpte };
    expect(fault(0n, { walk }).value).toEqual({ ret: 1 });
  });

  it('fails on reserved bits in a present entry, and prints the walk from the root', () => {
    const bad = table | (1n << 50n);
    const spteAt = (level: number): bigint => (level === 1 ? mmioSpte : level === 3 ? bad : table);
    const { value, warnings, dmesg } = fault(0n, { walk: { root: 4, leaf: 1, spteAt } });
    expect(value).toEqual({ ret: -22 });
    expect(warnings).toEqual([{ code: 'mmio-fault.reserved', kind: 'WARN_ON_ONCE' }]);
    expect(dmesg).toEqual([
      'kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0xfee00123, hierarchy:',
      'kvm: ------ spte = 0x1234827 level = 4, rsvd bits = 0xfc00000000180',
      'kvm: ------ spte = 0x4000001234827 level = 3, rsvd bits = 0xfc00000000000',
      'kvm: ------ spte = 0x1234827 level = 2, rsvd bits = 0xfc00000000000',
    ]);
  });
});

describe('syncMmioSpte', () => {
  const spte = makeMmioSpte(mmu, plainHost, 0xfee00n, 7);
  const sync = (before: bigint, gfn: bigint) =>
    observe(mmu, (mmu) =>
      syncMmioSpte(mmu, plainHost, { spte: before, gfn, access: 6, sptep: 0xffff_8881_0000_0ff8n }),
    );

  it('has nothing to do with an entry that is not MMIO', () => {
    expect(sync(0x1003eb27e67n, 1n).value).toEqual({ handled: false, spte: 0x1003eb27e67n });
  });

  it('drops the entry when the guest moved it', () => {
    expect(sync(spte, 0xfee01n).value).toEqual({ handled: true, spte: 0n });
  });

  it('makes it anew for the same gfn, and says where', () => {
    const { value, trace, warnings } = sync(spte, 0xfee00n);
    expect(value).toEqual({ handled: true, spte });
    expect(trace).toEqual([
      { event: 'mark_mmio_spte', line: 'sptep:ffff888100000ff8 gfn fee00 access 7 gen 0' },
    ]);
    expect(warnings).toEqual([]);
  });

  it('warns when the entry was present as well', () => {
    expect(sync(spte | 0x800n, 0xfee00n).warnings.map(({ code }) => code)).toEqual([
      'set.overwrites-present',
    ]);
  });
});

describe('a comparison of machines', () => {
  it('tries an MMIO SPTE of a generation that tells layouts apart', () => {
    const { behaviours } = compareMmus(
      machine('EPT with A/D', { kernel: '6.8' }),
      machine('EPT with A/D', { kernel: '7.3' }),
    );
    expect(behaviours.find(({ name }) => name === 'mmio')).toMatchObject({
      a: 0x123000000010022en,
      b: 0x246000000010022en,
      equal: false,
    });
  });
});
