// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '../events/record.ts';

/** What a line says of the machine; null for what it does not say. */
export interface MachineHints {
  readonly vendor: 'vmx' | 'svm' | null;
  /** Which tables KVM keeps for the guest. */
  readonly mode: 'ept' | 'npt' | 'shadow' | null;
}

/** Nothing. */
export const NO_HINTS: MachineHints = { vendor: null, mode: null };
const VMX: MachineHints = { vendor: 'vmx', mode: null };
const SVM: MachineHints = { vendor: 'svm', mode: null };
const EPT: MachineHints = { vendor: 'vmx', mode: 'ept' };
const NPT: MachineHints = { vendor: 'svm', mode: 'npt' };
const VMX_SHADOW: MachineHints = { vendor: 'vmx', mode: 'shadow' };
const SVM_SHADOW: MachineHints = { vendor: 'svm', mode: 'shadow' };

/** All that can be said, by number. */
export const HINTS: readonly MachineHints[] = [NO_HINTS, VMX, SVM, EPT, NPT, VMX_SHADOW, SVM_SHADOW];

/**
 * Tells what a line says of the machine that wrote it: by the reason of an exit, whose names are capitals on Intel and
 * small letters on AMD, by bits that only one error code has, and by roles that only one has. Needs no context, and
 * takes next to no time.
 *
 * @example
 * ```ts
 * import { machineHints, parseLine } from '@spte/trace';
 *
 * const say = (line: string) => {
 *   const record = parseLine(line);
 *   return record && machineHints(record);
 * };
 * say('kvm_exit: vcpu 0 reason npf rip 0x2000 info 100000004 10000'); // { vendor: 'svm', mode: 'npt' }
 * say('kvm_exit: vcpu 0 reason HLT rip 0x2000 info 0 0'); // { vendor: 'vmx', mode: null }
 * say('kvm_page_fault: address 600000 error_code 18a'); // { vendor: 'vmx', mode: 'ept' }
 * ```
 */
export function machineHints({ event, form, fields }: TraceRecord): MachineHints {
  switch (event) {
    case 'kvm_exit':
      return form === 'raw' ? rawExitHints(fields) : exitHints(fields);
    case 'kvm_page_fault':
      return faultHints(fields['error_code']);
    case 'kvm_eptp':
      return EPT;
    case 'kvm_vmx_root':
      return VMX;
    case 'kvm_svm_root':
      return SVM;
    default:
      // A role without A/D bits: of EPT alone.
      return fields['ad'] === '!ad' ? EPT : NO_HINTS;
  }
}

type Fields = TraceRecord['fields'];

/** Reasons of faults, as the kernel and as trace-cmd print them. */
const FAULT_REASONS: ReadonlyMap<unknown, MachineHints> = new Map([
  ['EPT_VIOLATION', EPT],
  ['EPT_MISCONFIG', EPT],
  ['PML_FULL', EPT],
  ['npf', NPT],
  ['EXIT_NPF', NPT],
  ['PF excp', SVM_SHADOW],
  ['EXIT_EXCP_PF', SVM_SHADOW],
]);

/** How the reasons of AMD are written: small letters, `PF excp`; capitals behind `EXIT_` by trace-cmd. */
const SVM_REASON = /^(?:[a-z]|[A-Z]{2} excp$|EXIT_)/;
const VMX_REASON = /^(?!UNKNOWN \()[A-Z]/;

function exitHints(fields: Fields): MachineHints {
  const reason = String(fields['reason']);
  const fault = FAULT_REASONS.get(reason);
  if (fault !== undefined) return fault;
  if (SVM_REASON.test(reason)) return SVM;
  if (VMX_REASON.test(reason)) return isVmxPageFault(reason === 'EXCEPTION_NMI', fields) ? VMX_SHADOW : VMX;
  // The name is lost.
  return reason === '' && LOST_NPF.test(String(fields['info1'])) ? NPT : NO_HINTS;
}

/** A word of nested page faults, and hardly another: an access, or a walk for it. */
const LOST_NPF = /^0x0*[12]0{6}[\da-f]{2}$/i;

/** Numbers of the same reasons: of Intel (`isa` 1), of AMD (2). */
const VMX_FAULTS: readonly unknown[] = [48, 49, 62];
const SVM_FAULTS: ReadonlyMap<unknown, MachineHints> = new Map([
  [0x4e, SVM_SHADOW],
  [0x400, NPT],
]);

function rawExitHints(fields: Fields): MachineHints {
  const { isa, exit_reason: reason } = fields;
  if (isa === 2) return SVM_FAULTS.get(reason) ?? SVM;
  if (isa !== 1) return NO_HINTS;
  if (VMX_FAULTS.includes(reason)) return EPT;
  return isVmxPageFault(reason === 0, fields) ? VMX_SHADOW : VMX;
}

/** A hardware exception with vector 14, whatever else the word says. */
const PAGE_FAULT = /^0x0*80000[3b]0e$/i;

/** Whether KVM intercepts page faults of the guest: it does so where it keeps shadow page tables. */
function isVmxPageFault(isException: boolean, { intr_info: event, info2 }: Fields): boolean {
  // Before 5.10 the event is the second word.
  return isException && PAGE_FAULT.test(String(event ?? info2));
}

const HEX = /^0x[\da-f]{1,16}$/i;

/** Bit 7 of a qualification, a valid linear address, is of no other error code. */
const LINEAR_ADDRESS_VALID = 1n << 7n;

function faultHints(code: unknown): MachineHints {
  if (typeof code !== 'string' || !HEX.test(code)) return NO_HINTS;
  const word = BigInt(code);
  // Only that of a nested page fault has more than 32 bits.
  if (word >> 32n !== 0n) return NPT;
  return (word & LINEAR_ADDRESS_VALID) === 0n ? NO_HINTS : EPT;
}
