// SPDX-License-Identifier: GPL-2.0-only
import {
  type ChangeEventCode,
  changedPteNotifierMakeSpte,
  decodeSpte,
  explainChange,
  type Host,
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
import { oneIn, sampled } from '@spte/testing/sampled';
import { describe, expect, it } from 'vitest';

// The rules themselves are the measure: what they make of an entry is allowed, and what is allowed they can make, in as
// many steps as it takes.

const MACHINES = ['EPT with A/D', 'EPT without A/D', 'NPT', 'NPT with SME', 'shadow paging'];
const GFN = 0x10_0200n;
const PFN = 0x23_4600n;

/** Every way to ask for a mapping of the page. */
const requests = Array.from({ length: 16 }, (_, access) => access).flatMap((access) =>
  [true, false].flatMap((hostWritable) =>
    [true, false].flatMap((prefetch) =>
      [true, false].map((refuses) => ({ access, hostWritable, prefetch, refuses })),
    ),
  ),
);

/** As it is without nx_huge_pages, which may be switched at any time. */
const executable = (mmu: Mmu): Mmu => ({ ...mmu, params: { ...mmu.params, nxHugePages: false } });

/** Leaves that are made of an entry, none with a finding: KVM is asked for nothing that it WARNs about. */
function made(mmu: Mmu, level: number, oldSpte: bigint): bigint[] {
  const width = mmu.layout.since === '7.2' ? 16 : 8;
  // An EPT entry that allows nothing is a WARN, or not an entry.
  const least = mmu.vendor.format.name === 'ept' ? 1 : 0;
  const asked = requests.filter(({ access }) => least <= access && access < width);
  const leaves = [mmu, executable(mmu)].flatMap((mmu) =>
    asked.map(({ access, hostWritable, prefetch, refuses }) => {
      const host: Host = { ...plainHost, tryToUnsyncPages: () => Number(refuses) };
      const role = pageRole({ level, adDisabled: !mmu.masks.kvmAdEnabled });
      return makeSpte(mmu, host, { role, gfn: GFN, pfn: PFN, access, hostWritable, prefetch, oldSpte }).spte;
    }),
  );
  return [...new Set(leaves)].filter((spte) => isClean(mmu, spte, level));
}

function isClean(mmu: Mmu, spte: bigint, level: number): boolean {
  const { mapping } = decodeSpte(mmu, spte, level);
  const restored = mapping?.restored ?? spte;
  const { read, execute } = decodeSpte(mmu, restored, level).mapping?.access ?? { read: true, execute: true };
  if (!read && !execute) return false;
  return judgeSpte(mmu, spte, level).length === 0 && judgeSpte(mmu, restored, level).length === 0;
}

/** A rule, applied to a leaf; null where it has nothing to do. */
type Rule = (mmu: Mmu, spte: bigint) => bigint | null;

const isTracked = (mmu: Mmu, spte: bigint): boolean => decodeSpte(mmu, spte, 1).kind === 'tracked';
const without = (spte: bigint, mask: bigint): bigint => spte & ~mask;

/** What happens to a leaf in place, by the event that it is. */
const rules: readonly (readonly [event: ChangeEventCode, rule: Rule])[] = [
  ['age', (mmu, spte) => (isDisabled(mmu, spte) ? null : mmuSpteAge(mmu, plainHost, spte).spte)],
  ['access-track', (mmu, spte) => (isDisabled(mmu, spte) ? markSpteForAccessTrack(mmu, spte) : null)],
  ['restore', (mmu, spte) => (isTracked(mmu, spte) ? restoreAccTrackSpte(mmu, spte) : null)],
  [
    'fast-page-fault',
    (mmu, spte) => {
      const { mmuWritable, accessed } = mmu.masks;
      if ((spte & mmuWritable) === 0n) return null;
      const back = isTracked(mmu, spte) ? restoreAccTrackSpte(mmu, spte) | accessed : spte;
      return back | PT.writable.mask;
    },
  ],
  ['write-protect', (mmu, spte) => (isTracked(mmu, spte) ? null : without(spte, PT.writable.mask))],
  ['write-protect', (mmu, spte) => without(spte, PT.writable.mask | mmu.masks.mmuWritable)],
  ['clear-dirty', (mmu, spte) => without(spte, mmu.masks.dirty)],
  ['cpu-accessed', (mmu, spte) => (isDisabled(mmu, spte) ? null : spte | mmu.masks.accessed)],
  [
    'cpu-dirty',
    (mmu, spte) =>
      isDisabled(mmu, spte) || (spte & PT.writable.mask) === 0n ? null : spte | mmu.masks.dirty,
  ],
];

/** Whether hardware keeps no accessed and dirty bits in the entry, so that tracking does. */
function isDisabled({ masks, layout }: Mmu, spte: bigint): boolean {
  return masks.accTrack !== 0n && (spte & layout.adType.mask) === 1n << layout.adType.shift;
}

/** Everything that rules make of a leaf, in any number of steps. */
function reachable(mmu: Mmu, level: number, from: bigint): ReadonlySet<bigint> {
  const found = new Set([from]);
  for (const spte of found) {
    for (const next of made(mmu, level, spte)) found.add(next);
    for (const [, rule] of rules) found.add(rule(mmu, spte) ?? spte);
    found.add(moved(mmu, spte, PFN) ?? spte);
  }
  return found;
}

/** What the host's notifier makes of a leaf when it moves the page, up to 6.9; in 5.4 without a function of its own. */
function moved(mmu: Mmu, spte: bigint, pfn: bigint): bigint | null {
  const { masks, layout, kernel } = mmu;
  if (kernelHas(kernel, 'kvm_mmu_changed_pte_notifier_make_spte')) {
    return changedPteNotifierMakeSpte(mmu, spte, pfn);
  }
  if (!layout.since.startsWith('5.4')) return null;
  const readOnly = without(spte, masks.baseAddr | PT.writable.mask | masks.hostWritable);
  return markSpteForAccessTrack(mmu, readOnly | (pfn << 12n));
}

const eras = oneIn(
  6,
  layouts.flatMap(({ since }) => MACHINES.map((name) => ({ name, kernel: since }))),
);

describe.each(eras)('under $kernel, $name', ({ name, kernel }) => {
  const mmu = machine(name, { kernel });
  const levels = [1, 2];

  it('allows what rules make of a leaf, under the name of the event', () => {
    for (const level of levels) {
      for (const from of made(mmu, level, mmu.layout.empty)) {
        for (const to of made(mmu, level, from)) expect(refusals(mmu, from, to, level)).toEqual([]);
        for (const [event, rule] of rules) {
          const to = rule(mmu, from);
          if (to === null || to === from || !isClean(mmu, to, level)) continue;
          expect(refusals(mmu, from, to, level)).toEqual([]);
          expect(eventsOf(mmu, from, to, level)).toContain(event);
        }
      }
    }
  });

  it('allows nothing else that differs in a bit', () => {
    for (const level of levels) {
      for (const from of made(mmu, level, mmu.layout.empty).slice(0, sampled(3, 6))) {
        const all = reachable(mmu, level, from);
        for (const near of [from, ...made(mmu, level, from).slice(0, 3)]) {
          const allowed = Array.from({ length: 64 }, (_, bit) => near ^ (1n << BigInt(bit))).filter((to) => {
            const { allowed, events, to: decoded } = explainChange(mmu, from, to, level);
            return allowed && decoded.mapping !== null && events[0]?.code !== 'notifier-change';
          });
          expect(
            allowed
              .filter((to) => !all.has(to))
              .map((to) => `${from.toString(16)} -> ${to.toString(16)}@${level}`),
          ).toEqual([]);
        }
      }
    }
  });

  it('allows what comes and goes', () => {
    const { empty, frozen } = mmu.layout;
    const table = makeNonleafSpte(mmu, 0x55_5000n, !mmu.masks.kvmAdEnabled);
    const [huge] = made(mmu, 2, empty);
    const steps: (readonly [from: bigint, to: bigint, event: ChangeEventCode, level: number])[] = [
      [empty, table, 'link-table', 2],
      [table, empty, 'unlink-table', 2],
      ...(huge === undefined
        ? []
        : ([
            [huge, table, 'split', 2],
            [table, huge, 'collapse', 2],
          ] as const)),
      ...made(mmu, 1, empty).flatMap((leaf) => [
        [empty, leaf, 'fault-in', 1] as const,
        [leaf, empty, 'zap', 1] as const,
        ...(frozen === null
          ? []
          : ([
              [leaf, frozen, 'freeze', 1],
              [frozen, leaf, 'unfreeze', 1],
            ] as const)),
        ...movesOf(mmu, leaf),
      ]),
    ];
    for (const [from, to, event, level] of steps) {
      if (!isClean(mmu, to, level)) continue;
      expect(refusals(mmu, from, to, level)).toEqual([]);
      expect(eventsOf(mmu, from, to, level)).toContain(event);
    }
  });
});

function movesOf(mmu: Mmu, leaf: bigint): (readonly [bigint, bigint, ChangeEventCode, number])[] {
  const to = moved(mmu, leaf, PFN + 1n);
  return to === null ? [] : [[leaf, to, 'notifier-change', 1]];
}

const refusals = (mmu: Mmu, from: bigint, to: bigint, level: number): string[] =>
  explainChange(mmu, from, to, level).objections.map(
    (objection) => `${from.toString(16)} -> ${to.toString(16)}@${level}: ${objectionText(objection)}`,
  );

const eventsOf = (mmu: Mmu, from: bigint, to: bigint, level: number): ChangeEventCode[] =>
  explainChange(mmu, from, to, level).events.map(({ code }) => code);
