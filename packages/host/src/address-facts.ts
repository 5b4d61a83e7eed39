// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS_SIZES_LEAF, bit, bits } from '@spte/core';
import { MEMORY_ENCRYPTION_LEAF, SYSCFG_MEM_ENCRYPT } from '@spte/vendor-svm';
import { CACHE_BITS, CACHE_BITS_FAMILY, CACHE_BITS_MODELS } from './cache-bits.ts';
import { decimal } from './cpuinfo.ts';
import { cBitOf, encryptionEbx, reductionOf } from './memory-encryption.ts';
import { flag } from './params.ts';
import { assume, type Known, type Source, type Sourced, said } from './source.ts';
import type { Testimony } from './testimony.ts';
import type { VendorName } from './vendor-facts.ts';

const MIN_BITS = 32;
const MAX_BITS = 52;

/** What CPUs of each vendor usually have, assumed when nothing says so. */
const USUAL_BITS: Readonly<Record<VendorName, number>> = { vmx: 46, svm: 48 };

/** What is known of physical addresses. */
export interface AddressFacts {
  readonly physBits: Known<number>;
  readonly maxPhyAddr: Known<number>;
  readonly cacheBits: Known<number>;
  readonly l1tf: Known<boolean>;
  readonly gbpages: Known<boolean>;
  /** EBX of CPUID leaf 0x8000001f. */
  readonly cpuid8000001fEbx: Known<number>;
  readonly syscfg: Known<bigint>;
  readonly smeMeMask: Known<bigint>;
}

/** Widths of addresses, and the bug and the encryption that take bits of them. */
export function addressFacts(machine: Testimony, vendor: VendorName): AddressFacts {
  const physBits = usableBits(machine, vendor);
  const encryption = vendor === 'svm' ? smeFacts(machine) : NO_SME;
  const maxPhyAddr = rawBits(machine, physBits, encryption);
  const l1tf = l1tfBug(machine);
  return {
    physBits,
    maxPhyAddr,
    cacheBits: cacheBits(machine, maxPhyAddr, l1tf.value),
    l1tf,
    gbpages:
      machine.flags === null
        ? assume(true, 'no flags were read; CPUs of the last decade map 1G pages')
        : said(machine.flags.value.has('pdpe1gb'), machine.flags.source, 'flag pdpe1gb'),
    ...encryption,
  };
}

const isWidth = (bits: number): boolean => bits >= MIN_BITS && bits <= MAX_BITS;

const ADDRESS_SIZES = /^(\d{1,2}) bits physical\b/;

function usableBits({ cpuinfo }: Testimony, vendor: VendorName): Known<number> {
  const line = cpuinfo.get('address sizes');
  const found = Number(ADDRESS_SIZES.exec(line?.value ?? '')?.[1] ?? 0);
  if (line !== undefined && isWidth(found)) {
    return said(found, line.source, 'x86_phys_bits: what memory encryption takes is deducted');
  }
  return assume(USUAL_BITS[vendor], 'no `address sizes` within 32..52 were read; many CPUs have this width');
}

type SmeFacts = Pick<AddressFacts, 'cpuid8000001fEbx' | 'syscfg' | 'smeMeMask'> & {
  readonly reduction: Sourced<number> | null;
};

const intelHasNone = 'only AMD has SME';
const NO_SME: SmeFacts = {
  cpuid8000001fEbx: assume(0, intelHasNone),
  syscfg: assume(0n, intelHasNone),
  smeMeMask: assume(0n, intelHasNone),
  reduction: null,
};

/** The kernel shows the flags `sme` and `sev` only where firmware has switched encryption on. */
function smeFacts(machine: Testimony): SmeFacts {
  const { flags } = machine;
  if (flags === null || !(flags.value.has('sme') || flags.value.has('sev'))) {
    const off =
      flags === null ? 'no flags were read' : 'neither flag sme nor sev: firmware has encryption off';
    const known = <T>(value: T): Known<T> =>
      flags === null ? assume(value, off) : said(value, flags.source, off);
    return { cpuid8000001fEbx: known(0), syscfg: known(0n), smeMeMask: known(0n), reduction: null };
  }
  const ebx = encryptionLeaf(machine, flags.source);
  const active = smeActive(machine);
  const cBit = bit(ebx.value & C_BIT_MASK);
  return {
    cpuid8000001fEbx: ebx,
    syscfg: said(SYSCFG_MEM_ENCRYPT, flags.source, 'flag sme or sev: firmware has encryption on'),
    smeMeMask: active.value
      ? { ...active, value: cBit, assumed: active.assumed || ebx.assumed, why: `${active.why}; ${ebx.why}` }
      : { ...active, value: 0n },
    reduction: { value: reductionOf(ebx.value), source: flags.source },
  };
}

/** Bits 5:0 of EBX: the place of the C-bit. */
const C_BIT_MASK = 0x3f;

/** EBX of CPUID leaf 0x8000001f. */
function encryptionLeaf({ cpuid, cpuinfo }: Testimony, flags: Source): Known<number> {
  const leaf = cpuid.get(MEMORY_ENCRYPTION_LEAF);
  if (leaf !== undefined) return said(leaf.value.ebx, leaf.source, 'the C-bit is where CPUID says');
  const row = cBitOf(decimal(cpuinfo, 'cpu family')?.value ?? 0, decimal(cpuinfo, 'model')?.value ?? 0);
  return assume(
    encryptionEbx(row),
    `CPUID is not in /proc/cpuinfo; CPUs of this family have the C-bit at ${row.cBit} and lose ${row.reduction} bits`,
    flags,
  );
}

/** Options of the kernel's configuration. */
const ENCRYPTION_BUILT = 'AMD_MEM_ENCRYPT';
const ENCRYPTION_DEFAULT = 'AMD_MEM_ENCRYPT_ACTIVE_BY_DEFAULT';

/** Whether the host encrypts its own memory. */
function smeActive({ log, cmdline, config }: Testimony): Known<boolean> {
  if (log.smeActive !== null) return said(true, log.smeActive.source, 'the kernel says that SME is active');
  if (log.beginning !== null) {
    return said(false, log.beginning, 'the kernel log has its beginning, and no word of active SME');
  }
  const built = config(ENCRYPTION_BUILT);
  if (built?.value === false) return said(false, built.source, 'this kernel was built without SME');
  const asked = cmdline.get('mem_encrypt');
  if (asked?.value === 'off') return said(false, asked.source, 'switched off on the command line');
  if (asked?.value === 'on') return said(true, asked.source, 'switched on on the command line');
  const byDefault = config(ENCRYPTION_DEFAULT);
  const [line] = cmdline.values();
  if (byDefault !== null && line !== undefined) {
    return said(
      byDefault.value,
      byDefault.source,
      'the default of this kernel, and no mem_encrypt= to change it',
    );
  }
  return assume(
    byDefault?.value ?? false,
    'SME is off unless mem_encrypt=on or the default of the kernel says otherwise, ' +
      'which neither its log nor its command line and configuration were there to tell',
    byDefault?.source ?? line?.source ?? null,
  );
}

/** MAXPHYADDR as CPUID reports it: what encryption takes is added again. */
function rawBits(machine: Testimony, physBits: Known<number>, { reduction }: SmeFacts): Known<number> {
  const { flags, log, cpuid } = machine;
  const raw = (lost: number): number => Math.min(physBits.value + lost, MAX_BITS);
  const leaf = cpuid.get(ADDRESS_SIZES_LEAF);
  if (leaf !== undefined && isWidth(leaf.value.eax & 0xff)) {
    return said(leaf.value.eax & 0xff, leaf.source, 'what CPUID says');
  }
  if (log.keyIdBits !== null) {
    const { value, source } = log.keyIdBits;
    return said(raw(value), source, `usable bits and the ${value} that MKTME key ids take`);
  }
  if (reduction !== null) {
    const why = `CPUID is not in /proc/cpuinfo; CPUs of this family lose ${reduction.value} bits to encryption`;
    return assume(raw(reduction.value), why, reduction.source);
  }
  if (flags?.value.has('tme') === true) {
    if (log.beginning !== null) {
      return said(raw(0), log.beginning, 'the kernel log has its beginning, and no word of MKTME key ids');
    }
    const why =
      'flag tme, but neither CPUID nor the beginning of the kernel log was there to tell how many bits MKTME key ids take';
    return assume(raw(0), why, flags.source);
  }
  return { ...physBits, value: raw(0), why: 'nothing says that encryption takes address bits' };
}

function l1tfBug({ bugs, params, flags }: Testimony): Known<boolean> {
  if (bugs !== null)
    return said(bugs.value.has('l1tf'), bugs.source, 'l1tf among the bugs of the CPU, or not');
  const state = params.get('vulnerabilities.l1tf');
  if (state !== undefined) {
    return said(state.value !== 'Not affected', state.source, 'what the kernel says of its vulnerability');
  }
  return assume(false, 'neither a list of bugs nor one of vulnerabilities was read', flags?.source ?? null);
}

function cacheBits(machine: Testimony, maxPhyAddr: Known<number>, l1tf: boolean): Known<number> {
  const plain = { ...maxPhyAddr, why: 'x86_cache_bits: as many as CPUID reports' };
  if (!l1tf) return plain;
  const family = decimal(machine.cpuinfo, 'cpu family');
  const model = decimal(machine.cpuinfo, 'model');
  if (family === null || model === null) {
    return { ...plain, assumed: true, why: 'no CPU model was read: its cache may look at 44 bits' };
  }
  const row =
    family.value === CACHE_BITS_FAMILY
      ? CACHE_BITS_MODELS.find(({ model: listed }) => listed === model.value)
      : undefined;
  if (row === undefined || maxPhyAddr.value >= CACHE_BITS) return plain;
  return said(CACHE_BITS, model.source, `override_cache_bits(): caches of ${row.name} look at 44 bits`);
}

/** `nx_huge_pages` where its parameter is not known: on for CPUs with the bug. */
export function multihitBug({ bugs, cmdline, params }: Testimony): Known<boolean> {
  const off = cmdline.get('mitigations');
  if (off?.value === 'off') return said(false, off.source, 'mitigations=off');
  if (bugs !== null) {
    const why = 'automatic: on for CPUs with the itlb_multihit bug';
    return said(bugs.value.has('itlb_multihit'), bugs.source, why);
  }
  const state = params.get('vulnerabilities.itlb_multihit');
  if (state === undefined) return assume(false, 'no list of bugs was read');
  const known = state.value === 'Not affected' || state.value === SPLIT;
  const why = 'what the kernel says of the itlb_multihit bug';
  return { value: state.value !== 'Not affected', source: state.source, assumed: !known, why };
}

/** What the kernel says of itlb_multihit while KVM keeps huge pages from being executed. */
const SPLIT = 'KVM: Mitigation: Split huge pages';

/** A switch of kvm.ko: its parameter, or what the command line asks for. */
export function kvmFlag({ params, cmdline }: Testimony, name: string): Sourced<boolean> | null {
  return flag(params, `kvm.${name}`) ?? flag(cmdline, `kvm.${name}`);
}

/** The kernel's `physical_mask`: the address bits of an entry without the C-bit. */
export function physicalMask({ smeMeMask }: AddressFacts): bigint {
  return bits(51, 0) & ~smeMeMask.value;
}
