// SPDX-License-Identifier: GPL-2.0-only
import { type Struct, treeNodes } from '@spte/vmcore';
import type { KvmModules } from './kvm-modules.ts';
import type { Problems } from './problems.ts';

/** Slots of an address space, at most: KVM has 32,764 and some of its own. */
const MAX_SLOTS = 1 << 16;

/** A slot: guest memory, and where the VM's process has it. */
export interface Slot {
  /** Address space: 1 is that of system management mode. */
  readonly asId: number;
  readonly id: number;
  readonly baseGfn: bigint;
  /** Pages of 4096 bytes. */
  readonly npages: bigint;
  /** Virtual address in the VM's process. */
  readonly hva: bigint;
  readonly flags: number;
  /** The flags in words. */
  readonly flagNames: readonly string[];
  /** Address of its dirty bitmap in the kernel; null where it has none. */
  readonly dirtyBitmap: bigint | null;
  /** Whether KVM made it for itself: the TSS, the identity map, the APIC's page. */
  readonly isInternal: boolean;
}

/** Slots of a VM, and the generation of their layout. */
export interface Slots {
  readonly generation: bigint;
  readonly slots: readonly Slot[];
}

/** Flags of `struct kvm_memory_slot`. */
export const SLOT_FLAGS: Readonly<
  Record<'logDirtyPages' | 'readOnly' | 'guestMemfd' | 'invalid' | 'gmemOnly', number>
> = {
  logDirtyPages: 1 << 0,
  readOnly: 1 << 1,
  guestMemfd: 1 << 2,
  invalid: 1 << 16,
  gmemOnly: 1 << 17,
};

const FLAG_NAMES: readonly (readonly [flag: number, name: string])[] = [
  [SLOT_FLAGS.logDirtyPages, 'dirty-log'],
  [SLOT_FLAGS.readOnly, 'read-only'],
  [SLOT_FLAGS.guestMemfd, 'guest-memfd'],
  [SLOT_FLAGS.invalid, 'invalid'],
  [SLOT_FLAGS.gmemOnly, 'guest-memfd-only'],
];

/** The first id of a slot that KVM makes for itself. Kernel: `KVM_USER_MEM_SLOTS`. */
const FIRST_INTERNAL_ID = 32_764;

/** The flags of a slot in words; a bit that has no name is called by its number. */
export function slotFlagNames(flags: number): string[] {
  const names = FLAG_NAMES.filter(([flag]) => (flags & flag) !== 0);
  const known = names.reduce((all, [flag]) => all | flag, 0);
  const rest = Array.from({ length: 32 }, (_, bit) => bit).filter(
    (bit) => (((flags & ~known) >>> bit) & 1) === 1,
  );
  return [...names.map(([, name]) => name), ...rest.map((bit) => `bit ${bit}`)];
}

/** The slots of a VM, by address space and gfn. */
export function slotsOf(kvm: KvmModules, vm: Struct, problems: Problems, name: string): Slots {
  const slots: Slot[] = [];
  let generation = 0n;
  const spaces = vm.countOf('memslots');
  for (let asId = 0; asId < spaces; asId++) {
    const what = `slots of ${name}, address space ${asId}`;
    problems.attempt(
      what,
      () => {
        const address = vm.get(`memslots[${asId}]`);
        // An address space that this VM does not use has none.
        if (address === 0n) return;
        const space = kvm.struct('kvm_memslots', address);
        if (asId === 0) generation = space.get('generation');
        for (const slot of problems.each(what, slotsIn(kvm, space))) slots.push(slot);
      },
      undefined,
    );
  }
  return { generation, slots };
}

function* slotsIn(kvm: KvmModules, space: Struct): Generator<Slot, void> {
  const node = space.number('node_idx');
  const type = kvm.struct('kvm_memory_slot', 0n).type;
  const offset = type.offsetOf(`gfn_node[${node}]`);
  for (const at of treeNodes(kvm.kernel.memory, space.addressOf('gfn_tree'), MAX_SLOTS)) {
    yield slotAt(kvm.struct('kvm_memory_slot', at - offset));
  }
}

function slotAt(slot: Struct): Slot {
  const flags = slot.number('flags');
  const bitmap = slot.get('dirty_bitmap');
  const id = slot.number('id');
  return {
    asId: slot.number('as_id'),
    id,
    baseGfn: slot.get('base_gfn'),
    npages: slot.get('npages'),
    hva: slot.get('userspace_addr'),
    flags,
    flagNames: slotFlagNames(flags),
    dirtyBitmap: bitmap === 0n ? null : bitmap,
    isInternal: id >= FIRST_INTERNAL_ID,
  };
}
