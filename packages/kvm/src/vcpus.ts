// SPDX-License-Identifier: GPL-2.0-only
import { type Struct, xarrayEntries } from '@spte/vmcore';
import type { KvmModules } from './kvm-modules.ts';
import { roleOf, type ShadowPage } from './shadow-page.ts';

/** vCPUs of a VM, at most: KVM allows 4,096. */
const MAX_VCPUS = 1 << 13;

/** A root that a vCPU holds. */
export interface HeldRoot {
  readonly hpa: bigint;
  /** Which of the vCPU's MMUs has it: `guest_mmu` is that for its guest's guest. */
  readonly mmu: 'root_mmu' | 'guest_mmu';
  /** `current` is the one that is loaded when this MMU is used; others wait to be used again. */
  readonly use: 'current' | 'previous' | 'mirror';
  /** The role that the MMU's root has. */
  readonly role: Pick<ShadowPage, 'role' | 'level' | 'isSmm' | 'isDirect'>;
  /** Whether it is the page of four entries that a guest with PAE has under shadow paging. */
  readonly isPae: boolean;
}

/** A vCPU. */
export interface Vcpu {
  readonly id: number;
  /** Address of its `struct kvm_vcpu`. */
  readonly address: bigint;
  /** Physical address of the root that it uses; null where it never ran. */
  readonly root: bigint | null;
  /** Whether it runs its guest's guest. */
  readonly guestMode: boolean;
  readonly held: readonly HeldRoot[];
}

/** The vCPUs of a VM, in the order of their creation. */
export function* vcpusOf(kvm: KvmModules, vm: Struct): Generator<Vcpu, void> {
  const { memory } = kvm.kernel;
  const node = kvm.struct('xa_node', 0n).type;
  const offsets = {
    head: kvm.struct('xarray', 0n).type.offsetOf('xa_head'),
    shift: node.offsetOf('shift'),
    slots: node.offsetOf('slots'),
  };
  for (const [, address] of xarrayEntries(memory, vm.addressOf('vcpu_array'), offsets, MAX_VCPUS)) {
    yield vcpuAt(kvm, address);
  }
}

function vcpuAt(kvm: KvmModules, address: bigint): Vcpu {
  const vcpu = kvm.struct('kvm_vcpu', address);
  const active = vcpu.get('arch.mmu');
  const guestMode = active === vcpu.addressOf('arch.guest_mmu');
  const held = [...heldRoots(vcpu, 'root_mmu'), ...heldRoots(vcpu, 'guest_mmu')];
  const used = guestMode ? 'guest_mmu' : 'root_mmu';
  const root = held.find(({ mmu, use }) => mmu === used && use === 'current');
  return { id: vcpu.number('vcpu_id'), address, root: root?.hpa ?? null, guestMode, held };
}

/** Roots that one of the MMUs of a vCPU holds, each under the name that this kernel has for it. */
function heldRoots(vcpu: Struct, mmu: HeldRoot['mmu']): HeldRoot[] {
  const struct = vcpu.inner(`arch.${mmu}`);
  const role = roleOf(struct, 'root_role');
  const held: HeldRoot[] = [];
  const add = (path: string, use: HeldRoot['use']): void => {
    const hpa = struct.get(path);
    if (hpa !== INVALID_PAGE && hpa !== 0n)
      held.push({ hpa, mmu, use, role, isPae: role.level === PAE_LEVEL });
  };
  add('root.hpa', 'current');
  for (let index = 0; index < struct.countOf('prev_roots'); index++)
    add(`prev_roots[${index}].hpa`, 'previous');
  if (struct.has('mirror_root_hpa')) add('mirror_root_hpa', 'mirror');
  return held;
}

/** Only an MMU of three levels has a page of four entries as root. */
const PAE_LEVEL = 3;

/** What an MMU has where it has no root. */
const INVALID_PAGE = (1n << 64n) - 1n;
