// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64 } from './arguments.ts';
import { type Because, because } from './because.ts';
import { bitNumbers, bits, hex } from './bits.ts';
import { decodeFields, hardwareFields } from './decode-fields.ts';
import { isPresentKind, readByPolicy, type SpteKind, spteKind, tableBits } from './decode-spte.ts';
import { EPT, PT } from './entry-format.ts';
import { guessUnknown } from './guess-unknown.ts';
import type { Mmu } from './mmu.ts';
import { isMmioSpte, isMmuWritableSpte, isWritablePte, kvmMmuMaxGfn } from './predicates.ts';
import { accessBits } from './role.ts';
import { getRsvdBits, isBadMtXwr } from './rsvd-bits.ts';

/** `error`: the CPU or KVM refuses the entry. `warning`: legal, but this kernel could not have written it. */
export type Severity = 'error' | 'warning';

/** Something wrong with an entry. */
export interface Finding {
  /** Stable name. */
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The bits that are wrong, or that contradict each other, lowest first. */
  readonly bits: readonly number[];
  readonly text: string;
  /** What to do about it, or to ask next. */
  readonly next: string;
  readonly because: Because;
}

/** Every finding there is. */
export type FindingCode =
  | 'reserved-bits'
  | 'bad-memtype'
  | 'bad-xwr'
  | 'invariant.mmu-without-host-writable'
  | 'invariant.hw-writable-without-mmu-writable'
  | 'mmio-and-present'
  | 'l1tf-guard-missing'
  | 'mmio-gfn-too-high'
  | 'not-an-spte'
  | 'bits-without-meaning'
  | 'bits-kvm-never-sets'
  | 'ad-type-invalid'
  | 'x-and-nx'
  | 'present-mask-missing'
  | 'table-permissions-missing'
  | 'encryption-bits';

/** How an entry is to be judged. */
export interface JudgeOptions {
  /** Reserved bits to judge by instead of the MMU's own, such as those that a kernel log printed. */
  readonly rsvdBits?: bigint | undefined;
}

/**
 * Says what is wrong with an entry, and which bits; nothing for a clean one.
 *
 * @param level level of the entry, 1..5; where it is not known, only what is wrong at every level that such an entry
 *   can have
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 */
export function judgeSpte(
  mmu: Mmu,
  spte: bigint,
  level: number | null = null,
  options: JudgeOptions = {},
): Finding[] {
  checkU64('spte', spte);
  if (level !== null) return judgeAt(mmu, spte, checkLevel('level', level), options);
  const [first, ...others] = possibleLevels(mmu, spte).map((at) => judgeAt(mmu, spte, at, options));
  return (first ?? []).flatMap((finding) => {
    const everywhere = others.every((findings) => findings.some(({ code }) => code === finding.code));
    return everywhere ? [finding] : [];
  });
}

/** The levels that an entry without one may have. */
function possibleLevels(mmu: Mmu, spte: bigint): number[] {
  switch (spteKind(mmu, spte, null)) {
    case 'table':
      return [2, 3, 4, 5];
    case 'leaf':
    case 'tracked':
      return (spte & PT.pageSize.mask) === 0n ? [1] : [2, 3];
    default:
      return [1];
  }
}

function judgeAt(mmu: Mmu, spte: bigint, level: number, options: JudgeOptions): Finding[] {
  const kind = spteKind(mmu, spte, level);
  if (isPresentKind(kind)) {
    const findings = [
      ...reservedFindings(mmu, spte, level, options),
      ...(kind === 'table' ? tableFindings(mmu, spte) : leafFindings(mmu, spte)),
      ...presentFindings(mmu, spte, level, kind),
    ];
    return findings.map((finding) => withPageSize(mmu, spte, level, finding));
  }
  if (kind === 'mmio') return mmioFindings(mmu, spte, level);
  return kind === 'unknown' ? unknownFindings(mmu, spte, level) : [];
}

/** Which bits are reserved depends on bit 7: where that bit alone makes the entry wrong, it is named too. */
function withPageSize(mmu: Mmu, spte: bigint, level: number, finding: Finding): Finding {
  if (finding.code !== 'reserved-bits' || level === 1) return finding;
  const toggled = spte ^ PT.pageSize.mask;
  const kind = spteKind(mmu, toggled, level);
  const clean =
    reservedFindings(mmu, toggled, level, {}).length === 0 &&
    (kind === 'table' ? tableFindings(mmu, toggled) : leafFindings(mmu, toggled)).length === 0 &&
    presentFindings(mmu, toggled, level, kind).length === 0;
  if (!clean) return finding;
  const involved = new Set([...finding.bits, PT.pageSize.low]);
  return {
    ...finding,
    bits: [...involved].toSorted((a, b) => a - b),
    next: 'bit 7 (page size) is wrong: with it the other way round the entry is clean',
  };
}

/** What the zero check, or a log line in its place, refuses. */
function reservedFindings(mmu: Mmu, spte: bigint, level: number, { rsvdBits }: JudgeOptions): Finding[] {
  const mask = rsvdBits ?? getRsvdBits(mmu.zeroCheck, spte, level);
  const findings: Finding[] = [];
  const reserved = spte & mask;
  if (reserved !== 0n) {
    findings.push({
      code: 'reserved-bits',
      severity: 'error',
      bits: bitNumbers(reserved),
      text: `reserved bits ${hex(reserved)} are set; at level ${level} ${hex(mask)} must be 0`,
      next: 'a pfn beyond MAXPHYADDR, a misaligned huge page, or a stray write: compare with the pfn that was asked for',
      because: because(mmu, 'get_rsvd_bits', mask),
    });
  }
  const { zeroCheck } = mmu;
  if (!isBadMtXwr(zeroCheck, spte)) return findings;
  // One of the two is bad if it is so beside a good other.
  const fetch = EPT.executable.mask | zeroCheck.xu;
  const permissions = EPT.readable.mask | EPT.writable.mask | fetch;
  const memtype = EPT.memtype.mask;
  if (isBadMtXwr(zeroCheck, (spte & ~permissions) | permissions)) {
    findings.push({
      code: 'bad-memtype',
      severity: 'error',
      bits: bitNumbers(memtype),
      text: `memory type ${(spte & memtype) >> EPT.memtype.shift} is reserved: an EPT misconfiguration`,
      next: 'KVM writes 0, 1, 4, 5 or 6: look at what the guest MTRRs said, or for a stray write',
      because: because(mmu, '__is_bad_mt_xwr', memtype),
    });
  }
  if (isBadMtXwr(zeroCheck, spte & ~memtype)) {
    findings.push({
      code: 'bad-xwr',
      severity: 'error',
      bits: bitNumbers(permissions),
      text: `permissions ${xwrText(spte)} do not go together: writes need reads, and fetches alone are refused here`,
      next: 'an MMIO entry of another kernel, or permissions lost one by one',
      because: because(mmu, '__is_bad_mt_xwr', permissions),
    });
  }
  return findings;
}

const xwrText = (spte: bigint): string => `XWR=${(spte & bits(2, 0)).toString(2).padStart(3, '0')}b`;

/** The invariants of the two software bits, which hold in leaves. */
function leafFindings(mmu: Mmu, spte: bigint): Finding[] {
  const { hostWritable, mmuWritable } = mmu.masks;
  if (isMmuWritableSpte(mmu, spte)) {
    if ((spte & hostWritable) !== 0n) return [];
    return [
      {
        code: 'invariant.mmu-without-host-writable',
        severity: 'error',
        bits: bitNumbers(hostWritable | mmuWritable),
        text: 'MMU-writable is set, so that a write fault would make the page writable, but the host has it read-only',
        next: 'which path cleared host-writable without clearing MMU-writable?',
        because: because(mmu, 'check_spte_writable_invariants', hostWritable | mmuWritable),
      },
    ];
  }
  if (!isWritablePte(spte)) return [];
  const involved = mmuWritable | PT.writable.mask;
  return [
    {
      code: 'invariant.hw-writable-without-mmu-writable',
      severity: 'error',
      bits: bitNumbers(involved),
      text: 'the CPU may write, but MMU-writable is clear: write-protection of the page is void',
      next: 'which path set W without asking whether the gfn is write-tracked?',
      because: because(mmu, 'check_spte_writable_invariants', involved),
    },
  ];
}

/** A table lacks what `make_nonleaf_spte()` always sets. */
function tableFindings(mmu: Mmu, spte: bigint): Finding[] {
  const always = tableBits(mmu);
  const missing = always & ~spte;
  if (missing === 0n) return [];
  return [
    {
      code: 'table-permissions-missing',
      severity: 'warning',
      bits: bitNumbers(missing),
      text: `KVM sets ${hex(always)} in every table; ${hex(missing)} is clear`,
      next: 'everything below is cut off or restricted: is this really a table, and at this level?',
      because: because(mmu, 'make_nonleaf_spte', always),
    },
  ];
}

/** What no rule of this kernel leaves in a present entry, though the CPU would not mind. */
function presentFindings(mmu: Mmu, spte: bigint, level: number, kind: SpteKind): Finding[] {
  const { masks, layout } = mmu;
  const findings: Finding[] = [];
  const warning = (code: FindingCode, involved: bigint, text: string, next: string, rule: string): void => {
    findings.push({
      code,
      severity: 'warning',
      bits: bitNumbers(involved),
      text,
      next,
      because: because(mmu, rule, involved),
    });
  };

  if (layout.mmuPresent !== null && isMmioSpte(mmu, spte)) {
    findings.push({
      code: 'mmio-and-present',
      severity: 'error',
      bits: bitNumbers((spte & masks.mmioMask) | layout.mmuPresent.mask),
      text: `an MMIO entry (${hex(masks.vmMmioValue)}) with the MMU-present bit: KVM takes it for a mapping`,
      next: 'was it written by a kernel that kept the generation in bit 11?',
      because: because(mmu, 'is_mmio_spte', masks.mmioMask),
    });
  }
  const type = spte & layout.adType.mask;
  const used = masks.accTrack === 0n ? 0n : layout.adType.mask;
  if (type === layout.adType.mask || (type & ~used) !== 0n) {
    warning(
      'ad-type-invalid',
      type,
      `the A/D type is ${type >> layout.adType.shift}, which KVM does not write ${used === 0n ? 'in this format' : 'at all'}`,
      'the pfn of a wider machine, or a stray write',
      'spte_ad_enabled',
    );
  }
  if (masks.nx !== 0n && masks.x !== 0n && (spte & masks.nx) !== 0n && (spte & masks.x) !== 0n) {
    warning(
      'x-and-nx',
      masks.x | masks.nx,
      'fetches are both allowed and refused',
      'a stray write',
      'make_spte',
    );
  }
  const untracked = masks.present & ~masks.accTrack;
  const absent = (kind === 'tracked' ? untracked : masks.present) & ~spte;
  if (absent !== 0n) {
    warning(
      'present-mask-missing',
      absent,
      `KVM sets ${hex(masks.present)} in every present entry; ${hex(absent)} is clear`,
      'an entry of another kernel (bit 63 since 6.10), or a stray write',
      'make_spte',
    );
  }
  const key = masks.meMask & ~masks.meValue & spte;
  if (key !== 0n) {
    warning(
      'encryption-bits',
      key,
      `KVM uses key id 0; ${hex(key)} is set`,
      'a pfn with a key id',
      'make_spte',
    );
  }
  const reserved = getRsvdBits(mmu.zeroCheck, spte, level);
  const known = hardwareFields(mmu, level, kind).reduce((mask, field) => mask | field.mask, 0n);
  const odd = spte & known & ~usedBits(mmu, level) & ~reserved;
  if (odd !== 0n) {
    warning(
      'bits-kvm-never-sets',
      odd,
      `KVM never sets ${hex(odd)} here`,
      'another hypervisor, or a stray write',
      'make_spte',
    );
  }
  return [...findings, ...meaningless(mmu, spte, level, kind)];
}

/** The bits with a meaning to the CPU that this kernel sets at this level, but for the address. */
function usedBits({ masks, kernel }: Mmu, level: number): bigint {
  const read = accessBits(kernel).read === 0 ? 0n : PT.present.mask;
  const permissions = masks.present | read | PT.writable.mask | masks.user | masks.x | masks.xu | masks.nx;
  const pageSize = level === 1 ? 0n : PT.pageSize.mask;
  const software = masks.hostWritable | masks.mmuWritable;
  return permissions | pageSize | masks.accessed | masks.dirty | masks.memtype | masks.accTrack | software;
}

/** Bits that are set where neither the CPU nor KVM looks. */
function meaningless(mmu: Mmu, spte: bigint, level: number, kind: SpteKind): Finding[] {
  const mmio = kind === 'mmio' ? readByPolicy(mmu, spte) : null;
  const stray = decodeFields(mmu, spte, level, kind, mmio)
    .filter(({ owner }) => owner === 'none')
    .reduce((mask, field) => mask | (spte & field.mask), 0n);
  if (stray === 0n) return [];
  return [
    {
      code: 'bits-without-meaning',
      severity: 'warning',
      bits: bitNumbers(stray),
      text: `${hex(stray)} is set, where neither the CPU nor KVM ${mmu.layout.since} to ${mmu.layout.until ?? 'now'} keeps anything`,
      next: 'an entry of another kernel release, another hypervisor, or a stray write',
      because: because(mmu, `layout since ${mmu.layout.since}`, stray),
    },
  ];
}

function mmioFindings(mmu: Mmu, spte: bigint, level: number): Finding[] {
  const { masks } = mmu;
  const findings: Finding[] = [];
  const guard = masks.nonpresentOrRsvd & ~spte;
  if (guard !== 0n) {
    findings.push({
      code: 'l1tf-guard-missing',
      severity: 'error',
      bits: bitNumbers(guard),
      text: `KVM sets ${hex(masks.nonpresentOrRsvd)} in every MMIO entry against L1TF; ${hex(guard)} is clear`,
      next: 'was the mitigation, or the cache width, another one when the entry was written?',
      because: because(mmu, 'make_mmio_spte', masks.nonpresentOrRsvd),
    });
  }
  const reading = readByPolicy(mmu, spte);
  const maxGfn = kvmMmuMaxGfn(mmu);
  if (reading !== null && reading.gfn > maxGfn) {
    findings.push({
      code: 'mmio-gfn-too-high',
      severity: 'warning',
      bits: bitNumbers(spte & masks.lowerGfn),
      text: `gfn ${hex(reading.gfn)} is beyond the last one, ${hex(maxGfn)}`,
      next: 'what did the guest access?',
      because: because(mmu, 'kvm_mmu_max_gfn', masks.lowerGfn),
    });
  }
  return [...findings, ...meaningless(mmu, spte, level, 'mmio')];
}

/** An entry of no kind; where one bit makes it a clean mapping, that bit is named. */
function unknownFindings(mmu: Mmu, spte: bigint, level: number): Finding[] {
  const present = mmu.layout.mmuPresent?.mask ?? 0n;
  const oneBitOff = (spte & present) !== present && judgeAt(mmu, spte | present, level, {}).length === 0;
  const guesses = guessUnknown(mmu, spte).map(({ text }) => text);
  return [
    {
      code: 'not-an-spte',
      severity: 'error',
      bits: oneBitOff ? bitNumbers(present) : bitNumbers(spte),
      text: oneBitOff
        ? `without the MMU-present bit this is no entry of KVM's, with it a clean one`
        : 'not present, empty, frozen or MMIO in this kernel',
      next:
        guesses.length > 0 ? `it may be ${guesses.join('; or ')}` : 'garbage, or an entry of another kernel',
      because: because(mmu, 'is_shadow_present_pte', present),
    },
  ];
}
