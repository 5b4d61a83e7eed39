// SPDX-License-Identifier: GPL-2.0-only
import {
  decodeSpte,
  explainChange,
  hex,
  judgeSpte,
  kernelHas,
  layouts,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  markSpteForAccessTrack,
  mmuSpteAge,
  objectionText,
  PT,
  pageRole,
  plainHost,
  restoreAccTrackSpte,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { oneIn } from '@spte/testing/sampled';
import { describe, expect, it } from 'vitest';

// What was not there before is made by the kernel's own functions, and changed by them: each bit that no way of asking
// them gives is objected to.

const MACHINES = ['EPT with A/D', 'EPT without A/D', 'NPT', 'NPT with SME', 'shadow paging'];
const GFN = 0x10_0200n;
const PFN = 0x23_4600n;
const SWITCH = [false, true];

/** How a host and its guest may have memory cached. */
const cachings = [
  { cd: false, quirk: true, noncoherent: false, type: 6 },
  { cd: true, quirk: true, noncoherent: true, type: 6 },
  { cd: true, quirk: false, noncoherent: true, type: 6 },
  { cd: false, quirk: false, noncoherent: false, type: 6 },
  ...[0, 1, 4, 5, 6].map((type) => ({ cd: false, quirk: true, noncoherent: true, type })),
];

/** Every leaf that is made of an entry, but for those that KVM WARNs about. */
function made(mmu: Mmu, level: number, oldSpte: bigint): bigint[] {
  const isEpt = mmu.vendor.format.name === 'ept';
  const width = mmu.layout.since === '7.2' ? 16 : 8;
  const all = new Set<bigint>();
  for (let access = isEpt ? 1 : 0; access < width; access++) {
    for (const { cd, quirk, noncoherent, type } of isEpt ? cachings : cachings.slice(0, 1)) {
      for (const [
        isDevice,
        refuses,
        guestMode,
        adDisabled,
        nxHugePages,
        hostWritable,
        prefetch,
      ] of SETTINGS) {
        if (isEpt ? !mmu.masks.kvmAdEnabled && !adDisabled : adDisabled) continue;
        const host = {
          ...plainHost,
          tryToUnsyncPages: () => Number(refuses),
          pfnValid: () => !isDevice,
          e820Ram: () => !isDevice,
          noncoherentDma: () => noncoherent,
          cr0Cd: () => cd,
          quirkCdNw: () => quirk,
          quirkIgnoreGuestPat: () => quirk,
          guestMtrr: () => type,
        };
        const asked = { gfn: GFN, pfn: PFN, access, hostWritable, prefetch, oldSpte };
        const role = pageRole({ level, adDisabled, guestMode });
        const on = { ...mmu, params: { ...mmu.params, nxHugePages } };
        all.add(makeSpte(on, host, { ...asked, role }).spte);
      }
    }
  }
  return [...all].filter((spte) => isSound(mmu, spte, level));
}

/** All that may be asked of a page beside its access. */
const SETTINGS = Array.from({ length: 1 << 7 }, (_, at) =>
  Array.from({ length: 7 }, (_, place) => SWITCH[(at >> place) & 1] as boolean),
) as [boolean, boolean, boolean, boolean, boolean, boolean, boolean][];

function isSound(mmu: Mmu, spte: bigint, level: number): boolean {
  const { kind, mapping } = decodeSpte(mmu, spte, level);
  const whole = mapping?.restored ?? spte;
  const { read, write, execute } = decodeSpte(mmu, whole, level).mapping?.access ?? {};
  if (kind === 'unknown' || !(read === true || write === true || execute === true)) return false;
  return judgeSpte(mmu, spte, level).length === 0 && judgeSpte(mmu, whole, level).length === 0;
}

/** What becomes of leaves of one page in any number of steps, whichever page it is. */
function become(mmu: Mmu, level: number, leaves: readonly bigint[]): ReadonlySet<bigint> {
  const { masks, layout } = mmu;
  const W = PT.writable.mask;
  const notifier =
    kernelHas(mmu.kernel, 'kvm_mmu_changed_pte_notifier_make_spte') || layout.since.startsWith('5.4');
  const found = new Set(leaves);
  for (const spte of found) {
    const isTracked = decodeSpte(mmu, spte, level).kind === 'tracked';
    const isDisabled = masks.accTrack !== 0n && (spte & layout.adType.mask) === 1n << layout.adType.shift;
    found.add(spte & ~(W | masks.mmuWritable));
    found.add(spte & ~masks.dirty);
    if (isTracked) found.add(restoreAccTrackSpte(mmu, spte) | masks.accessed);
    if (isTracked) found.add(restoreAccTrackSpte(mmu, spte));
    else found.add(spte & ~W);
    if (!isTracked && (spte & masks.mmuWritable) !== 0n) found.add(spte | W);
    if (isDisabled && !isTracked) found.add(markSpteForAccessTrack(mmu, spte));
    if (notifier) {
      const moved = spte & ~(W | masks.hostWritable | masks.mmuWritable);
      if (!isTracked) found.add(markSpteForAccessTrack(mmu, moved));
    }
    if (isDisabled) continue;
    found.add(mmuSpteAge(mmu, plainHost, spte).spte);
    found.add(spte | masks.accessed);
    if ((spte & W) !== 0n) found.add(spte | masks.dirty);
  }
  return found;
}

const eras = oneIn(
  4,
  layouts.flatMap(({ since }) => MACHINES.map((name) => ({ name, kernel: since }))),
);

describe.each(eras)('a new entry under $kernel, $name', ({ name, kernel }) => {
  const mmu = machine(name, { kernel });
  const { empty, frozen } = mmu.layout;
  const isEpt = mmu.vendor.format.name === 'ept';
  const adTypes = isEpt ? (mmu.masks.kvmAdEnabled ? SWITCH : [true]) : [false];
  const tables = adTypes.map((adDisabled) => makeNonleafSpte(mmu, 0x55_5000n, adDisabled));
  const olds = frozen === null ? [empty] : [empty, frozen];
  /** Bits that may be anything: another page, or another table. */
  const anywhere = BigInt.asUintN(mmu.masks.shadowPhysBits, mmu.masks.baseAddr) & ~mmu.masks.meMask;
  const flips = Array.from({ length: 64 }, (_, at) => 1n << BigInt(at)).filter(
    (at) => (at & anywhere) === 0n,
  );
  const refusals = (from: bigint, to: bigint, level: number): string[] =>
    explainChange(mmu, from, to, level).objections.map(
      (objection) => `${hex(from)} -> ${hex(to)}@${level}: ${objectionText(objection)}`,
    );

  it.each([1, 2])('maps a page at level %i as make_spte() does, and not otherwise in any bit', (level) => {
    const before = level === 1 ? olds : [...olds, tables[0] as bigint];
    const all = become(
      mmu,
      level,
      before.flatMap((from) => made(mmu, level, from)),
    );
    for (const from of before) {
      const leaves = made(mmu, level, from);
      for (const to of leaves) expect(refusals(from, to, level)).toEqual([]);
      for (const to of oneIn(4, leaves)) {
        const others = flips.map((flip) => to ^ flip).filter((other) => !all.has(other));
        const allowed = others.filter((other) => {
          const change = explainChange(mmu, from, other, level);
          return change.allowed && change.to.mapping !== null && change.to.kind !== 'table';
        });
        expect(allowed.map((other) => `${hex(from)} -> ${hex(other)}@${level}`)).toEqual([]);
      }
    }
  });

  it('links a table as make_nonleaf_spte() does, and not otherwise in any bit', () => {
    for (const from of olds) {
      for (const to of tables) {
        expect(refusals(from, to, 2)).toEqual([]);
        const allowed = flips
          .map((flip) => to ^ flip)
          .filter((other) => {
            const change = explainChange(mmu, from, other, 2);
            return change.allowed && change.to.kind === 'table' && !tables.includes(other);
          });
        expect(allowed.map((other) => `${hex(from)} -> ${hex(other)}@2`)).toEqual([]);
      }
    }
  });
});

describe('a leaf of nested EPT', () => {
  it('may allow nothing up to 5.19, where synchronizing keeps it', () => {
    const nested = (kernel: string): string[] => {
      const mmu = machine('EPT with A/D', { kernel, root: { kind: 'ept12' } });
      const role = pageRole({ level: 1 });
      const { spte } = makeSpte(mmu, plainHost, { role, gfn: GFN, pfn: PFN, access: 0 });
      return explainChange(mmu, mmu.layout.empty, spte, 1).objections.map(({ code }) => code);
    };
    expect(nested('5.10')).toEqual([]);
    expect(nested('6.0')).toEqual(['grants-nothing']);
  });
});

describe('where hardware keeps no A/D bits and no permissions can be saved, as in the mirror of a TDX module', () => {
  const of = (kernel: string): Mmu => {
    const mmu = machine('EPT without A/D', { kernel });
    return { ...mmu, masks: { ...mmu.masks, accTrack: 0n } };
  };
  const objections = (mmu: Mmu, spte: bigint, level: number): string[] =>
    explainChange(mmu, mmu.layout.empty, spte, level).objections.map(({ code }) => code);

  it.each(['6.1', '6.18', '7.3'])('an entry says so, kernel %s', (kernel) => {
    const mmu = of(kernel);
    const table = makeNonleafSpte(mmu, 0x23_4000n, true);
    const { spte } = makeSpte(mmu, plainHost, {
      role: pageRole({ adDisabled: true }),
      gfn: GFN,
      pfn: PFN,
    });
    expect(objections(mmu, table, 2)).not.toContain('never-made');
    expect(objections(mmu, spte, 1)).not.toContain('never-made');
    const { mask } = mmu.layout.adType;
    expect(objections(mmu, table & ~mask, 2)).toContain('never-made');
    expect(objections(mmu, spte & ~mask, 1)).toContain('never-made');
  });
});

describe('a memory type', () => {
  it('is objected to where the hook declares what it looks at, and that none gives it', () => {
    const mmu = machine('EPT with A/D', { kernel: '6.8' });
    const { spte } = makeSpte(mmu, plainHost, { role: pageRole(), gfn: GFN, pfn: PFN });
    // Write-through is of guests' MTRRs, and then their PAT is not ignored.
    const codes = (of: Mmu, type: bigint): string[] =>
      explainChange(of, of.layout.empty, (spte & ~0x38n) | (type << 3n), 1).objections.map(
        ({ code }) => code,
      );
    expect(codes(mmu, 4n)).toContain('never-made');
    expect(codes(mmu, 6n)).toEqual([]);
    // What a hook of another looks at is not known.
    const { dependsOn: _, ...vendor } = mmu.vendor;
    expect(codes({ ...mmu, vendor }, 4n)).not.toContain('never-made');
    const { getMtMask } = mmu.vendor;
    const byGfn = {
      ...mmu.vendor,
      ...(getMtMask && { dependsOn: { getMtMask: { of: getMtMask, gfn: true } } }),
    };
    expect(codes({ ...mmu, vendor: byGfn }, 4n)).not.toContain('never-made');
  });
});
