// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';
import { traces } from './runs.ts';

const LOG = [
  '[  123.456789][ T4321] kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0xd0000, hierarchy:',
  '[  123.456790][ T4321] kvm: ------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000',
  '[ 12.5] kvm: ------ spte 0x8913827 level 1.',
  '[ 12.5][   C12] spte = 0x8913827, level = 2, rsvd bits = 0x0',
  'SPTE 0x8913827 (@ (____ptrval____)) for gfn 0x12 shadow-present at free',
  'as_id: 0 gfn: 12 old_spte: 8913827 new_spte: 5a0 level: 1',
];

/** Exits and faults of every age, tracer and vendor, with the words that kernels lose; and marks of lost events. */
const FAULTS = [
  'vm-1 [000] 1.5: kvm_exit: vcpu 0 reason EPT_VIOLATION rip 0xfff info 182 80000b0e',
  'vm-1 [000] 1.5: kvm_exit: vcpu 0 reason EXCEPTION_NMI rip 0xfff info 7fff0 80000b0e',
  'vm-1 [000] 1.5: kvm_exit:   reason EXIT_NPF rip 0x2000 info 200000006 10000',
  'vm-1 [000] 1.5: kvm_exit:   reason UNKNOWN (54) rip 0x2000 info 0 0',
  'vm-1 [000] 1.5: kvm_exit: vcpu 0 reason  rip 0x2000 info1 0x0000000100000006 info2 0x0000000000010000 intr_info 0x00000000 error_code 0x00000000',
  'vm-1 [000] 1.5: kvm_exit: vcpu 0 reason INVALID_STATE FAILED_VMENTRY rip 0x0 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0 requests 0x10',
  'vm-1 [000] 1.5: kvm_exit: vcpu 0 reason PF excp rip 0x2000 info1 0x2 info2 0x110000 intr_info 0x80000b0e error_code 0x3',
  'vm-1 [000] 1.5: kvm_exit: exit_reason=1024 guest_rip=0x2000 isa=2 info1=0x100000006 info2=0x10000 intr_info=0x0 error_code=0x0 vcpu_id=0',
  'vm-1 [000] 1.5: kvm_page_fault: address 600000 error_code 18a',
  'vm-1 [000] 1.5: kvm_page_fault: address 600000 error_code 3',
  'vm-1 [000] 1.5: kvm_page_fault: vcpu_id=0 guest_rip=0x2000 fault_address=0x10000 error_code=0x200000006',
  'CPU:1 [LOST 540 EVENTS]',
  'CPU:0 [EVENTS DROPPED]',
  '# entries-in-buffer/entries-written: 10/25   #P:2',
  '##### CPU 1 buffer started ####',
  'vm 12 [001] 6.04: PERF_RECORD_LOST lost 12',
  'Invalid SPTE change: cannot replace a present leaf',
  'SPTE with another present leaf SPTE mapping a',
];

/** Lines that have every form, the first of each event of every run and some more. */
const SAMPLE = [
  ...LOG,
  ...FAULTS,
  ...traces.flatMap(([, , text]) => {
    const seen = new Map<string, number>();
    return text.split('\n').filter((line) => {
      const event = /: +(\w+):/.exec(line)?.[1] ?? '';
      const count = seen.get(event) ?? 0;
      seen.set(event, count + 1);
      return line !== '' && count < 3;
    });
  }),
];

/** What is put into lines: what parts fields, numbers at their limits, anything that is not ASCII, marks of mails. */
const PIECES = [
  ':',
  '[',
  ']',
  '(',
  ')',
  '>',
  '> ',
  ' ',
  '  ',
  '	',
  '0x',
  '=',
  '-',
  '|',
  '.',
  '/',
  '"',
  '\\',
  '~',
  'é',
  '﻿',
  '\0',
  '\r',
  '',
  '',
  '\n',
  '\n> ',
  '\n  ',
  'spte',
  'SPTE ',
  'level 6',
  'level 0',
  '-0',
  '007',
  '00',
  '9',
  '4294967296',
  '99999999999',
  '12345678901234567',
  'ffffffffffffffff',
  '10000000000000000',
  'DEADbeef',
  'P|W',
  'f'.repeat(20),
  'x'.repeat(15),
  'x'.repeat(256),
  ' [FAILED TO PARSE] ',
  ' at 1a1080',
  '(____ptrval____)',
  '=1 b=2',
  'kvm_mmu_set_spte:',
  'kvmmmu:',
  'x:kvm_mmu_set_spte',
  '5.1:',
  ' [001] ',
  'qemu-1/2',
  ' ( 12) ',
  'a=1 1=2 __proto__=3 ',
];

const line = fc.constantFrom(...SAMPLE);
const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 }));

/** Lines of real traces, mostly with a piece put in, cut out or replaced, or two spliced. */
export const mutatedLine: fc.Arbitrary<string> = fc.oneof(
  line,
  fc
    .tuple(line, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(6), piece)
    .map(([text, share, cut, piece]) => {
      const at = Math.floor(share * text.length);
      return text.slice(0, at) + piece + text.slice(at + cut);
    }),
  fc
    .tuple(line, line, fc.nat(150), fc.nat(150), piece)
    .map(([a, b, cut, from, piece]) => a.slice(0, cut) + piece + b.slice(from)),
);
