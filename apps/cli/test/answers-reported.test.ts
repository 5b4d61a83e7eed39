// SPDX-License-Identifier: GPL-2.0-only
// Answers that were once reported as misleading, as they were asked for: what the command says now.
import { describe, expect, it } from 'vitest';
import { spte } from './run.ts';

/** A question, and what must stand in the answer; `not` must not. */
interface Asked {
  readonly words: string;
  readonly stdin?: string;
  readonly code: number;
  readonly says: readonly string[];
  readonly not?: readonly string[];
}

const VMX = '--vendor vmx --maxphyaddr 46';
const SVM = '--vendor svm --maxphyaddr 48';

const FORBIDDEN =
  'a-1 [000] ...1. 1.000001: kvm_tdp_mmu_spte_changed: as id 0 gfn 100200 level 2 old_spte 600000112400bf3 new_spte 6000001126009f3\n';
const SPLAT = `Invalid SPTE change: cannot replace a present leaf
SPTE with another present leaf SPTE mapping a
different PFN!
as_id: 0 gfn: 100200 old_spte: 600000112400bf3 new_spte: 6000001126009f3 level: 2
`;
const MASK = 'spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000\n';
const OUTSIDE = 'spte = 0x400018a600ee7, level = 2, rsvd bits = 0xf0000001fe000\n';
const NOT_MMIO =
  'a-1 [000] ...1. 1.000001: check_mmio_spte: spte 0x600000455299b77 kvm_gen 1 spte-gen 1 valid 1\n';
const PLUGIN =
  '       CPU 0/KVM-280   [000]     7.527173: kvm_mmu_get_page:     new sp gfn 0 4 q0 direct wux invalid !pae !nxe wp smep root 0 sync\n';
const RACED =
  'a-1 [000] ...1. 1.000001: fast_page_fault: vcpu 0 gva 1000 error_code W sptep ffff888000000000 old 0x25748e65 new 25748e65 spurious 0 fixed 1\n';
const SET = 'a-1 [000] ...1. 1.000001: kvm_mmu_set_spte: gfn 10 spte 797fe67 (wxu) level 1 at 1a1080\n';
const NPT_EXIT = `a-1 [000] ...1. 1.000001: kvm_exit: vcpu 0 reason npf rip 0x2000 info1 0x0000000100000006 info2 0x0000000000010000 intr_info 0x00000000 error_code 0x00000000
a-1 [000] ...1. 1.000002: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080
`;

const asked: Readonly<Record<string, Asked>> = {
  'A2: a forbidden change is seen': {
    words: `annotate - --kernel 6.1 ${VMX} --check`,
    stdin: FORBIDDEN,
    code: 1,
    says: ['NOT ALLOWED: KVM zaps a leaf before it maps another page'],
  },
  'A2: a forbidden change is kept': {
    words: `annotate - --kernel 6.1 ${VMX} --only findings`,
    stdin: FORBIDDEN,
    code: 0,
    says: ['1: a-1 [000]', 'NOT ALLOWED'],
  },
  'A2: a forbidden change is counted': {
    words: `annotate - --kernel 6.1 ${VMX} --summary`,
    stdin: FORBIDDEN,
    code: 0,
    says: ['1 finding', 'forbidden-change  1  first in line 1'],
    not: ['no findings'],
  },
  'A3: W on a tracked entry is no restoring': {
    words: `decode --diff 0x0110000455299800@1 0x0110000455299802@1 --kernel 6.8 ${VMX} --no-ad --check`,
    code: 1,
    says: ['NOT ALLOWED'],
  },
  'A4: KVM counts a page without A/D bits as accessed and dirty': {
    words: `decode 0x61000034d4fe877@1 --kernel 6.8 ${VMX} --no-ad`,
    code: 0,
    says: ['the CPU keeps no A/D bits here; KVM counts the page as accessed and dirty'],
    not: ['the page was written'],
  },
  'A5: a clear field says what it means that it is clear': {
    words: `decode 0x600000455299975@1 --kernel 6.8 ${VMX}`,
    code: 0,
    says: ['dirty           no  (not written since this was cleared', 'writable        no  (writes fault)'],
  },
  'A6: read-only for dirty logging': {
    words: `decode 0x600000455299b75@1 --kernel 6.8 ${VMX}`,
    code: 0,
    says: ['read-only: dirty logging, to notice the next write'],
  },
  'A6: read-only for write-tracking': {
    words: `decode 0x200000455299b75@1 --kernel 6.8 ${VMX}`,
    code: 0,
    says: ['read-only: a page table of the guest is shadowed at this gfn'],
  },
  'A6: read-only by the host': {
    words: `decode 0x000000455299b75@1 --kernel 6.8 ${VMX}`,
    code: 0,
    says: ['read-only: the host has the page, or its memslot, read-only'],
  },
  'A7: NX in NPT was reserved before 6.0': {
    words: `decode 0x800000018a600ee7@2 --kernel 5.18 ${SVM} --check`,
    code: 1,
    says: ['[reserved-bits, bit 63]', '[npt-nx-reserved]'],
  },
  'A7: with the printed mask it is a known bug, and a note': {
    words: `annotate - --kernel 5.18 ${SVM} --check`,
    stdin: MASK,
    code: 0,
    says: ['known bug: KVM took NX for reserved in NPT', 'The entry is right.'],
  },
  'A8: a printed mask names the bits by itself': {
    words: `annotate - --kernel 6.8 --vendor svm --maxphyaddr 52 --check`,
    stdin: OUTSIDE,
    code: 1,
    says: ['bit 50'],
  },
  'A9: advice by the bit: NX': {
    words: `decode 0x8000000012200ce5@2 --kernel 5.10 --vendor svm --no-npt --no-efer-nx`,
    code: 0,
    says: ['next: NX: is EFER.NX clear?', 'in shadow paging up to 5.13'],
    not: ['a pfn beyond MAXPHYADDR'],
  },
  'A9: advice by the bit: address': {
    words: `decode 0x600800455299b77@1 --kernel 6.8 ${VMX}`,
    code: 0,
    says: ['next: a pfn beyond MAXPHYADDR'],
    not: ['NX: '],
  },
  'A10: an EPT pointer is offered': {
    words: `decode 0x105a27005e --kernel 6.8 --vendor vmx`,
    code: 0,
    says: ['it may be an EPT pointer: WB, 4 levels, A/D bits on, root table 0x105a270000'],
  },
  'A11: an unknown entry without bit 7 points to a table': {
    words: `decode 0x103b84007@2 --kernel 6.8 --vendor vmx --maxphyaddr 39`,
    code: 0,
    says: ['51:12  address         0x103b84000', 'on to the table at 0x103b84000'],
  },
  'A12: a table that is read as a leaf is offered as a table': {
    words: `decode 0x2c583e907@1 --kernel 6.8 --vendor vmx`,
    code: 0,
    says: ['may be a clean table at level 2, 3 or 4'],
  },
  'A12: a huge page that is read at level 1 is offered at its own': {
    words: `decode 0x600000455200bf7@1 --kernel 6.8 --vendor vmx`,
    code: 0,
    says: ['may be a clean leaf at level 2'],
  },
  'A12: no level is assumed': {
    words: `decode 0x2c583e907 --kernel 6.8 --vendor vmx --check`,
    code: 0,
    says: ['clean table: points to the table at 0x2c583e000'],
  },
  'A13: what the kernel takes for MMIO is MMIO': {
    words: `annotate - --kernel 6.8 ${VMX}`,
    stdin: NOT_MMIO,
    code: 0,
    says: [
      'the kernel takes this entry for MMIO, as read here it is leaf: the trace is of another kernel or machine',
    ],
  },
  'A15: bit 63 of EPT since 6.10 has its own reason': {
    words: `make --gfn 0x100 --pfn 0x200 --kernel 6.12 ${VMX}`,
    code: 0,
    says: ['63   suppress #VE: violations here are for KVM, not for the guest'],
  },
  'A17: compare says what differs in behaviour': {
    words: `compare kernel=6.12,vendor=vmx kernel=6.13,vendor=vmx`,
    code: 0,
    says: ['What the kernels do differently'],
    not: ['no difference'],
  },
  'A17: compare builds huge pages': {
    words: `compare kernel=6.8,vendor=vmx,nx-huge-pages=on kernel=6.8,vendor=vmx,nx-huge-pages=off`,
    code: 0,
    says: ['leaf-2M'],
    not: ['no difference'],
  },
  'A18: a kernel that was not read is taken for the newest that was': {
    words: `decode 5a0 --kernel 7.4 --vendor vmx`,
    code: 0,
    says: ['kernel 7.4 was not read: it is taken for 7.3, the newest that was'],
  },
  'A20: contexts are ranked by what KVM would write, too': {
    words: `decode --which 0x610000455299877@1 --vendor vmx`,
    code: 0,
    says: ['1 of 1 clean, 1 recognised, 1 not as KVM writes them there: EPT 5.13-6.9'],
  },
  'A21: NX is no fault where TDP is off, whatever EFER says': {
    words: `decode 0x8000000012200ce5@2 --kernel 6.1 --vendor svm --no-npt --no-efer-nx`,
    code: 0,
    says: [],
    not: ['[reserved-bits'],
  },
  'A22: a message of four lines is one': {
    words: `annotate - --kernel 6.1 ${VMX} --check`,
    stdin: SPLAT,
    code: 1,
    says: ['NOT ALLOWED', 'tdp-leaf-at-wrong-level'],
    not: ['cannot be read'],
  },
  'A23: a letter that the kernel lost is no disagreement': {
    words: `annotate - --kernel 6.1 ${SVM} --check`,
    stdin: SET,
    code: 0,
    says: [],
    not: ['DISAGREES'],
  },
  'A24: the text of a plugin is read': {
    words: `annotate - --kernel 7.3 ${SVM}`,
    stdin: PLUGIN,
    code: 4,
    says: [],
    not: ['cannot be read'],
  },
  'A25: a raced fast fix is one': {
    words: `annotate - --kernel 6.18 ${SVM}`,
    stdin: RACED,
    code: 0,
    says: ['fixed without the lock; another CPU has changed the entry since'],
    not: ['nothing changed'],
  },
  'A26: lost events are said': {
    words: `annotate - --kernel 6.1 ${VMX} --summary`,
    stdin: `CPU:1 [LOST 12 EVENTS]\n${FORBIDDEN}`,
    code: 0,
    says: ['the tracer lost 12 events or more (1 mark): the trace is not complete'],
  },
  'B1: the vendor is read in the input': {
    words: 'annotate - --check',
    stdin: NPT_EXIT,
    code: 0,
    says: ['svm (read)', 'NPT (read)'],
  },
  'B3: a document says its context, and how it is known': {
    words: 'annotate - --json',
    stdin: NPT_EXIT,
    code: 0,
    says: ['"vendor":{"value":"svm","origin":"read","from":'],
  },
  'B4: what is given and what the values say is told apart': {
    words: 'annotate - --kernel 6.8',
    stdin: NPT_EXIT,
    code: 0,
    says: ['read as kernel 6.8, svm (read), NPT (read), MAXPHYADDR 48 (assumed)'],
  },
  'B5: an upstream kernel that says elN is upstream': {
    words: `decode 0x600000455299b77@1 --kernel 6.6.3-1.el9.elrepo.x86_64 ${VMX} --check`,
    code: 0,
    says: ['clean leaf'],
    not: ['RHEL'],
  },
};

describe('what was once answered so that it misled is answered right', () => {
  it.each(Object.entries(asked))('%s', async (_, { words, stdin, code, says, not = [] }) => {
    const run = await spte(words, { stdin });
    const said = run.out + run.err;
    for (const text of says) expect(said).toContain(text);
    for (const text of not) expect(said).not.toContain(text);
    expect(run.code).toBe(code);
  });
});
