// SPDX-License-Identifier: GPL-2.0-only
import {
  bits,
  formatSptePermissions,
  type Host,
  isAccessAllowed,
  kvmMmuMaxGfn,
  type MakeSpteRequest,
  type Mmu,
  makeHugePageSplitSpte,
  makeNonleafSpte,
  makeSpte,
  mmuSpteAge,
  mmuSpteUpdate,
  observe,
  pageAdNeedWriteProtect,
  pageRole,
  plainHost,
  resetAllPteMasks,
  setMeSpteMask,
  spteHasVolatileBits,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { eptVendor, legacyVendor, mmuOf, pkvmVendor } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = mmuOf(eptVendor);
const legacy = mmuOf(legacyVendor);

const W = 0x2n;

const hostOf = (answers: Partial<Host>): Host => ({ ...plainHost, ...answers });

const make = (mmu: Mmu, request: Partial<MakeSpteRequest>, host: Host = plainHost) =>
  observe(mmu, (mmu) => makeSpte(mmu, host, { role: pageRole(), gfn: 0x200n, pfn: 0x200n, ...request }));

const codes = ({ warnings }: { warnings: readonly { code: string }[] }): string[] =>
  warnings.map(({ code }) => code);

describe('makeSpte', () => {
  it('refuses writes to a gfn that must stay write-protected, and says so', () => {
    const { value } = make(legacy, {}, hostOf({ tryToUnsyncPages: () => -1 }));
    expect(value.wrprot).toBe(true);
    expect(value.spte & (W | legacy.masks.mmuWritable | legacy.masks.dirty)).toBe(0n);
    expect(value.spte & legacy.masks.hostWritable).not.toBe(0n);
  });

  it('asks nobody to unsync over an entry that was writable', () => {
    const asked: bigint[] = [];
    const host = hostOf({
      tryToUnsyncPages(gfn) {
        asked.push(gfn);
        return -1;
      },
    });
    expect(make(legacy, { oldSpte: W }, host).value.wrprot).toBe(false);
    expect(asked).toEqual([]);
    expect(make(legacy, { oldSpte: ~W & 0xfffn }, host).value.wrprot).toBe(true);
    expect(asked).toEqual([0x200n]);
  });

  it('passes on whether the page may go out of sync and whether anyone asked for it', () => {
    const calls: [bigint, boolean, boolean][] = [];
    const host = hostOf({
      tryToUnsyncPages(...call) {
        calls.push(call);
        return 0;
      },
    });
    make(legacy, { canUnsync: false, prefetch: true }, host);
    make(legacy, {}, host);
    expect(calls).toEqual([
      [0x200n, false, true],
      [0x200n, true, false],
    ]);
  });

  it('tells the host of a device that a guest maps with stale data in CPU buffers, if it may not use it', () => {
    const told = (clearCpuBufVmMmio: boolean, answers: Partial<Host>): number => {
      let count = 0;
      const host = hostOf({ ...answers, trackHostMmioMapping: () => void count++ });
      const params = { clearCpuBufVmMmio };
      make(machine('EPT with A/D', { kernel: '6.18', params }), {}, host);
      return count;
    };
    const device = { pfnValid: () => false, e820Ram: () => false };
    expect(told(true, device)).toBe(1);
    expect(told(true, { ...device, canAccessHostMmio: () => true })).toBe(0);
    expect(told(true, {})).toBe(0);
    expect(told(false, device)).toBe(0);
  });

  it('does not let the guest write where the host may not', () => {
    const { value } = make(legacy, { hostWritable: false });
    expect(value.spte & (W | legacy.masks.hostWritable | legacy.masks.mmuWritable)).toBe(0n);
    expect(value.wrprot).toBe(false);
  });

  it('marks a writable page dirty in a slot whose writes are logged, and warns if it is huge', () => {
    const dirtied: bigint[] = [];
    const host = hostOf({ dirtyLog: () => true, markPageDirty: (gfn) => dirtied.push(gfn) });
    expect(codes(make(legacy, {}, host))).toEqual([]);
    expect(codes(make(legacy, { role: pageRole({ level: 2 }) }, host))).toEqual(['make.dirty-log-huge']);
    make(legacy, { access: 5 }, host);
    expect(dirtied).toEqual([0x200n, 0x200n]);
  });

  it('warns about an entry that allows nothing where no bit says present', () => {
    expect(codes(make(ept, { access: 0 }))).toContain('make.no-access-no-present');
    expect(codes(make(legacy, { access: 0 }))).toEqual([]);
  });

  it('warns about reserved bits with the text of the kernel, and keeps them', () => {
    const { value, warnings } = make(legacy, { pfn: 1n << 34n });
    expect(warnings).toEqual([
      {
        code: 'make.rsvd-bits',
        kind: 'WARN_ONCE',
        msg: 'spte = 0x400000000e67, level = 1, rsvd bits = 0xfc00000000000',
      },
    ]);
    expect(value.spte).toBe(0x4000_0000_0e67n);
  });

  it('forbids fetches from huge pages under the mitigation, unless the VM opted out', () => {
    const huge = { role: pageRole({ level: 2 }) };
    const off = mmuOf(eptVendor, { params: { nxHugePages: false } });
    const fetches = (mmu: Mmu, host: Host): boolean => (make(mmu, huge, host).value.spte & 4n) !== 0n;
    expect(fetches(ept, plainHost)).toBe(false);
    expect(fetches(ept, hostOf({ nxHugePagesDisabled: () => true }))).toBe(true);
    expect(fetches(off, plainHost)).toBe(true);
  });
});

describe('makeHugePageSplitSpte', () => {
  it.each([
    [0x80n, 'split.not-present'],
    [0x801n, 'split.not-large'],
  ])('gives nothing for %i, and warns %s', (huge, code) => {
    const observed = observe(legacy, (mmu) => makeHugePageSplitSpte(mmu, plainHost, huge, pageRole(), 1));
    expect(observed.value).toBe(0n);
    expect(codes(observed)).toEqual([code]);
  });

  it('counts backwards for a negative index, as in C', () => {
    expect(makeHugePageSplitSpte(legacy, plainHost, 0x880n, pageRole({ level: 2 }), -1)).toBe(
      0xffff_ffff_ffe0_0880n,
    );
  });
});

describe('updating an SPTE', () => {
  const leaf = make(legacy, {}).value.spte;
  const heard = () => {
    const accessed: bigint[] = [];
    const dirty: bigint[] = [];
    const host = hostOf({
      setPfnAccessed: (pfn) => accessed.push(pfn),
      setPfnDirty: (pfn) => dirty.push(pfn),
    });
    return { accessed, dirty, host };
  };

  it('passes lost accessed and dirty bits on, and flushes', () => {
    const { accessed, dirty, host } = heard();
    expect(mmuSpteUpdate(legacy, host, leaf, leaf & ~0x60n)).toEqual({ spte: leaf & ~0x60n, flush: true });
    expect({ accessed, dirty }).toEqual({ accessed: [0x200n], dirty: [0x200n] });
  });

  it('flushes when W is lost that another CPU may have set', () => {
    expect(mmuSpteUpdate(legacy, plainHost, leaf, leaf & ~W).flush).toBe(true);
    expect(mmuSpteUpdate(legacy, plainHost, leaf & ~W, leaf & ~W).flush).toBe(true);
    expect(mmuSpteUpdate(legacy, plainHost, leaf, leaf).flush).toBe(false);
  });

  it('has nothing to flush where nothing was', () => {
    expect(mmuSpteUpdate(legacy, plainHost, 0n, leaf)).toEqual({ spte: leaf, flush: false });
  });

  it('warns about another frame, an entry that is not present, and writable bits that contradict', () => {
    const update = (newSpte: bigint) =>
      codes(observe(legacy, (mmu) => mmuSpteUpdate(mmu, plainHost, leaf, newSpte)));
    expect(update(leaf ^ 0x1000n)).toEqual(['update.pfn-changed']);
    expect(update(leaf & ~0x800n)).toEqual(['update.new-not-present']);
    expect(update(leaf & ~0x400n)).toEqual(['invariant.hw-writable-without-mmu-writable']);
    expect(update(leaf & ~0x200n)).toEqual(['invariant.mmu-without-host-writable']);
  });

  it('ages by the accessed bit where there is one', () => {
    expect(mmuSpteAge(legacy, plainHost, leaf)).toEqual({ young: true, spte: leaf & ~0x20n });
    expect(mmuSpteAge(legacy, plainHost, leaf & ~0x20n)).toEqual({ young: false, spte: leaf & ~0x20n });
  });

  it('ages by tracking where there is none, and remembers that the page may be dirty', () => {
    const { dirty, host } = heard();
    const untracked = make(ept, { role: pageRole({ adDisabled: true }) }).value.spte;
    const { young, spte } = mmuSpteAge(ept, host, untracked);
    expect(young).toBe(true);
    expect(spte & 7n).toBe(0n);
    expect(dirty).toEqual([0x200n]);
    expect(mmuSpteAge(ept, host, spte)).toEqual({ young: false, spte });
    mmuSpteAge(ept, host, untracked & ~W);
    expect(dirty).toEqual([0x200n]);
  });
});

describe('predicates', () => {
  it('allow the access that a bit of the entry grants', () => {
    const all = { exec: false, write: false };
    expect(isAccessAllowed(ept, all, 1n)).toBe(true);
    expect(isAccessAllowed(ept, all, 6n)).toBe(false);
    expect(isAccessAllowed(ept, { exec: true, write: false }, 4n)).toBe(true);
    expect(isAccessAllowed(ept, { exec: false, write: true }, 5n)).toBe(false);
  });

  it('find bits that another CPU may change', () => {
    const leaf = make(legacy, {}).value.spte;
    const volatile = (spte: bigint): boolean => spteHasVolatileBits(legacy, spte);
    expect([leaf, leaf & ~W, leaf & ~0x20n, leaf & ~0x40n].map(volatile)).toEqual([false, true, true, true]);
    // Nobody sets D of an entry that is not writable, nor W of one that is not MMU-writable.
    expect(volatile(leaf & ~(W | 0x400n | 0x40n))).toBe(false);
    // Without A/D bits, only W comes and goes.
    const noAd = make(ept, { role: pageRole({ adDisabled: true }) }).value.spte;
    expect([noAd, noAd & ~W, noAd & ~7n].map((spte) => spteHasVolatileBits(ept, spte))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('write-protect for a nested guest only while the CPU logs writes', () => {
    const nested = pageRole({ guestMode: true });
    const logging = mmuOf(pkvmVendor);
    expect([pageAdNeedWriteProtect(logging, nested), pageAdNeedWriteProtect(logging, pageRole())]).toEqual([
      true,
      false,
    ]);
    expect(pageAdNeedWriteProtect(legacy, nested)).toBe(false);
  });

  it('know the largest gfn', () => {
    expect(kvmMmuMaxGfn(legacy)).toBe((1n << 34n) - 1n);
    const shadow = { ...legacy, masks: { ...legacy.masks, tdpEnabled: false } };
    expect(kvmMmuMaxGfn(shadow)).toBe((1n << 40n) - 1n);
  });
});

describe('setMeSpteMask', () => {
  const registry = resetAllPteMasks(legacy, legacy);

  it('takes a value within its mask', () => {
    expect(setMeSpteMask(legacy, registry, 1n << 47n, 3n << 47n).masks).toMatchObject({
      meValue: 1n << 47n,
      meMask: 3n << 47n,
    });
  });

  it('warns about a value outside, and takes neither', () => {
    const observed = observe(legacy, (mmu) => setMeSpteMask(mmu, registry, 3n, 1n));
    expect(observed.value.masks).toMatchObject({ meValue: 0n, meMask: 0n });
    expect(codes(observed)).toEqual(['me-mask.value-outside-mask']);
  });
});

describe('kernels before 5.13', () => {
  const old = mmuOf(legacyVendor, { kernel: '5.10' });

  it('set no bit for "present" that the CPU does not know', () => {
    expect(make(old, {}).value.spte & bits(11, 11)).toBe(old.masks.mmuWritable);
    expect(makeNonleafSpte(old, 0x1234000n, false)).toBe(0x1234027n);
  });
});

describe('the permissions in a trace', () => {
  it('are four letters, and three where no bit tells users', () => {
    const withoutUser = { ...legacy, masks: { ...legacy.masks, user: 0n } };
    expect([0x7n, 0x3n, 0x1n | (1n << 63n)].map((spte) => formatSptePermissions(legacy, spte))).toEqual([
      'rwxu',
      'rwx-',
      'r---',
    ]);
    expect(formatSptePermissions(withoutUser, 0x7n)).toBe('rwx');
    expect([0x1n, 0x6n].map((spte) => formatSptePermissions(ept, spte))).toEqual(['r--u', '-wx-']);
  });
});

describe('a plain host', () => {
  it('is all RAM that nobody tracks, logs or accesses by DMA', () => {
    const pfn = 0x1234n;
    plainHost.markPageDirty(pfn);
    plainHost.setPfnAccessed(pfn);
    plainHost.setPfnDirty(pfn);
    plainHost.trackHostMmioMapping();
    expect({
      pfnValid: plainHost.pfnValid(pfn),
      isZeroPfn: plainHost.isZeroPfn(pfn),
      isReservedPfn: plainHost.isReservedPfn(pfn),
      patEnabled: plainHost.patEnabled(),
      patImmuneUc: plainHost.patImmuneUc(pfn),
      e820Ram: plainHost.e820Ram(0n, 0xfffn),
      noncoherentDma: plainHost.noncoherentDma(),
      cr0Cd: plainHost.cr0Cd(),
      quirkCdNw: plainHost.quirkCdNw(),
      guestMtrr: plainHost.guestMtrr(pfn),
      unsync: plainHost.tryToUnsyncPages(pfn, true, false),
      dirtyLog: plainHost.dirtyLog(pfn),
      nxHugePagesDisabled: plainHost.nxHugePagesDisabled(),
      canAccessHostMmio: plainHost.canAccessHostMmio(),
      quirkIgnoreGuestPat: plainHost.quirkIgnoreGuestPat(),
      generation: plainHost.memslotGeneration(),
    }).toEqual({
      pfnValid: true,
      isZeroPfn: false,
      isReservedPfn: false,
      patEnabled: true,
      patImmuneUc: false,
      e820Ram: true,
      noncoherentDma: false,
      cr0Cd: false,
      quirkCdNw: true,
      guestMtrr: 6,
      unsync: 0,
      dirtyLog: false,
      nxHugePagesDisabled: false,
      canAccessHostMmio: false,
      quirkIgnoreGuestPat: true,
      generation: 0n,
    });
  });
});
