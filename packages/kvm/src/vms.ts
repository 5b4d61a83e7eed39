// SPDX-License-Identifier: GPL-2.0-only
import { type Kernel, listNodes, type Struct, StructType } from '@spte/vmcore';
import type { KvmModules } from './kvm-modules.ts';
import type { Problems } from './problems.ts';
import { type ListedPages, listedPages, type Root, rootsOf } from './roots.ts';
import { type Slot, slotsOf } from './slots.ts';
import { type Vcpu, vcpusOf } from './vcpus.ts';

/** VMs, at most. */
const MAX_VMS = 1 << 14;

/** Tasks that are looked through for a VM's process. */
const MAX_TASKS = 1 << 22;

/** A VM. */
export interface Vm {
  /** Address of its `struct kvm`. */
  readonly address: bigint;
  /** Process that made it. */
  readonly pid: number;
  /** Name of that process, up to 15 characters, as they are; empty where it is not there. */
  readonly comm: string;
  /** Generation of its slots: bit 63 says that they are being changed. */
  readonly generation: bigint;
  readonly vcpus: readonly Vcpu[];
  readonly roots: readonly Root[];
  readonly slots: readonly Slot[];
  /** Its own MMIO value, since 6.10; null where kernels have none. */
  readonly mmioValue: bigint | null;
  /** Counters, by KVM's names. */
  readonly stats: Readonly<Record<string, number>>;
  /** Its tables that KVM has in lists. */
  readonly pages: ListedPages;
}

/** All VMs, the newest first, as KVM has them. */
export function* vmsOf(kvm: KvmModules, problems: Problems): Generator<Vm, void> {
  const head = kvm.symbol('vm_list');
  if (head === null || kvm.types === null) return;
  const link = kvm.types.get('kvm').offsetOf('vm_list');
  for (const node of problems.each('the list of VMs', listNodes(kvm.kernel.memory, head.address, MAX_VMS))) {
    const vm = problems.attempt('a VM', () => vmAt(kvm, node - link, problems), null);
    if (vm !== null) yield vm;
  }
}

function vmAt(kvm: KvmModules, address: bigint, problems: Problems): Vm {
  const vm = kvm.struct('kvm', address);
  const pid = vm.number('userspace_pid');
  const name = `VM ${pid}`;
  const comm = problems.attempt(`name of ${name}`, () => commOf(kvm.kernel, vm, pid), '');
  const vcpus = [...problems.each(`vCPUs of ${name}`, vcpusOf(kvm, vm))];
  const { generation, slots } = slotsOf(kvm, vm, problems, name);
  const pages = listedPages(kvm, vm, problems, name);
  return {
    address,
    pid,
    comm,
    generation,
    vcpus,
    slots,
    pages,
    roots: rootsOf(kvm, pages, vcpus),
    mmioValue: vm.has('arch.shadow_mmio_value') ? vm.get('arch.shadow_mmio_value') : null,
    stats: problems.attempt(`counters of ${name}`, () => statsOf(vm.inner('stat')), {}),
  };
}

/** The name of the process: of the owner of its memory or, where kernels do not keep that, of the task with its pid. */
function commOf(kernel: Kernel, vm: Struct, pid: number): string {
  const mm = kernel.struct('mm_struct', vm.get('mm'));
  const owner = mm.has('owner') ? mm.get('owner') : 0n;
  if (owner !== 0n) return kernel.struct('task_struct', owner).text('comm');
  const type = kernel.types.get('task_struct');
  const init = kernel.symbols.address('init_task');
  if (init === null) return '';
  const link = type.offsetOf('tasks');
  for (const node of listNodes(kernel.memory, init + link, MAX_TASKS)) {
    const task = kernel.struct('task_struct', node - link);
    if (task.number('pid') === pid) return task.text('comm');
  }
  return '';
}

/** All counters: numbers, atomic ones, and those in structs within. */
function statsOf(stat: Struct): Record<string, number> {
  const stats: Record<string, number> = {};
  for (const name of stat.type.memberNames()) {
    const { type } = stat.type.place(name);
    const inner = new StructType(stat.type.btf, type);
    if (stat.has(`${name}.counter`)) stats[name] = stat.number(`${name}.counter`);
    else if (isStruct(inner)) Object.assign(stats, statsOf(stat.inner(name)));
    else if (isNumber(inner)) stats[name] = stat.number(name);
  }
  return stats;
}

const isStruct = ({ type }: StructType): boolean => type.kind === 4 || type.kind === 5;
const isNumber = ({ type }: StructType): boolean => type.kind === 1;
