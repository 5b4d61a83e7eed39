// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS } from '../bits/bits.ts';
import { notifierMakesSpte } from '../kernel/variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import { softwareBits } from '../mmu/extensions.ts';
import { type Host, plainHost } from '../mmu/host.ts';
import type { DecodedSpte } from '../read/decode-spte.ts';
import { attempt } from '../read/plugin-answers.ts';
import { makeNonleafSpte } from '../rules/make-nonleaf-spte.ts';
import { dirtyMaskOf } from '../rules/predicates.ts';

/**
 * The bits in which a table or a mapping that was not there before is none that KVM makes, however it is asked, and none
 * that becomes of what it makes; 0 for one that KVM may have made.
 */
export function neverMade(mmu: Mmu, entry: DecodedSpte): bigint {
  return entry.kind === 'table'
    ? neverInTable(mmu, entry) & ~softwareBits(mmu, 'table')
    : neverInLeaf(mmu, entry) & ~softwareBits(mmu, 'leaf');
}

/** There are two ways to point to a table: hardware keeps A/D bits in it, or it does not. */
function neverInTable(mmu: Mmu, { value }: DecodedSpte): bigint {
  const { masks } = mmu;
  const childPa = value & ADDRESS & masks.baseAddr & ~masks.meMask;
  // Hardware that keeps them need not where permissions can be saved.
  const ways = [!masks.kvmAdEnabled, ...(masks.accTrack === 0n ? [] : [true])];
  const differing = ways.map((adDisabled) => makeNonleafSpte(mmu, childPa, adDisabled) ^ value);
  return differing.includes(0n) ? 0n : (differing[0] as bigint);
}

function neverInLeaf(mmu: Mmu, { value, kind, mapping }: DecodedSpte): bigint {
  const { masks, layout, kernel } = mmu;
  const { adType } = layout;
  const isDisabled = (value & adType.mask) === 1n << adType.shift;
  let never = value & masks.dirty & ~dirtyMaskOf(mmu, value);
  if (!masks.kvmAdEnabled && !isDisabled) never |= adType.mask;
  // A tracked page was not used since.
  if (kind === 'tracked') never |= value & masks.accessed;
  // What the host has read-only is made anew, but for the notifier of old.
  if (mapping?.hostWritable === false && !notifierMakesSpte(kernel)) never |= value & masks.dirty;
  return mayHaveMemtype(mmu, value & masks.memtype) ? never : never | masks.memtype;
}

/** Whether some host and guest give a leaf this memory type; true where that may depend on more. */
function mayHaveMemtype(mmu: Mmu, memtype: bigint): boolean {
  const { name, getMtMask, dependsOn } = mmu.vendor;
  const declared = dependsOn?.getMtMask;
  if (mmu.masks.memtype === 0n || getMtMask === undefined) return true;
  if (declared?.of !== getMtMask || declared.gfn) return true;
  const asked = attempt(name, 'getMtMask', () => {
    for (const host of hosts()) {
      for (const isMmio of SWITCH) if (getMtMask(mmu, host, 0n, isMmio) === memtype) return true;
    }
    return false;
  });
  return 'message' in asked || asked.value;
}

const SWITCH = [false, true];

/** MTRR types that a guest may set; that of most memory first. */
const GUEST_TYPES = [6, 0, 1, 4, 5];

/** All that a memory type depends on. */
function* hosts(): Generator<Host> {
  for (const noncoherent of SWITCH) {
    for (const cd of SWITCH) {
      for (const quirk of SWITCH) {
        for (const type of GUEST_TYPES) {
          yield {
            ...plainHost,
            noncoherentDma: () => noncoherent,
            cr0Cd: () => cd,
            quirkCdNw: () => quirk,
            quirkIgnoreGuestPat: () => quirk,
            guestMtrr: () => type,
          };
        }
      }
    }
  }
}
