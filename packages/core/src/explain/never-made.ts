// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS } from '../bits/bits.ts';
import { notifierMakesSpte } from '../kernel/variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import { softwareBits } from '../mmu/extensions.ts';
import { plainHost } from '../mmu/host.ts';
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
  const differing = [
    ...(masks.kvmAdEnabled ? [false] : []),
    // Only where permissions can be saved may hardware keep none.
    ...(masks.accTrack === 0n ? [] : [true]),
  ].map((adDisabled) => makeNonleafSpte(mmu, childPa, adDisabled) ^ value);
  return differing.includes(0n) ? 0n : (differing[0] as bigint);
}

function neverInLeaf(mmu: Mmu, { value, kind, mapping }: DecodedSpte): bigint {
  const { masks, layout, kernel } = mmu;
  const { adType } = layout;
  const isDisabled = masks.accTrack !== 0n && (value & adType.mask) === 1n << adType.shift;
  let never = value & masks.dirty & ~dirtyMaskOf(mmu, value);
  if (!masks.kvmAdEnabled && !isDisabled) never |= adType.mask;
  // A tracked page was not used since.
  if (kind === 'tracked') never |= value & masks.accessed;
  // What the host has read-only is made anew, but for the notifier of old.
  if (mapping?.hostWritable === false && !notifierMakesSpte(kernel)) never |= value & masks.dirty;
  const memtypes = memtypesOf(mmu);
  if (memtypes?.has(value & masks.memtype) === false) never |= masks.memtype;
  return never;
}

const known = new WeakMap<Mmu, ReadonlySet<bigint> | null>();

/** Memory types of leaves, whatever the host and the guest do; null where they may depend on more. */
function memtypesOf(mmu: Mmu): ReadonlySet<bigint> | null {
  const before = known.get(mmu);
  if (before !== undefined) return before;
  const { name, getMtMask, dependsOn } = mmu.vendor;
  const declared = dependsOn?.getMtMask;
  const isKnown = getMtMask !== undefined && declared?.of === getMtMask && !declared.gfn;
  const asked =
    isKnown && mmu.masks.memtype !== 0n
      ? attempt(name, 'getMtMask', () => everyMemtype(mmu, getMtMask))
      : null;
  const types = asked === null || 'message' in asked ? null : new Set(asked.value);
  known.set(mmu, types);
  return types;
}

const SWITCH = [false, true];

/** MTRR types that a guest may set. */
const GUEST_TYPES = [0, 1, 4, 5, 6];

function everyMemtype(mmu: Mmu, getMtMask: NonNullable<Mmu['vendor']['getMtMask']>): bigint[] {
  const hosts = SWITCH.flatMap((noncoherent) =>
    SWITCH.flatMap((cd) =>
      SWITCH.flatMap((quirk) =>
        GUEST_TYPES.map((type) => ({
          ...plainHost,
          noncoherentDma: () => noncoherent,
          cr0Cd: () => cd,
          quirkCdNw: () => quirk,
          quirkIgnoreGuestPat: () => quirk,
          guestMtrr: () => type,
        })),
      ),
    ),
  );
  return hosts.flatMap((host) => SWITCH.map((isMmio) => getMtMask(mmu, host, 0n, isMmio)));
}
