// SPDX-License-Identifier: GPL-2.0-only
import type { Machine } from '../machine/machine.ts';
import { presetOf } from '../machine/presets.ts';
import type { ReadForm } from '../state/read-form.ts';
import type { State } from '../state/state.ts';

/** An entry that a real kernel had, and the machine on which it had it. */
export interface RealEntry extends Pick<ReadForm, 'spte' | 'level'> {
  readonly title: string;
  /** What the kernel changed it to, where the entry is shown for that. */
  readonly becomes?: string;
  readonly source: RealSource;
  readonly preset: string;
  /** What differs from the preset. */
  readonly machine?: Partial<Machine>;
  /** What the source says about it. */
  readonly note: string;
}

/** Where entries come from. */
interface RealSource {
  readonly name: string;
  /** Absent for a trace recorded for this project. */
  readonly url?: string;
  /** Kernel and CPU as the source states them. */
  readonly host: string;
}

const esxi: RealSource = {
  name: 'Mathias Krause on the KVM list',
  url: 'https://lore.kernel.org/r/ea3a8fbc-2bf8-7442-e498-3e5818384c83@grsecurity.net',
  host: 'Linux 6.x of March 2023, Xeon Gold 6258R, nested on ESXi',
};

const kdrv: RealSource = {
  name: 'an EPT dump by Yadong Qi',
  url: 'https://github.com/YadongQi/kdrv_rmem',
  host: 'Intel; the layout is that of Linux 5.13 to 6.9',
};

const debianHaswell: RealSource = {
  name: 'a trace recorded for this project',
  host: 'Debian 6.1.192 on an emulated Core i7-4770',
};

const debianMachine = { kernel: '6.1.192', physBits: '40', rawPhysBits: '40', pml: false } as const;

export const realEntries: readonly RealEntry[] = [
  {
    title: 'Leaf, 4K',
    spte: '0x600000455299b77',
    level: '1',
    source: esxi,
    preset: 'cascade-lake',
    note: 'From kvm_tdp_mmu_spte_changed: a page that was just zapped.',
  },
  {
    title: 'Table',
    spte: '0x2c583e907',
    level: '4',
    source: esxi,
    preset: 'cascade-lake',
    note: 'From kvm_tdp_mmu_spte_changed: the top-level entry of the same guest.',
  },
  {
    title: 'Leaf, 2M, no X',
    spte: '0x60000021be00bf3',
    level: '2',
    source: esxi,
    preset: 'cascade-lake',
    note: 'The iTLB-multihit mitigation at work: 2M pages of this guest are not executable.',
  },
  {
    title: 'Frozen',
    spte: '0x5a0',
    level: '1',
    source: esxi,
    preset: 'cascade-lake',
    note: 'What stands in the entry while a CPU zaps it.',
  },
  {
    title: 'Write-protected',
    spte: '0x6000002e73d0b75',
    level: '1',
    source: kdrv,
    preset: 'ice-lake',
    note: 'One of 147 leaves of that guest which a write fault may fix without mmu_lock.',
  },
  {
    title: 'MMIO, EPT',
    spte: '0x300000c1010166',
    level: '1',
    source: kdrv,
    preset: 'ice-lake',
    note: 'The dump took it for a leaf, as it looks at bits 2:0 only.',
  },
  {
    title: 'MMIO under L1TF',
    spte: '0x2038001ffe00d407',
    level: '1',
    source: {
      name: 'a bug report on the KVM list',
      url: 'https://lore.kernel.org/r/20201201073537.6749e2d7.zkaspar82@gmail.com',
      host: 'Linux 5.10.0-rc6, Core 2 on a DG35EC board, shadow paging',
    },
    preset: 'intel-shadow',
    machine: { kernel: '5.10.0-rc6', physBits: '36', rawPhysBits: '36', cacheBits: '36', rootLevel: '3' },
    note: 'Bit 31 of the gpa moved to bit 36 to make room for the guard; the log names the address 0xfe00d000.',
  },
  {
    title: 'No A/D bits',
    spte: '0x61000034d4fe877',
    level: '1',
    source: {
      name: 'a bug report on the KVM list',
      url: 'https://lore.kernel.org/r/464ypq4jfxiwczufrfvbjrk4sornuzszosadhoupvju6c4p7fb@wthqsezyygds',
      host: 'Linux 6.6.48 nested under ESXi 7.0.3, Intel',
    },
    preset: 'cascade-lake',
    machine: { kernel: '6.6.48', eptAd: false, pml: false },
    note: 'From fast_page_fault, reported as spurious: the entry already allows the fetch.',
  },
  {
    title: 'Access-tracked',
    spte: '0x1500000045bc870',
    level: '1',
    source: debianHaswell,
    preset: 'haswell',
    machine: { ...debianMachine, cacheBits: '44', eptAd: false },
    note: 'Without A/D bits, ageing a page takes its permissions away and saves them in bits 54 and 56.',
  },
  {
    title: 'NX reserved',
    spte: '0x800000018a600ee7',
    level: '2',
    source: {
      name: 'Sean Christopherson, commit 6c6ab524cfae',
      url: 'https://lore.kernel.org/r/20220723013029.1753623-1-seanjc@google.com',
      host: 'Linux of the 5.19-rc era, AMD, NPT with nx_huge_pages',
    },
    preset: 'milan',
    machine: { kernel: '5.19', nxHugePages: true, mmuKind: 'shadow', eferNx: false },
    note: 'The kernel warned of reserved bits 0x800f0000001fe000; the machine is set to check as that kernel did, without EFER.NX.',
  },
  {
    title: 'Garbage on top',
    spte: '0xfffffc4465825',
    level: '1',
    source: {
      name: 'Maxim Levitsky on the KVM list',
      url: 'https://lore.kernel.org/r/3bbe3f8717cdf122f909a48e117dab6c09d8e0c8.camel@redhat.com',
      host: 'Linux 5.17.0-rc8, 32-bit, in a Q35 guest on AMD',
    },
    preset: 'milan',
    machine: { kernel: '5.17', rootLevel: '3', mmuKind: 'shadow', eferNx: false },
    note: 'A hook of the vendor module returned half a register; the kernel warned of reserved bits 0xffff000000000000.',
  },
  {
    title: 'Change: frozen',
    spte: '0x600000455299b77',
    level: '1',
    becomes: '0x5a0',
    source: esxi,
    preset: 'cascade-lake',
    note: 'From kvm_tdp_mmu_spte_changed: the first step of zapping a page.',
  },
  {
    title: 'Change: write fault',
    spte: '0x6000000045bdb75',
    level: '1',
    becomes: '0x6000000045bdb77',
    source: debianHaswell,
    preset: 'haswell',
    machine: { ...debianMachine, cacheBits: '44' },
    note: 'From fast_page_fault, which says that it fixed the fault.',
  },
  {
    title: 'Change: MMIO',
    spte: '0xf80d0000056',
    level: '1',
    becomes: '0xf80d0000066',
    source: debianHaswell,
    preset: 'haswell',
    machine: { ...debianMachine, cacheBits: '44' },
    note: 'From kvm_tdp_mmu_spte_changed, after a memslot had changed.',
  },
];

/** The real entry that is shown, if the form holds one; a change of one that is not recorded still has that entry. */
export function realEntryOf({ spte, level, becomes }: ReadForm): RealEntry | undefined {
  const same = realEntries.filter((entry) => entry.spte === spte && entry.level === level);
  return same.find((entry) => (entry.becomes ?? '') === becomes) ?? same[0];
}

/** Shows a real entry on the machine that it comes from. */
export function loadEntry(state: State, { preset, machine, spte, level, becomes }: RealEntry): State {
  const base = presetOf(preset);
  return {
    ...state,
    view: 'read',
    preset: base.id,
    machine: { ...base.machine, ...machine },
    read: { spte, level, becomes: becomes ?? '' },
  };
}
