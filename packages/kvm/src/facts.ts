// SPDX-License-Identifier: GPL-2.0-only
import { C_BITS, type HostConfig, type VendorChoice } from '@spte/host';
import { KernelError, type Struct } from '@spte/vmcore';
import type { KvmModules, KvmVendor } from './kvm-modules.ts';

/** A fact of the machine that stands in the kernel's memory. */
export interface MemoryFact {
  readonly name: string;
  readonly value: string | number | boolean | bigint;
  /** The variable that it was read from, with its member. */
  readonly symbol: string;
  /** Where that is; null for what is assumed. */
  readonly address: bigint | null;
}

/** What a kernel's memory says about its machine, and the configuration that follows. */
export interface MemoryFacts {
  readonly facts: readonly MemoryFact[];
  readonly config: HostConfig;
}

/*
 * Words of `x86_capability`: 1 is EDX of CPUID leaf 0x80000001, 7 is the kernel's own, 19 is EAX of leaf 0x8000001f. Words
 * of bugs follow the last of them.
 */
const GBPAGES = { word: 1, bit: 26 } as const;
const L1TF_PTEINV = { word: 7, bit: 29 } as const;
const SME = { word: 19, bit: 0 } as const;
const BUG_L1TF = 18;
const SYSCFG_MEM_ENCRYPT = 1n << 23n;

/** Bytes of the names of one word of capabilities. */
const NAMES_OF_WORD = 32n * 8n;

/** Bits of `vmx_capability.ept`. */
const EPT = { execOnly: 1n << 0n, page2M: 1n << 16n, page1G: 1n << 17n, ad: 1n << 21n } as const;

/** Collects facts, each with its place. */
class Facts {
  readonly list: MemoryFact[] = [];

  add<Value extends MemoryFact['value']>(
    name: string,
    value: Value,
    symbol: string,
    address: bigint | null,
  ): Value {
    this.list.push({ name, value, symbol, address });
    return value;
  }
}

/**
 * What KVM found on the machine when it was loaded, from the variables that it looked at.
 *
 * @throws MissingMemory, KernelError when they are not in the dump
 */
export function memoryFacts(kvm: KvmModules, vendor: KvmVendor): MemoryFacts {
  const { kernel } = kvm;
  const facts = new Facts();
  const place = neededSymbol(kvm, 'boot_cpu_data');
  const cpu = kernel.struct('cpuinfo_x86', place);
  const byte = (name: string, member: string): number =>
    facts.add(name, cpu.number(member), `boot_cpu_data.${member}`, cpu.addressOf(member));
  const flag = (name: string, isSet: boolean, word: number): boolean =>
    facts.add(name, isSet, `boot_cpu_data.x86_capability[${word}]`, cpu.addressOf(`x86_capability[${word}]`));
  facts.add('kernel', kernel.release, 'init_uts_ns', neededSymbol(kvm, 'init_uts_ns'));
  const physBits = byte('physBits', 'x86_phys_bits');
  const bugs = firstBugWord(kvm, cpu);
  const l1tf = flag('l1tf', hasBit(cpu, { word: bugs, bit: BUG_L1TF }), bugs);
  const maxPhyAddr = numberOf(kvm, facts, 'maxPhyAddr', ['shadow_phys_bits', 'kvm_host'], 1) ?? physBits;
  const physicalMask = wordOf(kvm, facts, 'physicalMask', 'physical_mask');
  const host = {
    physBits,
    cacheBits: byte('cacheBits', 'x86_cache_bits'),
    l1tf,
    cpuid80000008Eax: maxPhyAddr,
    gbpages: flag('gbpages', hasBit(cpu, GBPAGES), GBPAGES.word),
    ...(physicalMask !== null && { physicalMask }),
  };
  const nxHugePages = (numberOf(kvm, facts, 'nxHugePages', ['nx_huge_pages'], 1) ?? 0) === 1;
  const mmioCaching = cachingOf(kvm, facts);
  const choice = vendor === 'vmx' ? vmxChoice(kvm, facts) : svmChoice(kvm, facts, cpu, maxPhyAddr - physBits);
  const level = numberOf(kvm, facts, 'tdpRootLevel', ['tdp_root_level', 'max_tdp_level'], 4);
  return {
    facts: facts.list,
    config: {
      kernel: releaseText(kvm),
      host,
      params: { nxHugePages },
      mmioCaching,
      vendor: choice,
      root: level === 4 || level === 5 ? { level } : {},
    },
  };
}

/** The release as `uname -a` has it: with the version of a distribution, which says what is patched. */
function releaseText(kvm: KvmModules): string {
  const { kernel } = kvm;
  const uts = kernel.struct('uts_namespace', neededSymbol(kvm, 'init_uts_ns'));
  const version = uts.text('name.version');
  return /Debian (\d+\.\d+\.\d+)/.exec(version)?.[1] ?? kernel.release;
}

/** Whether a capability is set. */
function hasBit(cpu: Struct, { word, bit }: { readonly word: number; readonly bit: number }): boolean {
  return (
    word < cpu.countOf('x86_capability') && ((cpu.get(`x86_capability[${word}]`) >> BigInt(bit)) & 1n) === 1n
  );
}

/**
 * The first word of bugs: one or two are behind the capabilities. The tables of their names, which lie beside each other,
 * tell how many; else the flag that is set with the bug does.
 */
function firstBugWord({ kernel }: KvmModules, cpu: Struct): number {
  const words = cpu.countOf('x86_capability');
  const bugNames = kernel.symbols.address('x86_bug_flags') ?? 0n;
  const names = kernel.symbols.address('x86_cap_flags') ?? 0n;
  if (names - bugNames === NAMES_OF_WORD) return words - 1;
  if (names - bugNames === 2n * NAMES_OF_WORD) return words - 2;
  // The flag is set with the bug.
  const isBugOf = (word: number): boolean => hasBit(cpu, { word, bit: BUG_L1TF });
  return isBugOf(words - 2) === hasBit(cpu, L1TF_PTEINV) ? words - 2 : words - 1;
}

/** Address of a variable of the kernel that all have. */
function neededSymbol({ kernel }: KvmModules, name: string): bigint {
  const address = kernel.symbols.address(name);
  if (address === null) throw new KernelError(`the kernel has no symbol ${name}`);
  return address;
}

/** A variable of KVM as a number; null where this kernel has none of these names. */
function numberOf(
  kvm: KvmModules,
  facts: Facts,
  name: string,
  symbols: readonly string[],
  bytes: number,
): number | null {
  for (const symbol of symbols) {
    const found = kvm.symbol(symbol);
    if (found === null) continue;
    return facts.add(name, Number(kvm.kernel.memory.word(found.address, bytes)), symbol, found.address);
  }
  return null;
}

function flagOf(kvm: KvmModules, facts: Facts, name: string, symbol: string, otherwise: boolean): boolean {
  const found = numberOf(kvm, facts, name, [symbol], 1);
  return found === null ? otherwise : found !== 0;
}

/** A variable of the kernel; null where it has none of that name. */
function wordOf({ kernel }: KvmModules, facts: Facts, name: string, symbol: string): bigint | null {
  const address = kernel.symbols.address(symbol);
  return address === null ? null : facts.add(name, kernel.memory.u64(address), symbol, address);
}

/** What the parameter said: since 6.3 KVM keeps it beside what it made of it. */
function cachingOf(kvm: KvmModules, facts: Facts): boolean {
  const symbol = kvm.symbol('allow_mmio_caching') === null ? 'enable_mmio_caching' : 'allow_mmio_caching';
  return flagOf(kvm, facts, 'mmioCaching', symbol, true);
}

function vmxChoice(kvm: KvmModules, facts: Facts): VendorChoice {
  const ept = flagOf(kvm, facts, 'ept', 'enable_ept', true);
  const eptAd = flagOf(kvm, facts, 'eptAd', 'enable_ept_ad_bits', true);
  const pml = flagOf(kvm, facts, 'pml', 'enable_pml', eptAd);
  const capability = BigInt(numberOf(kvm, facts, 'vmxCapabilityEpt', ['vmx_capability'], 4) ?? 0);
  const has = (bit: bigint): boolean => (capability & bit) !== 0n;
  const eptMaxPageLevel = has(EPT.page1G) ? 3 : has(EPT.page2M) ? 2 : 1;
  return { name: 'vmx', options: { ept, eptAd, eptExecOnly: has(EPT.execOnly), eptMaxPageLevel, pml } };
}

function svmChoice(kvm: KvmModules, facts: Facts, cpu: Struct, reduction: number): VendorChoice {
  const npt = flagOf(kvm, facts, 'npt', 'npt_enabled', true);
  const smeMeMask = wordOf(kvm, facts, 'smeMeMask', 'sme_me_mask') ?? 0n;
  // The kernel keeps the capability only where the firmware has encryption on.
  const isOn = hasBit(cpu, SME) || smeMeMask !== 0n;
  facts.add('memoryEncryption', isOn, `boot_cpu_data.x86_capability[${SME.word}]`, cpu.address);
  const cBit = smeMeMask === 0n ? cBitOf(cpu) : smeMeMask.toString(2).length - 1;
  return {
    name: 'svm',
    options: {
      npt,
      cpuid80000000Eax: isOn ? 0x8000_001f : 0,
      cpuid8000001fEbx: cBit | (Math.max(reduction, 0) << 6),
      syscfg: isOn ? SYSCFG_MEM_ENCRYPT : 0n,
      smeMeMask,
    },
  };
}

/** Where a CPU has its C-bit when nothing uses it. */
function cBitOf(cpu: Struct): number {
  const family = cpu.number('x86');
  const model = cpu.number('x86_model');
  return C_BITS.findLast((row) => row.family === family && row.fromModel <= model)?.cBit ?? 51;
}
