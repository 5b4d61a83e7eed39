// SPDX-License-Identifier: GPL-2.0-only
import type { Struct } from '@spte/vmcore';
import { flagIn } from './fields.ts';
import type { KvmModules } from './kvm-modules.ts';

/** What KVM keeps of a table: its `struct kvm_mmu_page`. */
export interface ShadowPage {
  /** Address of the header in the kernel. */
  readonly header: bigint;
  /** Physical address of the table. */
  readonly hpa: bigint;
  /** The first gfn that it maps. */
  readonly gfn: bigint;
  /** All of the role; its fields move from release to release. */
  readonly role: bigint;
  readonly level: number;
  readonly isDirect: boolean;
  readonly isSmm: boolean;
  readonly isInvalid: boolean;
  readonly isGuestMode: boolean;
  /** Whether it mirrors a table that the TDX module has. */
  readonly isMirror: boolean;
  readonly isTdpMmu: boolean;
  /** How often it is a root, and for TDP roots the list's own reference. */
  readonly rootCount: number;
}

/** Reads the header of a table. */
export function shadowPageAt(kvm: KvmModules, header: bigint): ShadowPage {
  const page = kvm.struct('kvm_mmu_page', header);
  return {
    header,
    hpa: kvm.kernel.memory.physical(page.get('spt')),
    gfn: page.get('gfn'),
    ...roleOf(page, 'role'),
    isTdpMmu: flagIn(page, 'tdp_mmu_page'),
    // The count of a TDP root is the same word.
    rootCount: page.number('root_count'),
  };
}

/** The role of a table or of an MMU, by the kernel's own bit fields. */
export function roleOf(
  struct: Struct,
  path: string,
): Pick<ShadowPage, 'role' | 'level' | 'isDirect' | 'isSmm' | 'isInvalid' | 'isGuestMode' | 'isMirror'> {
  return {
    role: struct.get(`${path}.word`),
    level: struct.number(`${path}.level`),
    isDirect: flagIn(struct, `${path}.direct`),
    isSmm: flagIn(struct, `${path}.smm`),
    isInvalid: flagIn(struct, `${path}.invalid`),
    isGuestMode: flagIn(struct, `${path}.guest_mode`),
    isMirror: flagIn(struct, `${path}.is_mirror`),
  };
}
