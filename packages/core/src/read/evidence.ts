// SPDX-License-Identifier: GPL-2.0-only
import { U64_MAX } from '../bits/bits.ts';
import type { Coded, NoParams } from '../bits/coded.ts';
import { PT } from '../cpu/entry-format.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import {
  isAccessTrackSpte,
  isFrozen,
  isLargePte,
  isMmioCached,
  isMmioSpte,
  isShadowPresentPte,
  loneMmioMarker,
} from '../rules/predicates.ts';
import { type Because, because } from './because.ts';
import type { Entry } from './entry.ts';
import { isEmpty } from './spte-kind.ts';
import { pluginKinds } from './takers.ts';

/** What each test of what an entry is looks at; `evidenceText()` says it in words. */
export interface EvidenceParams {
  /** The MMU-present bit, and whether it is set. */
  readonly 'mmu-present': { readonly bit: number; readonly set: boolean };
  /** Before 5.13 what is neither zero, MMIO nor frozen is present. */
  readonly 'present-before-5.13': NoParams;
  /** The field that is all ones in an MMIO entry. */
  readonly 'mmio-marker': { readonly high: number; readonly low: number; readonly value: bigint };
  readonly 'mmio-not-cached': NoParams;
  /** The entry under the MMIO mask, and what an MMIO entry is there. */
  readonly 'mmio-value': { readonly mask: bigint; readonly masked: bigint; readonly value: bigint };
  readonly frozen: { readonly value: bigint };
  readonly 'never-frozen': NoParams;
  readonly empty: { readonly value: bigint };
  /** Every present entry at level 1 is a leaf. */
  readonly 'level-1': NoParams;
  readonly 'page-size': { readonly bit: number; readonly set: boolean };
  /** The entry under the mask of a kind of a plugin's, and what such an entry is there. */
  readonly 'plugin-value': {
    readonly label: string;
    readonly mask: bigint;
    readonly masked: bigint;
    readonly value: bigint;
  };
  /** The bits that are clear in an access-tracked entry. */
  readonly 'access-tracked': { readonly clear: bigint };
}

/** Stable names of the tests. */
export type EvidenceCode = keyof EvidenceParams;

/** One test of what an entry is. */
export type Evidence = Coded<EvidenceParams> & {
  /** The kinds that a positive answer speaks for. */
  readonly kinds: readonly SpteKind[];
  /** Whether it does. */
  readonly holds: boolean;
  readonly because: Because;
};

const PRESENT: readonly SpteKind[] = ['leaf', 'tracked', 'table'];
const LEAVES: readonly SpteKind[] = ['leaf', 'tracked'];
const TRACKED: readonly SpteKind[] = ['tracked'];
const MMIO: readonly SpteKind[] = ['mmio'];
const FROZEN: readonly SpteKind[] = ['frozen'];
const EMPTY: readonly SpteKind[] = ['empty'];

/** A test, as the answer that it gives for an entry. */
type Test = (spte: bigint) => Evidence;

/** The tests that decide what the entries of a shape are. */
export interface Tests {
  readonly ofOthers: readonly Test[];
  /** Of those that are shadow-present: some more. */
  readonly ofPresent: readonly Test[];
}

/** Every test that decides what an entry is, with its outcome. */
export function evidenceFor({ mmu, spte }: Entry, { ofOthers, ofPresent }: Tests): Evidence[] {
  const tests = isShadowPresentPte(mmu, spte) ? ofPresent : ofOthers;
  return tests.map((test) => test(spte));
}

/** The tests of entries of this MMU at a level. Their answers are made here, once, but for what names the entry. */
export function testsOf(mmu: Mmu, level: number | null): Tests {
  const ofOthers = [
    presentTest(mmu),
    mmioTest(mmu),
    frozenTest(mmu),
    emptyTest(mmu),
    ...pluginKinds(mmu).map((kind) => pluginTest(mmu, kind)),
  ];
  const ofPresent = [...ofOthers, leafTest(mmu, level)];
  if (mmu.masks.accTrack !== 0n) ofPresent.push(trackedTest(mmu));
  return { ofOthers, ofPresent };
}

/** A test with an answer for entries that pass it, and one for all others. */
function either(
  kinds: readonly SpteKind[],
  source: Because,
  passes: (spte: bigint) => boolean,
  answer: (holds: boolean) => Coded<EvidenceParams>,
): Test {
  const [yes, no] = [true, false].map(
    (holds): Evidence => ({ ...answer(holds), kinds, holds, because: source }),
  ) as [Evidence, Evidence];
  return (spte) => (passes(spte) ? yes : no);
}

function presentTest(mmu: Mmu): Test {
  const { mmuPresent } = mmu.layout;
  return either(
    PRESENT,
    because(mmu, 'is_shadow_present_pte', mmuPresent?.mask ?? U64_MAX),
    (spte) => isShadowPresentPte(mmu, spte),
    (set) =>
      mmuPresent === null
        ? { code: 'present-before-5.13', params: {} }
        : { code: 'mmu-present', params: { bit: mmuPresent.low, set } },
  );
}

function mmioTest(mmu: Mmu): Test {
  const { mmioMask: mask, vmMmioValue: value } = mmu.masks;
  const source = because(mmu, 'is_mmio_spte', mmu.layout.mmioMarker?.mask ?? mask);
  const passes = (spte: bigint): boolean => isMmioSpte(mmu, spte);
  const marker = loneMmioMarker(mmu.layout);
  if (marker === null && isMmioCached(mmu)) {
    return (spte) => ({
      code: 'mmio-value',
      params: { mask, masked: spte & mask, value },
      kinds: MMIO,
      holds: passes(spte),
      because: source,
    });
  }
  return either(MMIO, source, passes, () => {
    if (marker === null) return { code: 'mmio-not-cached', params: {} };
    const { high, low, shift } = marker;
    return { code: 'mmio-marker', params: { high, low, value: marker.mask >> shift } };
  });
}

function frozenTest(mmu: Mmu): Test {
  const { frozen } = mmu.layout;
  return either(
    FROZEN,
    because(mmu, 'is_removed_spte', U64_MAX),
    (spte) => isFrozen(mmu, spte),
    () =>
      frozen === null ? { code: 'never-frozen', params: {} } : { code: 'frozen', params: { value: frozen } },
  );
}

function emptyTest(mmu: Mmu): Test {
  const { empty } = mmu.layout;
  return either(
    EMPTY,
    because(mmu, 'SHADOW_NONPRESENT_VALUE', U64_MAX),
    (spte) => isEmpty(mmu, spte),
    () => ({ code: 'empty', params: { value: empty } }),
  );
}

function pluginTest(mmu: Mmu, { name, label, mask, value }: ReturnType<typeof pluginKinds>[number]): Test {
  const kinds = [name];
  const source = because(mmu, name, mask);
  return (spte) => ({
    code: 'plugin-value',
    params: { label, mask, masked: spte & mask, value },
    kinds,
    holds: (spte & mask) === value,
    because: source,
  });
}

function leafTest(mmu: Mmu, level: number | null): Test {
  return either(
    LEAVES,
    because(mmu, 'is_last_spte', PT.pageSize.mask),
    (spte) => level === 1 || isLargePte(spte),
    (set) =>
      level === 1
        ? { code: 'level-1', params: {} }
        : { code: 'page-size', params: { bit: PT.pageSize.low, set } },
  );
}

function trackedTest(mmu: Mmu): Test {
  const { layout, masks } = mmu;
  return either(
    TRACKED,
    because(mmu, 'is_access_track_spte', layout.adType.mask | masks.accTrack),
    (spte) => isAccessTrackSpte(mmu, spte),
    () => ({ code: 'access-tracked', params: { clear: masks.accTrack } }),
  );
}
