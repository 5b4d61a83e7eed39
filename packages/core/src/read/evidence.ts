// SPDX-License-Identifier: GPL-2.0-only
import { U64_MAX } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import type { Mmu } from '../mmu/contract.ts';
import { isAccessTrackSpte, isLastSpte, isMmioSpte, isShadowPresentPte } from '../rules/predicates.ts';
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

/** Every test that decides what an entry is, with its outcome. */
export function evidenceFor({ mmu, spte, level, kind }: Entry): Evidence[] {
  const { layout, masks } = mmu;
  const { mmuPresent, mmioMarker, frozen, empty } = layout;
  const present = isShadowPresentPte(mmu, spte);
  const evidence: Evidence[] = [
    {
      ...(mmuPresent === null
        ? { code: 'present-before-5.13', params: {} }
        : { code: 'mmu-present', params: { bit: mmuPresent.low, set: present } }),
      kinds: PRESENT,
      holds: present,
      because: because(mmu, 'is_shadow_present_pte', mmuPresent?.mask ?? U64_MAX),
    },
    {
      ...mmioTest(mmu, spte),
      kinds: ['mmio'],
      holds: isMmioSpte(mmu, spte),
      because: because(mmu, 'is_mmio_spte', mmioMarker?.mask ?? masks.mmioMask),
    },
    {
      ...(frozen === null
        ? { code: 'never-frozen', params: {} }
        : { code: 'frozen', params: { value: frozen } }),
      kinds: ['frozen'],
      holds: kind === 'frozen',
      because: because(mmu, 'is_removed_spte', U64_MAX),
    },
    {
      code: 'empty',
      params: { value: empty },
      kinds: ['empty'],
      holds: spte === 0n || spte === empty,
      because: because(mmu, 'SHADOW_NONPRESENT_VALUE', U64_MAX),
    },
  ];
  if (!present) return evidence;
  evidence.push({
    ...(level === 1
      ? { code: 'level-1', params: {} }
      : { code: 'page-size', params: { bit: PT.pageSize.low, set: (spte & PT.pageSize.mask) !== 0n } }),
    kinds: LEAVES,
    holds: isLastSpte(spte, level ?? 2),
    because: because(mmu, 'is_last_spte', PT.pageSize.mask),
  });
  if (masks.accTrack !== 0n) {
    evidence.push({
      code: 'access-tracked',
      params: { clear: masks.accTrack },
      kinds: ['tracked'],
      holds: isAccessTrackSpte(mmu, spte),
      because: because(mmu, 'is_access_track_spte', layout.adType.mask | masks.accTrack),
    });
  }
  return evidence;
}

function mmioTest({ layout: { mmioMarker }, masks }: Mmu, spte: bigint): Coded<EvidenceParams> {
  if (mmioMarker !== null) {
    const { high, low, mask, shift } = mmioMarker;
    return { code: 'mmio-marker', params: { high, low, value: mask >> shift } };
  }
  if (!masks.enableMmioCaching) return { code: 'mmio-not-cached', params: {} };
  const { mmioMask, vmMmioValue } = masks;
  return { code: 'mmio-value', params: { mask: mmioMask, masked: spte & mmioMask, value: vmMmioValue } };
}
