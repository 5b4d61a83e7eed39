// SPDX-License-Identifier: GPL-2.0-only
import {
  ACC_USER,
  bits,
  createMmu,
  type DecodedField,
  decodeSpte,
  type Host,
  isAccessTrackSpte,
  isExecutablePte,
  isLargePte,
  isLastSpte,
  isMmioSpte,
  isShadowPresentPte,
  judgeSpte,
  type Mmu,
  makeHugePageSplitSpte,
  makeNonleafSpte,
  makeSpte,
  makeSpteExecutable,
  markSpteForAccessTrack,
  observe,
  PAGE_SHIFT,
  PT,
  pageRole,
  pagesPerHpage,
  plainHost,
  restoreAccTrackSpte,
  spteHasVolatileBits,
  spteKind,
  spteToPfn,
} from '@spte/core';
import { anyAccess, anyEra, anyGfnBelow, anyLevel, anyMachine, anyU64 } from '@spte/testing/arbitraries';
import { KERNELS, machine, machines } from '@spte/testing/machines';
import { sampled } from '@spte/testing/sampled';
import { l1tf, mmio, svm, vmx } from '@spte/testing/shipped';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const ALL = bits(63, 0);

const hostOf = (answers: Partial<Host>): Host => ({ ...plainHost, ...answers });

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** A request for a leaf as a fault makes it. */
const anyRequest = fc.record({
  level: fc.integer({ min: 1, max: 3 }),
  adDisabled: fc.boolean(),
  guestMode: fc.boolean(),
  access: anyAccess,
  gfn: anyGfnBelow(36),
  pfn: anyGfnBelow(32),
  oldSpte: anyU64,
  prefetch: fc.boolean(),
  canUnsync: fc.boolean(),
  hostWritable: fc.boolean(),
  unsync: fc.constantFrom(0, 0, -1, -17),
  device: fc.boolean(),
});

type Request = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never;

const make = (mmu: Mmu, { level, adDisabled, guestMode, unsync, device, ...request }: Request): bigint =>
  makeSpte(mmu, hostOf({ tryToUnsyncPages: () => unsync, pfnValid: () => !device, e820Ram: () => !device }), {
    ...request,
    pfn: request.pfn & -pagesPerHpage(level),
    role: pageRole({ level, adDisabled, guestMode }),
  }).spte;

describe('building an SPTE', () => {
  it('states a reason for every bit, and for no other', () => {
    fc.assert(
      fc.property(anyMachine, anyRequest, (mmu, request) => {
        const { value, reasons } = observe(mmu, (mmu) => make(mmu, request));
        expect(reasons.reduce((sum, { bits }) => sum | bits, 0n)).toBe(value);
        expect(make(mmu, request)).toBe(value);
      }),
      { numRuns: sampled(150, 1000) },
    );
  });

  it('states a reason for every bit of a table', () => {
    fc.assert(
      fc.property(anyMachine, anyU64, fc.boolean(), (mmu, childPa, adDisabled) => {
        const { value, reasons } = observe(mmu, (mmu) => makeNonleafSpte(mmu, childPa, adDisabled));
        expect(reasons.reduce((sum, { bits }) => sum | bits, 0n)).toBe(value);
        expect(makeNonleafSpte(mmu, childPa, adDisabled)).toBe(value);
      }),
    );
  });

  it('makes it present, and makes it map the frame that was asked for', () => {
    fc.assert(
      fc.property(anyMachine, anyRequest, (mmu, request) => {
        // KVM never asks for writes without reads: in EPT such an SPTE would look like MMIO, and the kernel's would too.
        const spte = make(mmu, { ...request, access: request.access | ACC_USER });
        expect(isShadowPresentPte(mmu, spte)).toBe(true);
        expect(isMmioSpte(mmu, spte)).toBe(false);
        expect(isLargePte(spte)).toBe(request.level > 1);
        expect(spteToPfn(mmu, spte)).toBe(request.pfn & -pagesPerHpage(request.level));
      }),
    );
  });
});

describe('access tracking', () => {
  const tracking = ['EPT without A/D', 'EPT without A/D and without execute-only'].map((name) =>
    machine(name),
  );

  it('gives every permission back but W, and every other bit', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tracking), anyRequest, (mmu, request) => {
        const spte = make(mmu, { ...request, adDisabled: true, prefetch: false });
        const tracked = markSpteForAccessTrack(mmu, spte);
        expect(isAccessTrackSpte(mmu, tracked)).toBe(true);
        expect(tracked & mmu.masks.accTrack).toBe(0n);
        expect(isShadowPresentPte(mmu, tracked)).toBe(true);
        const restored = restoreAccTrackSpte(mmu, tracked);
        expect(restored).toBe(spte & ~PT.writable.mask);
        expect(isExecutablePte(mmu, restored)).toBe(isExecutablePte(mmu, spte));
      }),
    );
  });

  it('leaves a tracked SPTE as it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tracking), anyRequest, (mmu, request) => {
        const tracked = make(mmu, { ...request, adDisabled: true, prefetch: true });
        expect(markSpteForAccessTrack(mmu, tracked)).toBe(tracked);
        expect(spteHasVolatileBits(mmu, tracked)).toBe(true);
      }),
    );
  });

  it('only clears the accessed bit where the CPU keeps one', () => {
    fc.assert(
      fc.property(anyMachine, anyRequest, (mmu, request) => {
        const spte = make(mmu, { ...request, adDisabled: false, prefetch: false });
        expect(markSpteForAccessTrack(mmu, spte)).toBe(spte & ~mmu.masks.accessed);
      }),
    );
  });

  it('keeps fetches that were allowed meanwhile', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tracking), anyRequest, (mmu, request) => {
        const tracked = make(mmu, {
          ...request,
          adDisabled: true,
          access: request.access & ~1,
          prefetch: true,
        });
        fc.pre(isAccessTrackSpte(mmu, tracked));
        const executable = makeSpteExecutable(mmu, tracked);
        expect(isAccessTrackSpte(mmu, executable)).toBe(true);
        expect(isExecutablePte(mmu, restoreAccTrackSpte(mmu, executable))).toBe(true);
      }),
    );
  });
});

describe('splitting a huge page', () => {
  it('makes 512 entries that map exactly what it mapped', () => {
    fc.assert(
      fc.property(anyMachine, anyRequest, fc.constantFrom(2, 3), (mmu, request, level) => {
        const huge = make(mmu, { ...request, level });
        const role = pageRole({ level: level - 1 });
        const first = spteToPfn(mmu, huge);
        const size = pagesPerHpage(level - 1);
        const attributes = huge & ~mmu.masks.baseAddr & ~(level === 2 ? PT.pageSize.mask : 0n);
        const permissions = mmu.masks.x | mmu.masks.nx | (0x5n << 54n);
        for (let index = 0; index < 512; index++) {
          const small = makeHugePageSplitSpte(mmu, plainHost, huge, role, index);
          expect(spteToPfn(mmu, small)).toBe(first + BigInt(index) * size);
          expect(isLargePte(small)).toBe(level > 2);
          expect((small ^ attributes) & ~mmu.masks.baseAddr & ~permissions).toBe(0n);
          expect(isLastSpte(small, level - 1)).toBe(true);
        }
        expect(512n * size).toBe(pagesPerHpage(level));
      }),
      { numRuns: sampled(10, 40) },
    );
  });

  it('makes 4K entries executable where the huge page only was not because of the mitigation', () => {
    const mmu = machine('EPT with A/D');
    const huge = makeSpte(mmu, plainHost, { role: pageRole({ level: 2 }), gfn: 0n, pfn: 0x200n }).spte;
    const split = (access: number, level: number, host: Host): boolean =>
      isExecutablePte(mmu, makeHugePageSplitSpte(mmu, host, huge, pageRole({ level, access }), 3));
    expect(isExecutablePte(mmu, huge)).toBe(false);
    expect(split(7, 1, plainHost)).toBe(true);
    expect(split(6, 1, plainHost)).toBe(false);
    expect(split(7, 2, plainHost)).toBe(false);
    expect(split(7, 1, hostOf({ nxHugePagesDisabled: () => true }))).toBe(false);
  });
});

const anyContext = fc.oneof(
  anyEra,
  // What no preset has: every width, with and without encryption, with no policy at all.
  fc
    .record({
      physBits: fc.integer({ min: 32, max: 52 }),
      cacheBits: fc.integer({ min: 32, max: 63 }),
      l1tf: fc.boolean(),
      rawBits: fc.integer({ min: 32, max: 52 }),
      kernel: fc.constantFrom(...KERNELS),
      vendor: fc.constantFrom(
        vmx(),
        vmx({ eptAd: false, eptMaxPageLevel: 1 }),
        vmx({ ept: false }),
        svm(),
        svm({ smeMeMask: 1n << 51n }),
        svm({ npt: false, smeMeMask: 1n << 47n }),
      ),
      policies: fc.constantFrom([], [l1tf], [mmio()], [l1tf, mmio()], [l1tf, mmio({ mmioCaching: false })]),
      root: fc.record({
        kind: fc.constantFrom('tdp', 'shadow', 'ept12', 'none'),
        level: fc.integer({ min: 2, max: 5 }),
      }),
    })
    .map(({ physBits, cacheBits, l1tf, rawBits, ...config }) =>
      createMmu({ ...config, host: { physBits, cacheBits, l1tf, cpuid80000008Eax: rawBits } }),
    ),
);

const lowest = (mask: bigint): bigint => mask & -mask;

const isContiguous = (mask: bigint): boolean => {
  const run = mask / lowest(mask);
  return (run & (run + 1n)) === 0n;
};

/** What the value of a field must be: shifted down, or in place for an address. */
const valueIn = (spte: bigint, { name, mask }: DecodedField): bigint =>
  ['address', 'encryption', 'frozen', 'empty'].includes(name) ? spte & mask : (spte & mask) / lowest(mask);

describe('decoding', () => {
  const anyEntry = fc.tuple(anyContext, anyU64, fc.option(anyLevel));

  it('never throws, and its fields cover the 64 bits exactly once', () => {
    fc.assert(
      fc.property(anyEntry, ([mmu, spte, level]) => {
        const { fields, value, level: told } = decodeSpte(mmu, spte, level);
        expect({ value, told }).toEqual({ value: spte, told: level });
        let covered = 0n;
        for (const { mask } of fields) {
          expect(mask).not.toBe(0n);
          expect(covered & mask).toBe(0n);
          covered |= mask;
        }
        expect(covered).toBe(ALL);
        expect(fields.map(({ mask }) => mask)).toEqual(
          fields.map(({ mask }) => mask).toSorted((a, b) => (a < b ? 1 : -1)),
        );
      }),
      { numRuns: sampled(500, 3000) },
    );
  });

  it('gives each field of a mapping, a table or an unknown entry the value that stands in its bits', () => {
    fc.assert(
      fc.property(anyEntry, ([mmu, spte, level]) => {
        const { fields, kind } = decodeSpte(mmu, spte, level);
        fc.pre(kind !== 'mmio');
        let rebuilt = 0n;
        for (const field of fields) {
          expect({ name: field.name, value: field.value }).toEqual({
            name: field.name,
            value: valueIn(spte, field),
          });
          expect(field.text).not.toBe('');
          expect(field.meaning).not.toBe('');
          rebuilt |= valueIn(spte, field) === field.value ? spte & field.mask : 0n;
          expect(isContiguous(field.mask) || ['address', 'encryption'].includes(field.name)).toBe(true);
        }
        expect(rebuilt).toBe(spte);
      }),
      { numRuns: sampled(500, 3000) },
    );
  });

  it('calls an entry what the predicates of the kernel say it is', () => {
    fc.assert(
      fc.property(anyContext, anyU64, anyLevel, (mmu, spte, level) => {
        const kind = spteKind(mmu, spte, level);
        const removed = spte === mmu.layout.frozen;
        const present = isShadowPresentPte(mmu, spte) && !removed;
        const reads = mmu.policies.some(({ read }) => read !== undefined);
        expect(kind === 'frozen').toBe(removed);
        expect(kind !== 'table' || (present && !isLastSpte(spte, level))).toBe(true);
        expect(kind !== 'leaf' || (present && isLastSpte(spte, level))).toBe(true);
        // Before 5.13 no bit said "present": what no CPU walks is then called unknown.
        const kinds = ['leaf', 'tracked', 'table', ...(mmu.layout.mmuPresent === null ? ['unknown'] : [])];
        expect(!present || kinds.includes(kind)).toBe(true);
        const mapped = ['leaf', 'tracked', 'table'].includes(kind);
        expect(!mapped || present).toBe(true);
        expect(kind === 'mmio').toBe(reads && !present && !removed && isMmioSpte(mmu, spte));
        expect(kind !== 'empty' || [0n, mmu.layout.empty].includes(spte)).toBe(true);
        expect(decodeSpte(mmu, spte, level).kind).toBe(kind);
        expect(decodeSpte(mmu, spte, level).mapping !== null).toBe(mapped);
        expect(decodeSpte(mmu, spte, level).mmio !== null).toBe(kind === 'mmio');
      }),
      { numRuns: sampled(500, 3000) },
    );
  });

  it('covers them once also where the key id or the C-bit takes part of a field', () => {
    const host = { physBits: 46 };
    const policies = [l1tf, mmio()];
    const odd = [
      ...range(53, 60).map((rawBits) => ({ host: { ...host, cpuid80000008Eax: rawBits }, vendor: vmx() })),
      ...[1n << 4n, 1n << 52n].map((smeMeMask) => ({ host, vendor: svm({ smeMeMask }) })),
    ].map((config) => createMmu({ ...config, policies }));
    fc.assert(
      fc.property(fc.constantFrom(...odd), anyU64, anyLevel, (mmu, spte, level) => {
        const { fields } = decodeSpte(mmu, spte, level);
        expect(fields.reduce((sum, { mask }) => sum + mask, 0n)).toBe(ALL);
      }),
      { numRuns: sampled(150, 1000) },
    );
  });

  it('reads the pfn that was put in, wherever the C-bit of SME is', () => {
    const anySme = fc.record({
      kernel: fc.constantFrom(...KERNELS),
      cBit: fc.integer({ min: 32, max: 51 }),
      physBits: fc.integer({ min: 32, max: 52 }),
      npt: fc.boolean(),
      pfn: fc.bigInt({ min: 0n, max: bits(39, 0) }),
    });
    fc.assert(
      fc.property(anySme, ({ kernel, cBit, physBits, npt, pfn: any }) => {
        const smeMeMask = 1n << BigInt(cBit);
        const vendor = svm({ npt, smeMeMask });
        const mmu = createMmu({ kernel, host: { physBits }, vendor, policies: [mmio()] });
        const pfn = any & bits(physBits - 13, 0) & ~(smeMeMask >> PAGE_SHIFT);
        const { spte } = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 1n, pfn });
        expect(spte & smeMeMask).toBe(smeMeMask);
        expect(decodeSpte(mmu, spte, 1).mapping).toMatchObject({ pfn, encrypted: true });
        const table = decodeSpte(mmu, makeNonleafSpte(mmu, pfn << PAGE_SHIFT, false), 2);
        expect(table.mapping).toMatchObject({ pfn, encrypted: true });
      }),
      { numRuns: sampled(150, 1000) },
    );
  });

  it('finds what was built', () => {
    fc.assert(
      fc.property(anyMachine, anyRequest, (mmu, request) => {
        const spte = make(mmu, request);
        const { kind, mapping } = decodeSpte(mmu, spte, request.level);
        expect(kind).toBe(mmu.masks.accTrack !== 0n && isAccessTrackSpte(mmu, spte) ? 'tracked' : 'leaf');
        expect(mapping?.pfn).toBe(request.pfn & -pagesPerHpage(request.level));
        expect(mapping?.hostWritable).toBe(request.hostWritable);
        const table = decodeSpte(mmu, makeNonleafSpte(mmu, request.pfn << PAGE_SHIFT, request.adDisabled), 2);
        expect(table.kind).toBe('table');
        expect(table.mapping?.pfn).toBe(request.pfn);
        expect(table.mapping?.access).toMatchObject({ read: true, write: true, execute: true });
      }),
    );
  });

  it('finds a leaf that allows nothing, also before there was an MMU-present bit', () => {
    const executeOnly = ['EPT with A/D', 'EPT without A/D'].flatMap((name) =>
      KERNELS.map((kernel) => machine(name, { kernel })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...executeOnly), anyRequest, (mmu, request) => {
        const spte = make(mmu, { ...request, access: 0, hostWritable: true, device: false });
        const { kind, mapping } = decodeSpte(mmu, spte, request.level);
        expect(kind).toBe(isAccessTrackSpte(mmu, spte) ? 'tracked' : 'leaf');
        expect(mapping?.pfn).toBe(request.pfn & -pagesPerHpage(request.level));
        expect(judgeSpte(mmu, spte, request.level)).toEqual([]);
      }),
    );
  });

  it('tells a leaf from a table without knowing the level, if KVM built it', () => {
    fc.assert(
      fc.property(anyMachine, anyRequest, (mmu, request) => {
        fc.pre(request.hostWritable);
        const leaf = make(mmu, request);
        expect(spteKind(mmu, leaf, null)).toBe(spteKind(mmu, leaf, request.level));
        const table = makeNonleafSpte(mmu, request.pfn << PAGE_SHIFT, request.adDisabled);
        expect(spteKind(mmu, table, null)).toBe('table');
      }),
    );
  });

  it.each(Object.keys(machines))('says which bits are reserved on this machine: %s', (name) => {
    const mmu = machine(name);
    fc.assert(
      fc.property(anyU64, anyLevel, (spte, level) => {
        const { kind, fields } = decodeSpte(mmu, spte | 0x800n, level);
        fc.pre(kind !== 'frozen' && kind !== 'mmio');
        const row = isLargePte(spte) ? mmu.zeroCheck.bit7Set : mmu.zeroCheck.bit7Clear;
        for (const field of fields.filter(({ name }) => name === 'reserved')) {
          expect(field.mask & ~(row[level - 1] ?? 0n)).toBe(0n);
        }
        expect(fields.filter(({ owner }) => owner === 'none').every(({ name }) => name === 'ignored')).toBe(
          true,
        );
      }),
    );
  });
});
