// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, without } from '../bits/bits.ts';
import { EPT, PT } from '../cpu/entry-format.ts';
import { isBadMtXwr } from '../cpu/rsvd-bits.ts';
import { AD_INVALID, mmuPresentMask } from '../kernel/layout.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import type { ByKind, SpteKind } from '../mmu/entry-kind.ts';
import type { Entry } from '../read/entry.ts';
import type { Shape } from '../read/shape.ts';
import { isMmioSpte, isMmuWritable, isWritablePte } from '../rules/predicates.ts';
import type { FindingCode, FindingParams } from './finding.ts';

/** A test that every entry of some kinds must pass. */
interface CheckFor<Code extends FindingCode> {
  readonly code: Code;
  readonly kinds: readonly SpteKind[];
  /** The kernel function that the test follows. */
  readonly rule: string;
  /** The bits of an entry of that shape that are wrong; 0 for one that passes. */
  readonly wrong: (entry: Entry<number>, shape: Shape) => bigint;
  /** What the text needs to know beside the bits that are wrong. */
  readonly params: (wrong: bigint, entry: Entry<number>, shape: Shape) => FindingParams[Code];
}

/** A test of any name. */
export type Check = { readonly [Code in FindingCode]: CheckFor<Code> }[FindingCode];

const LEAVES: readonly SpteKind[] = ['leaf', 'tracked'];
const PRESENT: readonly SpteKind[] = [...LEAVES, 'table'];
/** Kinds of which only some bits mean something: those of plugins too. */
const WITH_FIELDS: readonly SpteKind[] = [...PRESENT, 'mmio'];

const XWR = EPT.readable.mask | EPT.writable.mask | EPT.executable.mask;
const NO_MEMTYPE = ~EPT.memtype.mask;

/** The permission bits of an EPT entry that the bitmap of bad combinations looks at. */
const permissionBits = ({ zeroCheck }: Mmu): bigint => XWR | zeroCheck.xu;

/** Where an MMIO entry keeps its gfn: what its fields claim of the address, but for the marker and the L1TF guard. */
function gfnBits({ masks: { mmioMask, nonpresentOrRsvd } }: Mmu, { fields }: PolicyReading): bigint {
  const claimed = fields.reduce((sum, { mask }) => sum | mask, 0n);
  return claimed & ADDRESS & ~mmioMask & ~nonpresentOrRsvd;
}

/** What the CPU, or an assertion of KVM, refuses. */
const errors: readonly Check[] = [
  {
    code: 'reserved-bits',
    kinds: PRESENT,
    rule: 'get_rsvd_bits',
    wrong: ({ spte }, { rsvdBits }) => spte & rsvdBits,
    params: (set, { level }, { rsvdBits }) => ({
      set,
      reserved: rsvdBits,
      level,
      paeRoot: false,
      bit7IsWrong: false,
    }),
  },
  {
    code: 'bad-memtype',
    kinds: PRESENT,
    rule: '__is_bad_mt_xwr',
    // The memory type is bad if it is so beside good permissions.
    wrong: ({ mmu, spte }) => (isBadMtXwr(mmu.zeroCheck, spte | permissionBits(mmu)) ? EPT.memtype.mask : 0n),
    params: (wrong, { spte }) => ({ memtype: (spte & wrong) >> EPT.memtype.shift }),
  },
  {
    code: 'bad-xwr',
    kinds: PRESENT,
    rule: '__is_bad_mt_xwr',
    // Permissions are bad if they are so beside memory type 0.
    wrong: ({ mmu, spte }) => (isBadMtXwr(mmu.zeroCheck, spte & NO_MEMTYPE) ? permissionBits(mmu) : 0n),
    params: (_wrong, { spte }) => ({ xwr: spte & XWR }),
  },
  {
    code: 'invariant.mmu-without-host-writable',
    kinds: LEAVES,
    rule: 'check_spte_writable_invariants',
    wrong: ({ mmu, spte }) => {
      const { hostWritable, mmuWritable } = mmu.masks;
      return isMmuWritable(mmu, spte) && (spte & hostWritable) === 0n ? hostWritable | mmuWritable : 0n;
    },
    params: () => ({}),
  },
  {
    code: 'invariant.hw-writable-without-mmu-writable',
    kinds: LEAVES,
    rule: 'check_spte_writable_invariants',
    wrong: ({ mmu, spte }) =>
      isWritablePte(spte) && !isMmuWritable(mmu, spte) ? PT.writable.mask | mmu.masks.mmuWritable : 0n,
    params: () => ({}),
  },
  {
    code: 'mmio-and-present',
    kinds: PRESENT,
    rule: 'is_mmio_spte',
    // Without an MMU-present bit an MMIO entry is not present, so that the two cannot meet.
    wrong: ({ mmu, spte }) =>
      isMmioSpte(mmu, spte) ? (spte & mmu.masks.mmioMask) | mmuPresentMask(mmu.layout) : 0n,
    params: (_wrong, { mmu }) => ({ mmioValue: mmu.masks.vmMmioValue }),
  },
  {
    code: 'l1tf-guard-missing',
    kinds: ['mmio'],
    rule: 'make_mmio_spte',
    wrong: ({ mmu, spte }) => without(mmu.masks.nonpresentOrRsvd, spte),
    params: (missing, { mmu }) => ({ expected: mmu.masks.nonpresentOrRsvd, missing }),
  },
];

/** What no rule of this kernel writes, though nothing refuses it. */
const oddities: readonly Check[] = [
  {
    code: 'table-permissions-missing',
    kinds: ['table'],
    rule: 'make_nonleaf_spte',
    wrong: ({ spte }, { always }) => without(always, spte),
    params: (missing, _entry, { always }) => ({ expected: always, missing }),
  },
  {
    code: 'ad-type-invalid',
    kinds: PRESENT,
    rule: 'spte_ad_enabled',
    // Only where access tracking has bits to take away is there a type to choose; no kernel writes 3.
    wrong({ mmu: { masks, layout }, spte }) {
      const type = spte & layout.adType.mask;
      return masks.accTrack === 0n || type === AD_INVALID << layout.adType.shift ? type : 0n;
    },
    params: (wrong, { mmu }) => ({ type: wrong >> mmu.layout.adType.shift }),
  },
  {
    code: 'present-mask-missing',
    kinds: PRESENT,
    rule: 'make_spte',
    wrong: ({ spte }, { present }) => without(present, spte),
    params: (missing, { mmu }) => ({ expected: mmu.masks.present, missing }),
  },
  {
    code: 'encryption-bits',
    kinds: PRESENT,
    rule: 'make_spte',
    wrong: ({ spte }, { otherKeys }) => spte & otherKeys,
    params: (set) => ({ set }),
  },
  {
    code: 'bits-kvm-never-sets',
    kinds: PRESENT,
    rule: 'make_spte',
    wrong: ({ spte }, { neverSet, rsvdBits }) => without(spte & neverSet, rsvdBits),
    params: (set) => ({ set }),
  },
  {
    code: 'mmio-gfn-too-high',
    kinds: ['mmio'],
    rule: 'kvm_mmu_max_gfn',
    wrong({ mmu, spte, reading }, { maxGfn }) {
      const read = reading as PolicyReading;
      return read.gfn > maxGfn ? spte & gfnBits(mmu, read) || spte : 0n;
    },
    params: (_wrong, { reading }, { maxGfn }) => ({ gfn: (reading as PolicyReading).gfn, last: maxGfn }),
  },
  {
    code: 'bits-without-meaning',
    kinds: WITH_FIELDS,
    rule: 'layout',
    wrong: ({ spte }, { unowned, rsvdBits }) => without(spte & unowned, rsvdBits),
    params: (set, { mmu: { layout } }) => ({ set, since: layout.since, until: layout.until }),
  },
];

/** Every test, errors first. */
const checks: readonly Check[] = [...errors, ...oddities];

const of = (kind: SpteKind): readonly Check[] => checks.filter(({ kinds }) => kinds.includes(kind));

/** The tests of each kind of core's. */
const BY_KIND: ByKind<readonly Check[]> = {
  leaf: of('leaf'),
  tracked: of('tracked'),
  table: of('table'),
  mmio: of('mmio'),
  frozen: [],
  empty: [],
  unknown: [],
};

/** The tests of kinds of plugins. */
const OF_PLUGINS: readonly Check[] = checks.filter(({ kinds }) => kinds === WITH_FIELDS);

/** The tests of a kind, errors first. */
export function checksOf(kind: SpteKind): readonly Check[] {
  return BY_KIND[kind] ?? OF_PLUGINS;
}
