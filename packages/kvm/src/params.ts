// SPDX-License-Identifier: GPL-2.0-only
import type { ParameterTypes } from '@spte/vmcore';
import type { KvmModules } from './kvm-modules.ts';

/**
 * Parameters that KVM prints by functions of its own, by the name of these. `nx_huge_pages` is `never` where its threads
 * will not run.
 */
const OWN: ParameterTypes = {
  nx_huge_pages_ops: (memory, at) => {
    const word = BigInt.asIntN(32, memory.word(at, 4));
    return word === -1n ? 'never' : (word & 0xffn) === 0n ? 'N' : 'Y';
  },
  nx_huge_pages_recovery_param_ops: (memory, at) => String(memory.word(at, 4)),
  avic_ops: (memory, at) => (BigInt.asIntN(32, memory.word(at, 4)) > 0n ? 'Y' : 'N'),
};

/** What `vmentry_l1d_flush` may be. Kernel: `enum vmx_l1d_flush_state`. */
const L1D_FLUSH = ['auto', 'never', 'cond', 'always', 'EPT disabled', 'not required'];

/** All parameters of KVM and its vendor module, by `MODULE.NAME`. */
export function kvmParameters({ kernel, modules }: KvmModules): Record<string, string | null> {
  const own: ParameterTypes = {
    ...OWN,
    // Its value is a variable of the kernel.
    vmentry_l1d_flush_ops: (memory) => {
      const state = kernel.symbols.address('l1tf_vmx_mitigation');
      return state === null ? '???' : (L1D_FLUSH[Number(memory.word(state, 4))] ?? '???');
    },
  };
  return Object.fromEntries(
    modules.flatMap((module) =>
      [...kernel.parameters(module, own)].map(([name, text]) => [`${module.name}.${name}`, text]),
    ),
  );
}
