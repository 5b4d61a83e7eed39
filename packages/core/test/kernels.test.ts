// SPDX-License-Identifier: GPL-2.0-only
import {
  caveatsOf,
  createMmu,
  eferNxOfRole,
  entryRole,
  isExecutablePte,
  isKernelCovered,
  isSupervisorExecutable,
  judgeSpte,
  type MakeSpteRequest,
  type Mmu,
  type MmuConfig,
  makeSpte,
  mmuSpteAge,
  mmuSpteUpdate,
  observe,
  pageRole,
  parseKernelVersion,
  plainHost,
  restoreAccTrackSpte,
  retPf,
  spteHasVolatileBits,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { l1tf, mmio, svm, vmx } from '@spte/testing/shipped';
import { describe, expect, it } from 'vitest';

// What stable releases and old kernels do differently. The numbers are those of each kernel's own compiled C.

const policies = [l1tf, mmio()];

const intel = (kernel: string, change: Partial<MmuConfig> = {}): Mmu =>
  createMmu({ host: { physBits: 46 }, vendor: vmx(), policies, ...change, kernel });

const amd = (kernel: string, change: Partial<MmuConfig> = {}): Mmu =>
  createMmu({ host: { physBits: 48 }, vendor: svm(), policies, ...change, kernel });

const made = (mmu: Mmu, request: Partial<MakeSpteRequest>): bigint =>
  makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0x100n, pfn: 0x200n, ...request }).spte;

const codes = (mmu: Mmu, run: (mmu: Mmu) => unknown): string[] =>
  observe(mmu, run).warnings.map(({ code }) => code);

describe('the zero check', () => {
  const rows = (mmu: Mmu): readonly bigint[] => mmu.zeroCheck.bit7Set;
  const reserves = (mmu: Mmu, level: number, mask: bigint): boolean =>
    ((rows(mmu)[level - 1] as bigint) & mask) !== 0n;

  it.each([
    ['5.16', false],
    ['5.17', true],
  ])('of EPT in %s reserves the size of pages that there are not: %s', (kernel, reserved) => {
    const mmu = intel(kernel, { vendor: vmx({ eptMaxPageLevel: 1 }) });
    expect([2, 3].map((level) => reserves(mmu, level, 1n << 7n))).toEqual([reserved, reserved]);
  });

  it.each([
    ['5.19', true],
    ['6.0', false],
  ])('of NPT in %s reserves NX: %s, though make_spte() sets it', (kernel, reserved) => {
    const mmu = amd(kernel, { params: { nxHugePages: true } });
    expect(reserves(mmu, 2, 1n << 63n)).toBe(reserved);
    const huge = made(mmu, { role: pageRole({ level: 2 }), gfn: 0x200n, pfn: 0x400n, access: 0x6 });
    expect(huge >> 63n).toBe(1n);
    const found = judgeSpte(mmu, huge, 2).map(({ code, bits }) => ({ code, bits }));
    expect(found).toEqual(reserved ? [{ code: 'reserved-bits', bits: [63] }] : []);
  });

  it.each([
    ['5.4.143', false],
    ['5.4.144', true],
    ['5.5', false],
    ['5.10.49', false],
    ['5.10.50', true],
    ['5.13', false],
    ['5.14', true],
    ['5.18', true],
    ['5.19', false],
  ])('of shadow paging in %s allows NX without TDP: %s', (kernel, allowed) => {
    const shadow = (root: MmuConfig['root']) =>
      amd(kernel, { vendor: svm({ npt: false }), ...(root && { root }) });
    expect(reserves(shadow({ eferNx: false }), 1, 1n << 63n)).toBe(!allowed);
    expect(reserves(shadow({ eferNx: true }), 1, 1n << 63n)).toBe(false);
  });

  it.each([
    ['5.18', false],
    ['5.19', true],
    ['7.3', true],
  ])('sets EFER.NX in the role of shadow paging in %s, where there is no TDP: %s', (kernel, sets) => {
    const { kernel: known } = amd(kernel);
    expect(eferNxOfRole(known, false, false)).toBe(sets);
    expect(eferNxOfRole(known, true, false)).toBe(true);
    expect(eferNxOfRole(known, false, true)).toBe(false);
  });

  it.each([
    ['5.13', true],
    ['5.14', false],
  ])('of shadow paging in %s allows NX for SMEP without CR0.WP: %s', (kernel, allowed) => {
    const mmu = amd(kernel, { root: { kind: 'shadow', eferNx: false, smepAndnotWp: true } });
    expect(reserves(mmu, 1, 1n << 63n)).toBe(!allowed);
  });

  it.each([
    ['5.13', true],
    ['5.14', false],
    ['6.5', false],
    ['6.6', true],
  ])('of shadow paging under TDP in %s asks the guest about 1G pages: %s', (kernel, guest) => {
    const mmu = intel(kernel, { root: { kind: 'shadow', guestGbpages: false } });
    expect(reserves(mmu, 3, 1n << 7n)).toBe(guest);
  });

  it.each([
    ['5.4.49', true],
    ['5.4.59', false],
  ])('in %s reserves bit 8 of level 3: %s', (kernel, reserved) => {
    expect(((amd(kernel).zeroCheck.bit7Clear[2] as bigint) & 0x100n) !== 0n).toBe(reserved);
  });
});

describe('memory encryption', () => {
  const mktme = { host: { physBits: 46, cpuid80000008Eax: 52 } };

  it.each(['5.4', '5.10', '5.18'])('has no key mask in %s', (kernel) => {
    expect(intel(kernel, mktme).masks).toMatchObject({ meMask: 0n, meValue: 0n });
    expect(machine('NPT with SME', { kernel }).masks).toMatchObject({
      meMask: 1n << 47n,
      meValue: 1n << 47n,
    });
  });

  it('has one since 5.19', () => {
    expect(intel('5.19', mktme).masks).toMatchObject({ meMask: 0xfc00000000000n, meValue: 0n });
  });

  it('leaves the key bits to the CPU as address bits, whatever the kernel knows', () => {
    const shadow = { ...mktme, vendor: vmx({ ept: false }) };
    const readings = ['5.10', '6.8'].map((kernel) => {
      const mmu = intel(kernel, shadow);
      return mmu.vendor.cpuReads?.(mmu, (1n << 47n) | 0x1067n, 1, entryRole(mmu, 1))[0]?.read.kind;
    });
    expect(readings).toEqual(['translates', 'translates']);
  });
});

describe('make_spte()', () => {
  const over = 0x600000000200b77n;

  it('write-protects over a writable old SPTE up to 5.15', () => {
    const refuse = { ...plainHost, tryToUnsyncPages: () => -1 };
    const build = (kernel: string) =>
      makeSpte(intel(kernel), refuse, { role: pageRole(), gfn: 0x100n, pfn: 0x200n, oldSpte: over });
    expect(build('5.15')).toMatchObject({ spte: 0x200000000200975n, wrprot: true });
    expect(build('5.16')).toMatchObject({ spte: 0x600000000200977n, wrprot: false });
  });

  it('sets MMU-writable and takes it back up to 6.12, with all that a wide pfn put there', () => {
    const refuse = { ...plainHost, tryToUnsyncPages: () => -1 };
    const build = (kernel: string) =>
      makeSpte(intel(kernel), refuse, { role: pageRole(), gfn: 0x100n, pfn: 0x200n | (1n << 46n) });
    expect(build('6.12')).toMatchObject({ spte: 0x8200000000200975n, wrprot: true });
    expect(build('6.13')).toMatchObject({ spte: 0x8600000000200975n, wrprot: true });
  });

  it.each([
    ['6.1.119', 0xea7n],
    ['6.1.120', 0xee7n],
    ['6.1.0-56-amd64', 0xee7n],
    ['6.2', 0xea7n],
    ['6.6.63', 0xea7n],
    ['6.6.64', 0xee7n],
    ['6.7', 0xea7n],
    ['6.11.11', 0xee7n],
    ['6.12.0', 0xea7n],
    ['6.12.10', 0xee7n],
    ['6.13', 0xee7n],
  ])('lets a table spare the dirty bit or not, in %s', (kernel, low) => {
    const [gfn, pfn] = [0x100b4a00n, 0x100b4a00n];
    const spte = made(amd(kernel), { role: pageRole({ level: 2 }), gfn, pfn, oldSpte: 0x100b1b16827n });
    expect(spte & 0xfffn).toBe(low);
  });

  it.each([
    ['5.13', []],
    ['5.14', ['make.rsvd-bits']],
    ['6.0', ['make.rsvd-bits']],
  ])('warns about reserved bits, in %s: %o', (kernel, expected) => {
    expect(codes(intel(kernel), (mmu) => made(mmu, { pfn: 1n << 35n }))).toEqual(expected);
  });

  it.each([
    ['5.19', []],
    ['6.0', ['make.no-access-no-present']],
  ])('warns about no access at all, in %s: %o', (kernel, expected) => {
    const mmu = intel(kernel);
    expect(codes(mmu, (mmu) => made(mmu, { access: 0 }))).toEqual(expected);
  });

  it.each([
    ['5.10', 0x20000000200c67n],
    ['5.12', 0x200c67n],
  ])("gives a nested guest's entries a type on AMD, in %s", (kernel, expected) => {
    const mmu = amd(kernel, { root: { kind: 'shadow' } });
    expect(made(mmu, { role: pageRole({ guestMode: true, direct: false }) }) & ~0x1200n).toBe(
      expected & ~0x1200n,
    );
  });

  it('asks about the pfn as often as the kernel does', () => {
    const asked = (kernel: string): number => {
      let count = 0;
      const pfnValid = () => {
        count++;
        return true;
      };
      const host = { ...plainHost, pfnValid };
      makeSpte(amd(kernel), host, { role: pageRole(), gfn: 0x100n, pfn: 0x200n });
      return count;
    };
    expect(['5.18', '5.19', '6.0'].map(asked)).toEqual([2, 1, 0]);
  });
});

describe('what a fault comes to', () => {
  it('has numbers of its own in old kernels', () => {
    const numbers = (kernel: string): unknown[] => Object.values(retPf(intel(kernel).kernel));
    expect(numbers('5.4')).toEqual([null, 0, 1, 2, null, null]);
    expect(numbers('5.18')).toEqual([null, 0, 1, 2, 3, 4]);
    expect(numbers('5.19')).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('predicates and updates', () => {
  const lockless = (mmu: Mmu): bigint => made(mmu, {});

  it('call a writable SPTE volatile up to 5.17, and nothing that is not present', () => {
    const isVolatile = (kernel: string) => {
      const mmu = intel(kernel);
      return [spteHasVolatileBits(mmu, lockless(mmu) | 0x300n), spteHasVolatileBits(mmu, 0n)];
    };
    expect(isVolatile('5.15')).toEqual([true, false]);
    expect(isVolatile('5.18')).toEqual([false, true]);
  });

  it('look at writable bits that contradict each other since 5.18', () => {
    const updated = (mmu: Mmu, spte: bigint) =>
      codes(mmu, (mmu) => mmuSpteUpdate(mmu, plainHost, spte, spte));
    const contradict = (kernel: string) => {
      const mmu = intel(kernel);
      expect(updated(mmu, lockless(mmu))).toEqual([]);
      return updated(mmu, lockless(mmu) & ~mmu.masks.hostWritable);
    };
    expect(contradict('5.15')).toEqual([]);
    // Before the update is decided, and before its flush.
    expect(contradict('5.17')).toEqual(Array<string>(2).fill('lockless.mmu-without-host-writable'));
    const moved = intel('5.17');
    const odd = lockless(moved) & ~moved.masks.hostWritable;
    expect(codes(moved, (mmu) => mmuSpteUpdate(mmu, plainHost, odd, odd ^ 0x1000n))).toEqual([
      'lockless.mmu-without-host-writable',
      'update.pfn-changed',
      'lockless.mmu-without-host-writable',
    ]);
    expect(contradict('5.18')).toEqual(['invariant.mmu-without-host-writable']);
  });

  it('warn about restoring what is not tracked, up to 5.17', () => {
    const restored = (kernel: string) => {
      const mmu = intel(kernel);
      return codes(mmu, (mmu) => restoreAccTrackSpte(mmu, lockless(mmu)));
    };
    expect(restored('5.15')).toEqual(['restore.ad-enabled', 'restore.not-tracked']);
    expect(restored('5.18')).toEqual([]);
  });

  it('age without an update since 6.16', () => {
    const aged = (kernel: string) => {
      const mmu = machine('EPT without A/D', { kernel });
      const leaf = made(mmu, { role: pageRole({ adDisabled: true }) });
      const odd = leaf & ~mmu.masks.hostWritable;
      return codes(mmu, (mmu) => mmuSpteAge(mmu, plainHost, odd));
    };
    const twice = Array<string>(2).fill('invariant.mmu-without-host-writable');
    expect(aged('6.14')).toEqual(twice);
    expect(aged('6.16')).toEqual(twice.slice(1));
  });

  it('take a user-executable entry for executable in 7.2', () => {
    const mmu = intel('7.2');
    const userOnly = mmu.masks.xu | 1n;
    expect(isExecutablePte(mmu, userOnly)).toBe(true);
    expect(isSupervisorExecutable(mmu, userOnly)).toBe(false);
  });
});

describe('a release that was not read', () => {
  it.each([
    ['6.12.80', 'it lies between 6.12.74 and 6.12.85, which differ in memory type in EPT leaves'],
    ['5.4.50', 'it lies between 5.4.49 and 5.4.59, which differ in bit 8 of an entry at level 3'],
    ['6.15', 'it lies between 6.14 and 6.16, which differ in'],
    ['5.3', 'it is taken for 5.4.0, the oldest that was'],
    ['7.4', 'it is taken for 7.3, the newest that was'],
  ])('is told by what lies around it: %s', (kernel, expected) => {
    expect(caveatsOf(intel(kernel))).toEqual([
      expect.stringContaining(`kernel ${kernel} was not read: ${expected}`),
    ]);
  });

  it.each(['6.9.12', '6.6.200'])('counts as the last that was read of its series: %s', (kernel) => {
    expect(caveatsOf(intel(kernel))).toEqual([]);
  });

  it('may differ for one vendor only', () => {
    expect(caveatsOf(amd('6.12.80'))).toEqual([]);
    expect(isKernelCovered(parseKernelVersion('6.12.80'))).toBe(true);
  });

  it('may hide behind the number of a distribution', () => {
    expect(caveatsOf(intel('6.1.0-56-amd64'))).toEqual([
      'kernel 6.1.0-56-amd64 (number only, source not read): taken as the newest of 6.1.y',
      'kernel 6.1 changed rules in stable releases, which this one may have or lack: 6.1.120',
    ]);
  });
});
