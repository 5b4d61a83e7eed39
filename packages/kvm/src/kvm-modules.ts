// SPDX-License-Identifier: GPL-2.0-only
import { type Kernel, type Module, Struct, type Types } from '@spte/vmcore';

/** Which vendor module is loaded. */
export type KvmVendor = 'svm' | 'vmx';

/** A variable of KVM. */
export interface KvmSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Bytes, where they are known; 0 for a variable of a KVM that is built in. */
  readonly size: number;
}

/** KVM in a kernel: its modules, or what is built in. */
export interface KvmModules {
  readonly kernel: Kernel;
  /** `built-in` where kvm.ko is no module. */
  readonly kind: 'module' | 'built-in' | 'none';
  readonly vendor: KvmVendor | null;
  /** Modules of KVM that are loaded. */
  readonly modules: readonly Module[];
  /** Its types; null where the kernel has no type information of it. */
  readonly types: Types | null;
  /** A variable of KVM or of its vendor module; null where there is none. */
  symbol(name: string): KvmSymbol | null;
  /** Variables whose name begins so. */
  symbolsNamed(start: string): KvmSymbol[];
  /** A struct by KVM's types. */
  struct(name: string, address: bigint): Struct;
}

/** Modules by vendor. */
const VENDOR_MODULES = { svm: 'kvm_amd', vmx: 'kvm_intel' } as const satisfies Record<KvmVendor, string>;

/** A variable by which a vendor's code is known where it is built in. */
const VENDOR_SYMBOLS = { svm: 'npt_enabled', vmx: 'enable_ept' } as const satisfies Record<KvmVendor, string>;

const VENDORS = ['svm', 'vmx'] as const;

/** Finds KVM in a kernel. */
export function kvmModules(kernel: Kernel): KvmModules {
  const kvm = kernel.modules.get('kvm');
  const isBuiltIn = kvm === undefined && kernel.symbols.address('vm_list') !== null;
  const vendor =
    VENDORS.find((name) => kernel.modules.has(VENDOR_MODULES[name])) ??
    (isBuiltIn ? (VENDORS.find((name) => usesBuiltIn(kernel, name)) ?? null) : null);
  const loaded = [kvm, vendor === null ? undefined : kernel.modules.get(VENDOR_MODULES[vendor])];
  const modules = loaded.filter((module) => module !== undefined);
  const types = kvm === undefined ? (isBuiltIn ? kernel.types : null) : kernel.moduleTypes('kvm');
  return {
    kernel,
    kind: kvm === undefined ? (isBuiltIn ? 'built-in' : 'none') : 'module',
    vendor,
    modules,
    types,
    symbol(name) {
      for (const module of modules) {
        const found = module.symbols().get(name);
        if (found !== undefined) return found;
      }
      const address = isBuiltIn ? kernel.symbols.address(name) : null;
      return address === null ? null : { name, address, size: 0 };
    },
    symbolsNamed(start) {
      if (!isBuiltIn) {
        return [...(kvm?.symbols().values() ?? [])].filter(({ name }) => name.startsWith(start));
      }
      return [...kernel.symbols.symbols()]
        .filter(({ name, kind }) => name.startsWith(start) && /[bBdDrR]/.test(kind))
        .map(({ name, address }) => ({ name, address, size: 0 }));
    },
    struct: (name, address) => new Struct(kernel.memory, (types ?? kernel.types).get(name), address),
  };
}

/** Both vendors may be built in: the one that is used has a parameter that is not 0, or shadow paging only. */
function usesBuiltIn(kernel: Kernel, vendor: KvmVendor): boolean {
  const address = kernel.symbols.address(VENDOR_SYMBOLS[vendor]);
  return address !== null && kernel.memory.word(address, 1) !== 0n;
}
