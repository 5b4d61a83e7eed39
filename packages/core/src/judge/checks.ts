// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, bits, hex } from '../bits/bits.ts';
import { EPT, PT } from '../cpu/entry-format.ts';
import { isBadMtXwr } from '../cpu/rsvd-bits.ts';
import { mmuPresentMask } from '../kernel/layout.ts';
import { accessBits } from '../kernel/role.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import { hardwareFields, unownedBits } from '../read/decode-fields.ts';
import { readByPolicy, type SpteKind, tableBits } from '../read/spte-kind.ts';
import { isMmioSpte, isMmuWritableSpte, isWritablePte, kvmMmuMaxGfn } from '../rules/predicates.ts';
import type { Check, Judged } from './finding.ts';

const LEAVES: readonly SpteKind[] = ['leaf', 'tracked'];
const PRESENT: readonly SpteKind[] = [...LEAVES, 'table'];

/** The permission bits of an EPT entry that the bitmap of bad combinations looks at. */
const permissionBits = ({ mmu }: Judged): bigint =>
  EPT.readable.mask | EPT.writable.mask | EPT.executable.mask | mmu.zeroCheck.xu;

const xwr = (spte: bigint): string => `XWR=${(spte & bits(2, 0)).toString(2).padStart(3, '0')}b`;

/** The bits with a meaning to the CPU that this kernel sets at this level, but for the address. */
function usedBits({ mmu: { masks, kernel }, level }: Judged): bigint {
  const read = accessBits(kernel).read === 0 ? 0n : PT.present.mask;
  const permissions = masks.present | read | PT.writable.mask | masks.user | masks.x | masks.xu | masks.nx;
  const pageSize = level === 1 ? 0n : PT.pageSize.mask;
  const software = masks.hostWritable | masks.mmuWritable;
  return permissions | pageSize | masks.accessed | masks.dirty | masks.memtype | masks.accTrack | software;
}

/** Where an MMIO entry keeps its gfn: what its fields claim of the address, but for the marker and the L1TF guard. */
export function gfnBits({ masks: { mmioMask, nonpresentOrRsvd } }: Mmu, { fields }: PolicyReading): bigint {
  const claimed = fields.reduce((sum, { mask }) => sum | mask, 0n);
  return claimed & ADDRESS & ~mmioMask & ~nonpresentOrRsvd;
}

/** What the CPU, or an assertion of KVM, refuses. */
const errors: readonly Check[] = [
  {
    code: 'reserved-bits',
    severity: 'error',
    kinds: PRESENT,
    rule: 'get_rsvd_bits',
    wrong: ({ spte, rsvdBits }) => spte & rsvdBits,
    text: (wrong, { level, rsvdBits }) =>
      `reserved bits ${hex(wrong)} are set; at level ${level} ${hex(rsvdBits)} must be 0`,
    next: 'a pfn beyond MAXPHYADDR, a misaligned huge page, or a stray write: compare with the pfn that was asked for',
  },
  {
    code: 'bad-memtype',
    severity: 'error',
    kinds: PRESENT,
    rule: '__is_bad_mt_xwr',
    // The memory type is bad if it is so beside good permissions.
    wrong: (judged) =>
      isBadMtXwr(judged.mmu.zeroCheck, judged.spte | permissionBits(judged)) ? EPT.memtype.mask : 0n,
    text: (wrong, { spte }) =>
      `memory type ${(spte & wrong) >> EPT.memtype.shift} is reserved: an EPT misconfiguration`,
    next: 'KVM writes 0, 1, 4, 5 or 6: look at what the guest MTRRs said, or for a stray write',
  },
  {
    code: 'bad-xwr',
    severity: 'error',
    kinds: PRESENT,
    rule: '__is_bad_mt_xwr',
    // Permissions are bad if they are so beside memory type 0.
    wrong: (judged) =>
      isBadMtXwr(judged.mmu.zeroCheck, judged.spte & ~EPT.memtype.mask) ? permissionBits(judged) : 0n,
    text: (_wrong, { spte }) =>
      `permissions ${xwr(spte)} do not go together: writes need reads, and fetches alone are refused here`,
    next: 'an MMIO entry of another kernel, or permissions lost one by one',
  },
  {
    code: 'invariant.mmu-without-host-writable',
    severity: 'error',
    kinds: LEAVES,
    rule: 'check_spte_writable_invariants',
    wrong: ({ mmu, spte }) => {
      const { hostWritable, mmuWritable } = mmu.masks;
      return isMmuWritableSpte(mmu, spte) && (spte & hostWritable) === 0n ? hostWritable | mmuWritable : 0n;
    },
    text: () =>
      'MMU-writable is set, so that a write fault would make the page writable, but the host has it read-only',
    next: 'which path cleared host-writable without clearing MMU-writable?',
  },
  {
    code: 'invariant.hw-writable-without-mmu-writable',
    severity: 'error',
    kinds: LEAVES,
    rule: 'check_spte_writable_invariants',
    wrong: ({ mmu, spte }) =>
      isWritablePte(spte) && !isMmuWritableSpte(mmu, spte) ? PT.writable.mask | mmu.masks.mmuWritable : 0n,
    text: () => 'the CPU may write, but MMU-writable is clear: write-protection of the page is void',
    next: 'which path set W without asking whether the gfn is write-tracked?',
  },
  {
    code: 'mmio-and-present',
    severity: 'error',
    kinds: PRESENT,
    rule: 'is_mmio_spte',
    // Without an MMU-present bit an MMIO entry is not present, so that the two cannot meet.
    wrong: ({ mmu, spte }) =>
      isMmioSpte(mmu, spte) ? (spte & mmu.masks.mmioMask) | mmuPresentMask(mmu.layout) : 0n,
    text: (_wrong, { mmu }) =>
      `an MMIO entry (${hex(mmu.masks.vmMmioValue)}) with the MMU-present bit: KVM takes it for a mapping`,
    next: 'was it written by a kernel that kept the generation in bit 11?',
  },
  {
    code: 'l1tf-guard-missing',
    severity: 'error',
    kinds: ['mmio'],
    rule: 'make_mmio_spte',
    wrong: ({ mmu, spte }) => mmu.masks.nonpresentOrRsvd & ~spte,
    text: (wrong, { mmu }) =>
      `KVM sets ${hex(mmu.masks.nonpresentOrRsvd)} in every MMIO entry against L1TF; ${hex(wrong)} is clear`,
    next: 'was the mitigation, or the cache width, another one when the entry was written?',
  },
];

/** What no rule of this kernel writes, though nothing refuses it. */
const oddities: readonly Check[] = [
  {
    code: 'table-permissions-missing',
    severity: 'warning',
    kinds: ['table'],
    rule: 'make_nonleaf_spte',
    wrong: ({ mmu, spte }) => tableBits(mmu) & ~spte,
    text: (wrong, { mmu }) => `KVM sets ${hex(tableBits(mmu))} in every table; ${hex(wrong)} is clear`,
    next: 'everything below is cut off or restricted: is this really a table, and at this level?',
  },
  {
    code: 'ad-type-invalid',
    severity: 'warning',
    kinds: PRESENT,
    rule: 'spte_ad_enabled',
    // Only where access tracking has bits to take away is there a type to choose; no kernel writes 3.
    wrong({ mmu: { masks, layout }, spte }) {
      const type = spte & layout.adType.mask;
      return masks.accTrack === 0n || type === layout.adType.mask ? type : 0n;
    },
    text: (wrong, { mmu }) => `KVM does not write the A/D type ${wrong >> mmu.layout.adType.shift} here`,
    next: 'the pfn of a wider machine, or a stray write',
  },
  {
    code: 'present-mask-missing',
    severity: 'warning',
    kinds: PRESENT,
    rule: 'make_spte',
    wrong: ({ mmu: { masks }, spte, kind }) =>
      masks.present & ~(kind === 'tracked' ? masks.accTrack : 0n) & ~spte,
    text: (wrong, { mmu }) =>
      `KVM sets ${hex(mmu.masks.present)} in every present entry; ${hex(wrong)} is clear`,
    next: 'an entry of another kernel (bit 63 since 6.10), or a stray write',
  },
  {
    code: 'encryption-bits',
    severity: 'warning',
    kinds: PRESENT,
    rule: 'make_spte',
    wrong: ({ mmu: { masks }, spte }) => spte & masks.meMask & ~masks.meValue,
    text: (wrong) => `KVM uses key id 0; ${hex(wrong)} is set`,
    next: 'a pfn with a key id',
  },
  {
    code: 'bits-kvm-never-sets',
    severity: 'warning',
    kinds: PRESENT,
    rule: 'make_spte',
    wrong(judged) {
      const { mmu, spte, level, kind, rsvdBits } = judged;
      const known = hardwareFields(mmu, level, kind).reduce((mask, field) => mask | field.mask, 0n);
      return spte & known & ~usedBits(judged) & ~rsvdBits;
    },
    text: (wrong) => `KVM never sets ${hex(wrong)} here`,
    next: 'another hypervisor, or a stray write',
  },
  {
    code: 'mmio-gfn-too-high',
    severity: 'warning',
    kinds: ['mmio'],
    rule: 'kvm_mmu_max_gfn',
    wrong({ mmu, spte }) {
      // An entry is MMIO because a policy read it.
      const reading = readByPolicy(mmu, spte) as PolicyReading;
      return reading.gfn > kvmMmuMaxGfn(mmu) ? spte & gfnBits(mmu, reading) : 0n;
    },
    text: (_wrong, { mmu }) => `the gfn is beyond the last one, ${hex(kvmMmuMaxGfn(mmu))}`,
    next: 'what did the guest access?',
  },
  {
    code: 'bits-without-meaning',
    severity: 'warning',
    kinds: [...PRESENT, 'mmio'],
    rule: 'layout',
    wrong: ({ mmu, spte, level, kind, rsvdBits }) => spte & unownedBits(mmu, spte, level, kind) & ~rsvdBits,
    text: (wrong, { mmu: { layout } }) =>
      `${hex(wrong)} is set, where neither the CPU nor KVM ${layout.since} to ${layout.until ?? 'now'} keeps anything`,
    next: 'an entry of another kernel release, another hypervisor, or a stray write',
  },
];

/** Every test, errors first. */
export const checks: readonly Check[] = [...errors, ...oddities];
