// SPDX-License-Identifier: GPL-2.0-only
import {
  createMmu,
  eferNxOfRole,
  type Masks,
  type Mmu,
  mmuWithMasks,
  type RootConfig,
  readKernelRelease,
} from '@spte/core';
import { checkMasks, type MaskCheck, mmuConfigOf } from '@spte/host';
import type { Kernel } from '@spte/vmcore';
import { type MemoryFacts, memoryFacts } from './facts.ts';
import { type KvmModules, type KvmVendor, kvmModules } from './kvm-modules.ts';
import { masksInMemory, otherSymbols, type ReadSymbol, shadowSymbols } from './masks.ts';
import { kvmParameters } from './params.ts';
import { type Problem, Problems } from './problems.ts';
import type { Root } from './roots.ts';
import { type Vm, vmsOf } from './vms.ts';

/** KVM in a dump: what it was configured to, and every VM. */
export interface KvmHost {
  readonly kernel: Kernel;
  readonly kvm: KvmModules;
  /** Which vendor module is loaded; null where none is. */
  readonly vendor: KvmVendor | null;
  /** `shadow_*` variables, each in its own width. */
  readonly symbols: readonly ReadSymbol[];
  /** Masks of the registry, as they stand in memory. */
  readonly masks: Partial<Masks>;
  /** Parameters as `/sys/module` shows them, by `MODULE.NAME`; null for one that cannot be printed. */
  readonly params: Readonly<Record<string, string | null>>;
  /** Facts of the machine in memory; null without a vendor module, or where they are missing. */
  readonly facts: MemoryFacts | null;
  /** What those facts lead to, by the rules of the kernel; null without facts. */
  readonly predicted: Mmu | null;
  /** Each variable beside what was predicted for it; empty without facts. */
  readonly checks: readonly MaskCheck[];
  readonly vms: readonly Vm[];
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

/**
 * Reads KVM in a kernel: masks, parameters, and every VM with slots, vCPUs and roots. What is missing in the dump is
 * named in `problems`; the rest goes on.
 *
 * ```ts
 * const host = openKvm(openKernel(openDumpFile('vmcore')));
 * for (const { pid, comm, roots } of host.vms) console.log(pid, comm, roots.length);
 * ```
 */
export function openKvm(kernel: Kernel): KvmHost {
  const problems = new Problems();
  const kvm = problems.attempt('the modules of KVM', () => kvmModules(kernel), NO_KVM(kernel));
  const { vendor } = kvm;
  const symbols = problems.attempt('masks', () => shadowSymbols(kvm), []);
  const others = problems.attempt('variables of KVM', () => otherSymbols(kvm), []);
  const facts =
    vendor === null ? null : problems.attempt('facts of the machine', () => memoryFacts(kvm, vendor), null);
  const predicted = facts === null ? null : computed(() => createMmu(mmuConfigOf(facts.config)), problems);
  return {
    kernel,
    kvm,
    vendor,
    symbols,
    masks: masksInMemory([...symbols, ...others]),
    params: problems.attempt('parameters', () => kvmParameters(kvm), {}),
    facts,
    predicted,
    checks: predicted === null ? [] : checksOf(predicted, [...symbols, ...others]),
    vms: kvm.kind === 'none' ? [] : [...vmsOf(kvm, problems)],
    problems: problems.list,
  };
}

const NO_KVM = (kernel: Kernel): KvmModules => ({
  kernel,
  kind: 'none',
  vendor: null,
  modules: [],
  types: null,
  symbol: () => null,
  symbolsNamed: () => [],
  struct: (name, address) => kernel.struct(name, address),
});

/** Compares variables with what was predicted, by the one table of them. */
function checksOf(mmu: Mmu, symbols: readonly ReadSymbol[]): MaskCheck[] {
  const lines = symbols.map(
    ({ name, address, value }) => `${name} d ${address.toString(16)} = ${value.toString(16)}`,
  );
  return checkMasks(mmu, { name: 'vmcore', text: lines.join('\n') });
}

/**
 * The MMU of a root: masks are those in memory, the rest follows from the facts.
 *
 * @param root absent for the MMU of the VM's own roots
 * @returns null without facts of the machine, or where no machine is as they say
 */
export function mmuOfRoot(host: KvmHost, vm: Vm | null, root?: Root): Mmu | null {
  const { facts, masks } = host;
  if (facts === null) return null;
  return computed(() => {
    const config = mmuConfigOf(facts.config);
    const choices = { ...config.root, ...(root !== undefined && rootConfigOf(host, facts, root)) };
    const own = vm?.mmioValue ?? masks.mmioValue;
    const mmu = createMmu({ ...config, root: choices });
    return mmuWithMasks(mmu, { ...masks, ...(own !== undefined && { vmMmioValue: own }) }, 'memory');
  }, new Problems());
}

/** Computes an MMU from what stands in memory, which may be anything; null where no machine is like that. */
function computed(work: () => Mmu, problems: Problems): Mmu | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    problems.list.push({ what: 'what KVM found on the machine', why: error.message });
    return null;
  }
}

/** What a root says of reserved bits. */
function rootConfigOf({ masks, vendor }: KvmHost, { config }: MemoryFacts, root: Root): Partial<RootConfig> {
  const tdp = masks.tdpEnabled !== false;
  const isDirect = root.kind === 'tdp' || root.page?.isDirect === true;
  const shadow = tdp && vendor === 'vmx' && root.flags.includes('nested') ? 'ept12' : 'shadow';
  return {
    kind: tdp && isDirect ? 'tdp' : shadow,
    level: Math.min(Math.max(root.level, 2), 5),
    isMirror: root.flags.includes('mirror'),
    eferNx: eferNxOfRole(readKernelRelease(config.kernel), true, tdp),
  };
}
