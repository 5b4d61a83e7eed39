// SPDX-License-Identifier: GPL-2.0-only
import { PT } from '../cpu/entry-format.ts';
import { notifierMakesSpte } from '../kernel/variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import type { DecodedMapping } from '../read/decode-spte.ts';
import type { ChangeEventCode, ChangeEventParams, PlainEventCode } from './change-events.ts';

/** A mapping that stays one, of the same page: what it was and is, with the permissions that tracking took away. */
export interface InPlace {
  readonly mmu: Mmu;
  readonly before: DecodedMapping;
  readonly after: DecodedMapping;
  /** Whether it is access-tracked now, so that MMU-writable stands for W. */
  readonly tracked: boolean;
  /** Bits that were set. */
  readonly set: bigint;
  /** Bits that were cleared. */
  readonly cleared: bigint;
}

/** Something that changes bits of a mapping where it stands. */
interface BitChangeFor<Code extends ChangeEventCode> {
  readonly event: Code;
  /** The kernel function, or `CPU`. */
  readonly by: string;
  /** The bits, of those that changed, that it accounts for; 0 where it did not happen. */
  readonly bits: (change: InPlace) => bigint;
  readonly params: (change: InPlace) => ChangeEventParams[Code];
  /** Bits that are clear afterwards, whether they changed or not; none when absent. */
  readonly clears?: (change: InPlace) => bigint;
}

/** One of any name. */
export type BitChange = { readonly [Code in ChangeEventCode]: BitChangeFor<Code> }[ChangeEventCode];

const W = PT.writable.mask;

/** Whether the page becomes writable, now or when a tracked page is used again. */
const gainsWrite = ({ mmu, set, tracked }: InPlace): boolean =>
  (set & (tracked ? mmu.masks.mmuWritable : W)) !== 0n;

/** The dirty bit comes with W, or from the CPU, which writes through writable entries only. */
function dirtyOf({ mmu, set, after, tracked }: InPlace): bigint {
  const writable = tracked ? after.mmuWritable === true : after.access.write;
  return writable ? set & mmu.masks.dirty : 0n;
}

/** The writable bits that are lost while the host still lets KVM write. */
function writeProtected({ mmu, cleared, after }: InPlace): bigint {
  return after.hostWritable === false ? 0n : cleared & (W | mmu.masks.mmuWritable);
}

/** The writable bits that follow the host's. */
function hostProtected(change: InPlace): bigint {
  const { mmu, set, cleared } = change;
  const { hostWritable, mmuWritable } = mmu.masks;
  if (((set | cleared) & hostWritable) === 0n || gainsWrite(change)) return 0n;
  return (set & hostWritable) | (cleared & (hostWritable | mmuWritable | W));
}

const either = ({ set, cleared }: InPlace, mask: bigint): bigint => (set | cleared) & mask;

/** The bit that lets users in, or that lets them fetch. */
const userBits = ({ mmu }: InPlace): bigint =>
  (mmu.vendor.format.permissions.user?.mask ?? 0n) | mmu.masks.xu;

const none = (): Record<string, never> => ({});

const cpuAccessed: BitChange = {
  event: 'cpu-accessed',
  by: 'CPU',
  // A tracked page was not used since, and says so.
  bits: ({ mmu, set, tracked }) => (tracked ? 0n : set & mmu.masks.accessed),
  params: none,
};

/**
 * Every change of bits in a mapping. A bit that changes otherwise is objected to: the memory type, the key or C-bit, the
 * A/D type, the page size and the address stay; MMU-writable comes with W alone.
 */
export const changesInPlace: readonly BitChange[] = [
  {
    event: 'fast-page-fault',
    by: 'fast_pf_fix_direct_spte',
    bits: (change) =>
      gainsWrite(change) && change.before.mmuWritable === true ? (change.set & W) | dirtyOf(change) : 0n,
    params: none,
  },
  {
    event: 'refault',
    by: 'make_spte',
    bits(change) {
      if (!gainsWrite(change) || change.before.mmuWritable === true) return 0n;
      const { hostWritable, mmuWritable } = change.mmu.masks;
      return (change.set & (W | mmuWritable | hostWritable)) | dirtyOf(change);
    },
    params: none,
  },
  {
    event: 'write-protect',
    by: 'spte_write_protect',
    bits: writeProtected,
    params: ({ after }) => ({ for: after.mmuWritable === true ? 'dirty-logging' : 'write-tracking' }),
  },
  {
    event: 'host-protection',
    by: 'make_spte',
    bits: hostProtected,
    params: ({ after }) => ({ writable: after.hostWritable === true }),
    // The entry is made anew, dirty only where it is writable. The notifier of old takes the permissions alone.
    clears: ({ mmu, after }) =>
      after.hostWritable === true || notifierMakesSpte(mmu.kernel) ? 0n : mmu.masks.dirty,
  },
  {
    event: 'change-exec',
    by: 'make_spte',
    bits: (change) => either(change, change.mmu.masks.x | change.mmu.masks.nx),
    params: ({ after }) => ({ executable: after.access.execute }),
  },
  {
    event: 'change-read',
    by: 'make_spte',
    bits: (change) => either(change, change.mmu.vendor.format.permissions.read.mask),
    params: ({ after }) => ({ readable: after.access.read }),
  },
  {
    event: 'change-user',
    by: 'make_spte',
    bits: (change) => either(change, userBits(change)),
    params: (change) => ({ allowed: (change.set & userBits(change)) !== 0n }),
  },
  {
    event: 'clear-dirty',
    by: 'spte_clear_dirty',
    bits: ({ mmu, cleared }) => cleared & mmu.masks.dirty,
    params: none,
  },
  {
    event: 'age',
    by: 'kvm_age_gfn',
    bits: ({ mmu, cleared }) => cleared & mmu.masks.accessed,
    params: none,
  },
  cpuAccessed,
  {
    event: 'cpu-dirty',
    by: 'CPU',
    bits: (change) => (gainsWrite(change) ? 0n : dirtyOf(change)),
    params: none,
  },
];

/** Every change of bits in a table. */
export const changesOfTables: readonly BitChange[] = [cpuAccessed];

/** What access tracking does to a leaf beside moving its permissions, and the way back. */
interface Tracking {
  readonly from: SpteKind;
  readonly to: SpteKind;
  readonly event: PlainEventCode;
  readonly by: string;
  /** Bits that it sets, and those that it clears. */
  readonly set: (mmu: Mmu) => bigint;
  readonly cleared: (mmu: Mmu) => bigint;
}

/** Tracking takes W, which MMU-writable remembers, and since 6.13 accessed; the way back sets what the access was. */
export const trackings: readonly Tracking[] = [
  {
    from: 'leaf',
    to: 'tracked',
    event: 'access-track',
    by: 'mark_spte_for_access_track',
    set: () => 0n,
    cleared: ({ masks }) => W | masks.accessed,
  },
  {
    from: 'tracked',
    to: 'leaf',
    event: 'restore',
    by: 'restore_acc_track_spte',
    set: ({ masks }) => masks.accessed,
    cleared: () => 0n,
  },
];
