// SPDX-License-Identifier: GPL-2.0-only

import { bits, hex } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import type { Mmu } from '../mmu/contract.ts';
import {
  isAccessTrackSpte,
  isLastSpte,
  isMmioCached,
  isMmioSpte,
  isRemovedSpte,
  isShadowPresentPte,
} from '../rules/predicates.ts';
import { type Because, because } from './because.ts';
import type { SpteKind } from './spte-kind.ts';

/** One test of what an entry is. */
export interface Evidence {
  /** The kinds that a positive answer speaks for. */
  readonly kinds: readonly SpteKind[];
  /** Whether it does. */
  readonly holds: boolean;
  readonly text: string;
  readonly because: Because;
}

const ALL = bits(63, 0);
const PRESENT: readonly SpteKind[] = ['leaf', 'tracked', 'table'];

/** Every test that decides what an entry is, with its outcome. */
export function evidenceFor(mmu: Mmu, spte: bigint, level: number | null): Evidence[] {
  const { layout, masks } = mmu;
  const present = isShadowPresentPte(mmu, spte);
  const presentBit = layout.mmuPresent;
  const marker = layout.mmioMarker;
  const frozen = layout.frozen;
  const evidence: Evidence[] = [
    {
      kinds: PRESENT,
      holds: present,
      text:
        presentBit === null
          ? 'neither zero, MMIO nor frozen, which is "present" before 5.13'
          : `MMU-present, bit ${presentBit.low}, is ${present ? 'set' : 'clear'}`,
      because: because(mmu, 'is_shadow_present_pte', presentBit?.mask ?? ALL),
    },
    {
      kinds: ['mmio'],
      holds: isMmioSpte(mmu, spte),
      text: mmioText(mmu, spte),
      because: because(mmu, 'is_mmio_spte', marker?.mask ?? masks.mmioMask),
    },
    {
      kinds: ['frozen'],
      holds: isRemovedSpte(mmu, spte),
      text: frozen === null ? 'this kernel freezes no entries' : `a frozen entry is ${hex(frozen)}`,
      because: because(mmu, 'is_removed_spte', ALL),
    },
    {
      kinds: ['empty'],
      holds: spte === 0n || spte === layout.empty,
      text: `an empty entry is ${hex(layout.empty)}${layout.empty === 0n ? '' : ', or 0x0 before KVM first wrote it'}`,
      because: because(mmu, 'SHADOW_NONPRESENT_VALUE', ALL),
    },
  ];
  if (!present) return evidence;
  evidence.push({
    kinds: ['leaf', 'tracked'],
    holds: isLastSpte(spte, level ?? 2),
    text:
      level === 1
        ? 'every present entry at level 1 is a leaf'
        : `bit 7, page size, is ${(spte & PT.pageSize.mask) === 0n ? 'clear' : 'set'}`,
    because: because(mmu, 'is_last_spte', PT.pageSize.mask),
  });
  if (masks.accTrack !== 0n) {
    evidence.push({
      kinds: ['tracked'],
      holds: isAccessTrackSpte(mmu, spte),
      text: `access-tracked: the A/D type is "disabled" and ${hex(masks.accTrack)} is clear`,
      because: because(mmu, 'is_access_track_spte', layout.adType.mask | masks.accTrack),
    });
  }
  return evidence;
}

function mmioText(mmu: Mmu, spte: bigint): string {
  const { layout, masks } = mmu;
  if (layout.mmioMarkerAlone) return 'bits 53:52 are 3 in an MMIO entry';
  if (!isMmioCached(mmu)) return 'MMIO is not cached in SPTEs here';
  const masked = hex(spte & masks.mmioMask);
  return `under the MMIO mask ${hex(masks.mmioMask)} it is ${masked}; MMIO is ${hex(masks.vmMmioValue)}`;
}
