// SPDX-License-Identifier: GPL-2.0-only
import { bit, bits } from '@spte/core';
import { CACHE_BITS, CACHE_BITS_FAMILY, CACHE_BITS_MODELS } from './cache-bits.ts';
import { decimal } from './cpuinfo.ts';
import { cBitOf, encryptionEbx, SYSCFG_ENCRYPTION } from './memory-encryption.ts';
import { flag } from './params.ts';
import { assume, type Known, type Sourced, said } from './source.ts';
import type { Testimony } from './testimony.ts';
import type { VendorName } from './vendor-facts.ts';

const MIN_BITS = 32;
const MAX_BITS = 52;

/** What CPUs of each vendor usually have, for want of a word about it. */
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

const ADDRESS_SIZES = /^(\d{1,2}) bits physical\b/;

function usableBits({ cpuinfo }: Testimony, vendor: VendorName): Known<number> {
  const line = cpuinfo.get('address sizes');
  const found = Number(ADDRESS_SIZES.exec(line?.value ?? '')?.[1] ?? 0);
  if (line !== undefined && found >= MIN_BITS && found <= MAX_BITS) {
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
function smeFacts({ cpuinfo, flags, cmdline, log }: Testimony): SmeFacts {
  if (flags === null || !(flags.value.has('sme') || flags.value.has('sev'))) {
    const off =
      flags === null ? 'no flags were read' : 'neither flag sme nor sev: firmware has encryption off';
    const known = <T>(value: T): Known<T> =>
      flags === null ? assume(value, off) : said(value, flags.source, off);
    return { cpuid8000001fEbx: known(0), syscfg: known(0n), smeMeMask: known(0n), reduction: null };
  }
  const row = cBitOf(decimal(cpuinfo, 'cpu family')?.value ?? 0, decimal(cpuinfo, 'model')?.value ?? 0);
  const requested = cmdline.get('mem_encrypt');
  const active =
    log.smeActive ?? (requested?.value === 'on' ? { value: true, source: requested.source } : null);
  return {
    cpuid8000001fEbx: assume(
      encryptionEbx(row),
      `CPUID is not in /proc/cpuinfo; CPUs of this family have the C-bit at ${row.cBit} and lose ${row.reduction} bits`,
      flags.source,
    ),
    syscfg: said(SYSCFG_ENCRYPTION, flags.source, 'flag sme or sev: firmware has encryption on'),
    smeMeMask:
      active === null
        ? assume(0n, 'no word of mem_encrypt=on or of active SME: the host does not encrypt its own memory')
        : assume(bit(row.cBit), 'SME is active; the place of the C-bit is that of the family', active.source),
    reduction: { value: row.reduction, source: flags.source },
  };
}

/** MAXPHYADDR as CPUID reports it: what encryption takes is added again. */
function rawBits({ flags, log }: Testimony, physBits: Known<number>, { reduction }: SmeFacts): Known<number> {
  const raw = (lost: number): number => Math.min(physBits.value + lost, MAX_BITS);
  if (log.keyIdBits !== null) {
    const { value, source } = log.keyIdBits;
    return said(raw(value), source, `usable bits and the ${value} that MKTME key ids take`);
  }
  if (reduction !== null) {
    const why = `CPUID is not in /proc/cpuinfo; CPUs of this family lose ${reduction.value} bits to encryption`;
    return assume(raw(reduction.value), why, reduction.source);
  }
  if (flags?.value.has('tme') === true) {
    return assume(raw(0), 'flag tme, but no kernel log says how many bits MKTME key ids take', flags.source);
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
export function multihitBug({ bugs, cmdline }: Testimony): Known<boolean> {
  const off = cmdline.get('mitigations');
  if (off?.value === 'off') return said(false, off.source, 'mitigations=off');
  if (bugs === null) return assume(false, 'no list of bugs was read');
  return said(
    bugs.value.has('itlb_multihit'),
    bugs.source,
    'automatic: on for CPUs with the itlb_multihit bug',
  );
}

/** A switch of kvm.ko: its parameter, or what the command line asks for. */
export function kvmFlag({ params, cmdline }: Testimony, name: string): Sourced<boolean> | null {
  return flag(params, `kvm.${name}`) ?? flag(cmdline, `kvm.${name}`);
}

/** The kernel's `physical_mask`: the address bits of an entry without the C-bit. */
export function physicalMask({ smeMeMask }: AddressFacts): bigint {
  return bits(51, 0) & ~smeMeMask.value;
}
