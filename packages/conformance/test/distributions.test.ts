// SPDX-License-Identifier: GPL-2.0-only
import {
  byKernel,
  coreVariants,
  createMmu,
  decodeSpte,
  distributionLayouts,
  type Host,
  hex,
  judgeSpte,
  type Kernel,
  layoutFor,
  layouts,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  namedKernels,
  overlappingFields,
  pageRole,
  parseKernelVersion,
  plainHost,
  readKernelRelease,
  rhelReleases,
  type Variant,
} from '@spte/core';
import { l1tf, l1tfVariants } from '@spte/l1tf';
import { getMmioSpteGeneration, getMmioSpteGfn, makeMmioSpte, mmio, mmioVariants } from '@spte/mmio';
import { MACHINE_NAMES, machines } from '@spte/testing/machines';
import { vmx, vmxVariants } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';

// Kernels of distributions: whether their rules are those of the releases that their rows name.

const variants: readonly Variant<unknown>[] = [
  ...coreVariants,
  ...mmioVariants,
  ...vmxVariants,
  ...l1tfVariants,
];

const rows = [...Object.values(rhelReleases).flat(), ...namedKernels];
const kernels = rows.map(({ example }) => [example, readKernelRelease(example)] as const);

const intel = (kernel: Kernel | string, host = {}): Mmu =>
  createMmu({ kernel, host: { physBits: 46, ...host }, vendor: vmx(), policies: [l1tf, mmio()] });
const named = (name: string, host = {}): Mmu => intel(readKernelRelease(name), host);

/** What a release does at a point, asked of the rows themselves. */
function valueIn({ rows: [oldest, ...newer] }: Variant<unknown>, release: string): unknown {
  return byKernel(oldest, ...newer)(parseKernelVersion(release)).value;
}

describe('the rules of a kernel of a distribution', () => {
  it.each(rows.filter(({ base }) => base !== null).map((row) => [row.example, row] as const))(
    'are those of its base and of what its row names beside it: %s',
    (example, { base, overrides = {}, layout }) => {
      const kernel = readKernelRelease(example);
      for (const variant of variants) {
        const release = overrides[variant.topic] ?? (base as string);
        expect(variant(kernel)).toBe(valueIn(variant, release));
        expect(variant.rowOf(kernel).value).toBe(variant(kernel));
      }
      expect(intel(kernel).layout).toBe(layout ?? layoutFor(parseKernelVersion(base as string)));
    },
  );

  it.each(
    rows
      .filter(({ base, overrides, layout }) => base !== null && !overrides && !layout)
      .map((row) => [row.example, row.base as string] as const),
  )(
    'are, on every machine, those of its base where its row names nothing else: %s as %s',
    (example, base) => {
      for (const name of MACHINE_NAMES) {
        const mmu = createMmu({ ...machines[name], kernel: readKernelRelease(example) });
        const same = createMmu({ ...machines[name], kernel: base });
        expect(mmu.masks).toEqual(same.masks);
        expect(mmu.zeroCheck).toEqual(same.zeroCheck);
        expect(mmu.initWarnings).toEqual(same.initWarnings);
        for (const oldSpte of [same.layout.empty, makeNonleafSpte(same, 0x5000n, false), 0xb77n]) {
          for (const level of [1, 2]) {
            const request = { role: pageRole({ level }), gfn: 0x200n, pfn: 0x400n, oldSpte };
            expect(makeSpte(mmu, plainHost, request)).toEqual(makeSpte(same, plainHost, request));
          }
        }
      }
    },
  );

  it('differ from the base only in points that there are, and that matter', () => {
    const topics = new Map(variants.map((variant) => [variant.topic, variant]));
    for (const { base, overrides = {} } of rows) {
      for (const [topic, release] of Object.entries(overrides)) {
        const variant = topics.get(topic);
        expect(variant, topic).toBeDefined();
        expect(valueIn(variant as Variant<unknown>, release)).not.toBe(
          valueIn(variant as Variant<unknown>, base as string),
        );
      }
    }
  });

  it('may be those of candidates that differ', () => {
    for (const [, kernel] of kernels) {
      for (const candidate of kernel.candidates) {
        const other = parseKernelVersion(candidate);
        const differ = variants.some((variant) => variant(kernel) !== variant(other));
        expect(
          differ || (kernel.layout ?? layoutFor(kernel)) !== layoutFor(other),
          `${kernel.name} ${candidate}`,
        ).toBe(true);
      }
    }
  });

  it('have a source where something was read, and none where nothing was', () => {
    for (const [name, { sure, sources, distribution }] of kernels) {
      const isRead = sure === 'read' || sure === 'read in part' || sure === 'changelog';
      const saysMore = ['RHEL after 9.6', 'RHEL after 10.0', 'SLES 15 SP6'].includes(distribution ?? '');
      expect(sources.length, name).toBe(isRead || saysMore ? 1 : 0);
    }
  });
});

describe('RHEL 9.6', () => {
  const rhel = named('5.14.0-570.12.1.el9_6.x86_64');
  const noncoherent: Host = { ...plainHost, noncoherentDma: () => true, guestMtrr: () => 0 };
  const made = (mmu: Mmu, host: Host, change: object): string =>
    hex(makeSpte(mmu, host, { role: pageRole({ level: 2 }), gfn: 0x200n, pfn: 0x400n, ...change }).spte);

  it('has the entries of 6.11, and neither its memory type nor the fix of 6.11.11', () => {
    expect(rhel.masks).toEqual(intel('6.11.11').masks);
    const plain = [rhel, intel('6.10'), intel('6.11'), intel('6.11.11')];
    expect(new Set(plain.map((mmu) => made(mmu, plainHost, {}))).size).toBe(1);
    // Guest MTRRs say uncached.
    expect(made(rhel, noncoherent, {})).toBe(made(intel('6.10'), noncoherent, {}));
    expect(made(rhel, noncoherent, {})).not.toBe(made(intel('6.11.11'), noncoherent, {}));
    // Over a table the new leaf gets no D.
    const oldSpte = makeNonleafSpte(rhel, 0x5000n, false);
    expect(made(rhel, plainHost, { oldSpte })).toBe(made(intel('6.10'), plainHost, { oldSpte }));
    expect(made(rhel, plainHost, { oldSpte })).not.toBe(made(intel('6.11.11'), plainHost, { oldSpte }));
  });

  it('has bit 63 in present entries, which its number would not say', () => {
    expect(judgeSpte(rhel, 0x86000001848dbb77n, 1)).toEqual([]);
    expect(judgeSpte(named('5.14.0-427.el9'), 0x86000001848dbb77n, 1).length).toBeGreaterThan(0);
  });
});

describe('the layouts that only distributions have', () => {
  it('are not among those of upstream releases', () => {
    for (const layout of distributionLayouts) expect(layouts).not.toContain(layout);
  });

  it('put no two things into one bit, but for the marker', () => {
    for (const {
      hostWritable,
      mmuWritable,
      adType,
      savedBits,
      mmioGeneration,
      mmioMarker,
    } of distributionLayouts) {
      const present = [hostWritable.ept, mmuWritable.ept, adType, ...savedBits.fields];
      expect(overlappingFields(present)).toEqual([]);
      expect(
        overlappingFields([mmioGeneration.low, mmioGeneration.high, ...(mmioMarker ? [mmioMarker] : [])]),
      ).toEqual([]);
    }
  });

  // RHEL 7 counts generations in steps of two: bits 9:1 stand in 11:3, bits 19:10 in 61:52.
  const generation = 0xabcden;
  const gfn = 0xfee00n;
  const mmioHost = { ...plainHost, memslotGeneration: () => generation };
  const entry =
    (1n << 62n) | 6n | (gfn << 12n) | (((generation >> 1n) & 0x1ffn) << 3n) | ((generation >> 10n) << 52n);

  it.each(['3.10.0-1062.el7.x86_64', '4.18.0-80.el8.x86_64'])('decode the MMIO entries of %s', (name) => {
    const mmu = named(name);
    expect(decodeSpte(mmu, entry, 1)).toMatchObject({ kind: 'mmio', mmio: { gfn, generation } });
    expect(judgeSpte(mmu, entry, 1).filter(({ code }) => code !== 'l1tf-guard-missing')).toEqual([]);
    expect(getMmioSpteGeneration(mmu, makeMmioSpte(mmu, mmioHost, gfn, 7))).toBe(generation);
    expect(getMmioSpteGfn(mmu, makeMmioSpte(mmu, mmioHost, gfn, 7))).toBe(gfn);
  });

  it('show no guard against L1TF in RHEL 7, whatever the CPU', () => {
    const mmu = named('3.10.0-1062.el7.x86_64', { physBits: 39, cacheBits: 44, l1tf: true });
    expect(mmu.masks.nonpresentOrRsvd).toBe(0n);
    expect(hex(makeMmioSpte(mmu, mmioHost, gfn, 7))).toBe(hex(entry));
    expect(judgeSpte(mmu, entry, 1)).toEqual([]);
    const uek5 = named('4.14.35-2047.518.4.2.el7uek.x86_64', { physBits: 39, cacheBits: 44 });
    expect(uek5.masks.nonpresentOrRsvd).not.toBe(0n);
  });

  it('keep the generation of 5.4.0 from 4.18.0-97.el8 on, beside the marker', () => {
    const mmu = named('4.18.0-147.el8.x86_64');
    const spte = makeMmioSpte(mmu, { ...plainHost, memslotGeneration: () => 0x1f4n }, gfn, 7);
    expect(spte & (0xfffn << 52n)).toBe((1n << 62n) | (0x1f4n << 52n));
    expect(decodeSpte(mmu, spte, 1)).toMatchObject({ kind: 'mmio', mmio: { gfn, generation: 0x1f4n } });
    expect(named('4.18.0-147.8.1.el8_1.x86_64').layout.since).toBe('5.4.0');
  });

  it('decode access-tracked entries', () => {
    const mmu = createMmu({
      kernel: readKernelRelease('3.10.0-1062.el7.x86_64'),
      host: { physBits: 46 },
      vendor: vmx({ eptAd: false, pml: false }),
      policies: [l1tf, mmio()],
    });
    const tracked = (1n << 62n) | (0x5n << 52n) | 0x200000n | 0xc00n | 0x30n;
    expect(decodeSpte(mmu, tracked, 1)).toMatchObject({
      kind: 'tracked',
      mapping: { adType: 'disabled', hostWritable: true, mmuWritable: true },
    });
    expect(judgeSpte(mmu, (tracked | 7n) & ~(0x5n << 52n), 1)).toEqual([]);
  });

  it('have no type for entries that are logged by write-protection', () => {
    const { spte } = makeSpte(named('3.10.0-1062.el7.x86_64'), plainHost, {
      role: pageRole({ guestMode: true }),
      gfn: 0x100n,
      pfn: 0x200n,
    });
    expect(spte >> 62n).toBe(0n);
  });
});
