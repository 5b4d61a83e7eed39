// SPDX-License-Identifier: GPL-2.0-only
import { U64_MAX } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import type { Mmu } from '../mmu/contract.ts';
import {
  isAccessTrackSpte,
  isLargePte,
  isMmioCached,
  isMmioSpte,
  isRemovedSpte,
  isShadowPresentPte,
} from '../rules/predicates.ts';
import { type Because, because } from './because.ts';
import type { Coded, NoParams } from './coded.ts';
import type { Entry } from './entry.ts';
import type { SpteKind } from './spte-kind.ts';

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

/** Every test that decides what an entry is, with its outcome. */
export function evidenceFor({ mmu, spte, level }: Entry): Evidence[] {
  const { layout, masks } = mmu;
  const present = isShadowPresentPte(mmu, spte);
  const evidence = [
    presentEvidence(mmu, present),
    mmioEvidence(mmu, spte),
    frozenEvidence(mmu, spte),
    emptyEvidence(mmu, spte),
  ];
  if (!present) return evidence;
  evidence.push(leafEvidence(mmu, spte, level));
  if (masks.accTrack !== 0n) {
    const looksAt = layout.adType.mask | masks.accTrack;
    evidence.push({
      code: 'access-tracked',
      params: { clear: masks.accTrack },
      kinds: TRACKED,
      holds: isAccessTrackSpte(mmu, spte),
      because: because(mmu, 'is_access_track_spte', looksAt),
    });
  }
  return evidence;
}

function presentEvidence(mmu: Mmu, holds: boolean): Evidence {
  const { mmuPresent } = mmu.layout;
  const source = because(mmu, 'is_shadow_present_pte', mmuPresent?.mask ?? U64_MAX);
  if (mmuPresent === null) {
    return { code: 'present-before-5.13', params: {}, kinds: PRESENT, holds, because: source };
  }
  const params = { bit: mmuPresent.low, set: holds };
  return { code: 'mmu-present', params, kinds: PRESENT, holds, because: source };
}

function mmioEvidence(mmu: Mmu, spte: bigint): Evidence {
  const { mmioMarker, mmioMarkerAlone } = mmu.layout;
  const { mmioMask, vmMmioValue } = mmu.masks;
  const holds = isMmioSpte(mmu, spte);
  const source = because(mmu, 'is_mmio_spte', mmioMarker?.mask ?? mmioMask);
  if (mmioMarkerAlone && mmioMarker !== null) {
    const params = { high: mmioMarker.high, low: mmioMarker.low, value: mmioMarker.mask >> mmioMarker.shift };
    return { code: 'mmio-marker', params, kinds: MMIO, holds, because: source };
  }
  if (!isMmioCached(mmu)) return { code: 'mmio-not-cached', params: {}, kinds: MMIO, holds, because: source };
  const params = { mask: mmioMask, masked: spte & mmioMask, value: vmMmioValue };
  return { code: 'mmio-value', params, kinds: MMIO, holds, because: source };
}

function frozenEvidence(mmu: Mmu, spte: bigint): Evidence {
  const { frozen } = mmu.layout;
  const source = because(mmu, 'is_removed_spte', U64_MAX);
  if (frozen === null) {
    return { code: 'never-frozen', params: {}, kinds: FROZEN, holds: false, because: source };
  }
  const holds = isRemovedSpte(mmu, spte);
  return { code: 'frozen', params: { value: frozen }, kinds: FROZEN, holds, because: source };
}

function emptyEvidence(mmu: Mmu, spte: bigint): Evidence {
  const { empty } = mmu.layout;
  return {
    code: 'empty',
    params: { value: empty },
    kinds: EMPTY,
    holds: spte === 0n || spte === empty,
    because: because(mmu, 'SHADOW_NONPRESENT_VALUE', U64_MAX),
  };
}

function leafEvidence(mmu: Mmu, spte: bigint, level: number | null): Evidence {
  const source = because(mmu, 'is_last_spte', PT.pageSize.mask);
  if (level === 1) return { code: 'level-1', params: {}, kinds: LEAVES, holds: true, because: source };
  const set = isLargePte(spte);
  return {
    code: 'page-size',
    params: { bit: PT.pageSize.low, set },
    kinds: LEAVES,
    holds: set,
    because: source,
  };
}
