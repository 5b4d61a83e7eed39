// SPDX-License-Identifier: GPL-2.0-only

/** Terms that stop a newcomer, each with what it means; in the order in which they are best read. */
export const GLOSSARY: readonly (readonly [term: string, meaning: string])[] = [
  [
    'SPTE',
    'Shadow page table entry: 64 bits that KVM writes and the CPU walks, to bring a guest’s address to host memory.',
  ],
  [
    'gfn, gpa',
    'Guest frame number and guest physical address: what the guest takes for memory. A frame is 4K.',
  ],
  ['pfn, hpa', 'Page frame number and host physical address: where it really is.'],
  [
    'level',
    'How far above the pages a table is. An entry of level 1 maps 4K, of 2 at most 2M, of 3 at most 1G; above are tables only.',
  ],
  ['leaf', 'An entry that maps a page. All others that are present point to a table.'],
  ['vmx, svm', 'KVM’s modules for Intel (kvm_intel) and for AMD (kvm_amd).'],
  [
    'EPT, NPT',
    'The CPU’s second walk, from guest physical to host physical addresses: of Intel, and of AMD.',
  ],
  ['tdp', 'Two-dimensional paging: KVM’s word for EPT and NPT alike.'],
  [
    'shadow paging',
    'Without a second walk KVM writes the tables that the CPU walks in place of the guest’s own.',
  ],
  [
    'legacy entries',
    'Entries in the format of ordinary x86 page tables, with NX in bit 63: NPT’s, and those of shadow paging.',
  ],
  [
    'MAXPHYADDR',
    'How many bits a physical address has on this CPU, as CPUID 0x80000008 says. “Raw” is what CPUID says; “usable” is what is left when memory encryption takes some.',
  ],
  [
    'cache bits',
    'How many address bits the first-level cache compares. It may be more than MAXPHYADDR, which L1TF makes matter.',
  ],
  [
    'L1TF',
    'A bug of Intel CPUs: an entry that is not present still lets the CPU look into the cache at its address. KVM moves address bits of such entries out of reach.',
  ],
  ['host-writable (HW)', 'KVM’s note that the host maps the page writable.'],
  ['MMU-writable (MW)', 'KVM’s note that a write fault may set W at once, without mmu_lock.'],
  [
    'A/D bits',
    'Accessed and dirty: the CPU sets them when it walks an entry, and when it writes through it.',
  ],
  [
    'access tracking',
    'How KVM learns of accesses without A/D bits: it takes the permissions away, keeps them in other bits and waits for the fault.',
  ],
  [
    'dirty logging',
    'Listing the pages that a guest writes, for migration: by write-protection, by D bits or by Intel’s PML.',
  ],
  [
    'write tracking',
    'A gfn that holds a guest page table stays write-protected, so that KVM hears of each change.',
  ],
  [
    'out of sync',
    'A guest page table that may be written while KVM’s shadow of it is old; it is synchronized when the guest flushes.',
  ],
  ['prefetch', 'KVM maps pages beside the one that was asked for. Those have not been accessed.'],
  [
    'MMIO SPTE',
    'An entry that always faults and remembers that there is no memory: gfn, access and the memslot generation.',
  ],
  [
    'memslot generation',
    'A number that changes with the memory layout of a VM. An MMIO SPTE of an older one is not believed.',
  ],
  ['frozen (REMOVED)', 'A constant that stands in an entry while one CPU changes it; others wait.'],
  [
    'zero check',
    'Reserved bits as KVM computes them: bits that must be 0 in an entry of a level. make_spte() WARNs when one is set.',
  ],
  [
    'nx_huge_pages',
    'A defence against iTLB multihit, a bug of Intel CPUs: no page above 4K may be executed; KVM splits those that are.',
  ],
  ['memory type', 'How a page is cached: WB (write-back) for RAM, UC (uncached) for devices.'],
  ['IPAT', 'EPT’s bit for “the guest’s PAT does not count”.'],
  [
    'CD/NW quirk',
    'KVM’s habit to ignore CR0.CD of a guest with non-coherent DMA, unless user space turns it off (KVM_X86_QUIRK_CD_NW_CLEARED).',
  ],
  ['SME, C-bit', 'AMD’s memory encryption, and the address bit that switches it on for a page.'],
  ['WARN', 'The kernel’s complaint in its log about something that cannot be. It goes on.'],
];
