// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import type { Root, Vm } from '@spte/kvm';
import { UsageError } from '../io/errors.ts';

/** What says which root of a VM is meant. */
export interface RootChoice {
  readonly root?: bigint;
  readonly vcpu?: number;
}

/**
 * The root that is meant: by its address, that of a vCPU, or the one that vCPUs use.
 *
 * @throws UsageError when there is none
 */
export function chosenRoot(vm: Vm, { root, vcpu }: RootChoice): Root {
  if (root !== undefined) return rootAt(vm, root, '--root');
  if (vcpu !== undefined) {
    const one = vm.vcpus.find(({ id }) => id === vcpu);
    const ids = vm.vcpus.map(({ id }) => id).join(', ');
    if (one === undefined) throw new UsageError(`--vcpu: VM ${vm.pid} has no vCPU ${vcpu}: there are ${ids}`);
    if (one.root === null)
      throw new UsageError(`--vcpu: vCPU ${vcpu} of VM ${vm.pid} never ran, and has no root`);
    return rootAt(vm, one.root, '--vcpu');
  }
  const used = vm.vcpus.map((one) => one.root).find((hpa) => hpa !== null) ?? null;
  const best = used ?? vm.roots[0]?.hpa ?? null;
  if (best === null) throw new UsageError(`--vm: VM ${vm.pid} has no root: nothing is mapped`);
  return rootAt(vm, best, '--vm');
}

function rootAt(vm: Vm, hpa: bigint, flag: string): Root {
  const found = vm.roots.find((root) => root.hpa === hpa);
  if (found !== undefined) return found;
  const all = vm.roots.map((root) => hex(root.hpa)).join(', ');
  throw new UsageError(
    `${flag}: VM ${vm.pid} has no root at ${hex(hpa)}${all === '' ? '' : `: there are ${all}`}`,
  );
}
