// SPDX-License-Identifier: GPL-2.0-only
import {
  type BitField,
  codeParts,
  type FaultStage,
  field,
  PAGE_FAULT_BITS,
  type PageFaultCode,
  pageFaultBits,
} from '@spte/core';

const FINAL = field(
  'finalAccess',
  32,
  32,
  'hardware',
  'the access itself, not one to the tables of the guest',
);
const WALK = field(
  'guestPageWalk',
  33,
  33,
  'hardware',
  'an access to the tables of the guest, which counts as a write',
);

const EXITINFO1: readonly BitField[] = [
  ...PAGE_FAULT_BITS,
  field('shadowStack', 6, 6, 'hardware', 'a shadow-stack access'),
  field('rmp', 31, 31, 'hardware', 'the RMP of SEV-SNP refuses'),
  FINAL,
  WALK,
  field('encrypted', 34, 34, 'hardware', 'an encrypted access'),
  field('sizeMismatch', 35, 35, 'hardware', 'the RMP and the entry differ in the size of the page'),
  field('vmpl', 36, 36, 'hardware', 'the VMPL permissions refuse'),
  field('supervisorShadowStack', 37, 37, 'hardware', 'a supervisor shadow stack'),
];

/** What EXITINFO1 of a nested page fault says. */
export interface NestedPageFault extends PageFaultCode {
  readonly kind: 'NPF EXITINFO1';
  /** Null where the word does not say: kernels before 6.1 print its low 32 bits only. */
  readonly stage: FaultStage | null;
}

/**
 * Says what EXITINFO1 of a nested page fault means: `info1` of a `kvm_exit` line, `error_code` of the `kvm_page_fault`
 * line after it.
 *
 * The CPU walks for the guest's program, so that each such fault is one of a user.
 *
 * @param value EXITINFO1, a 64-bit word
 * @throws TypeError, RangeError when it is not a 64-bit word
 *
 * @example
 * ```ts
 * import { explainNestedPageFault } from '@spte/vendor-svm';
 *
 * const { access, present, stage } = explainNestedPageFault(0x100000004n);
 * [access, present, stage]; // [ [ 'read' ], false, 'final access' ]
 * ```
 *
 * @example
 * ```ts
 * import { explainNestedPageFault } from '@spte/vendor-svm';
 *
 * // A write that the guest's page walk makes, to set an accessed bit: the page of its table is read-only.
 * const { access, present, stage } = explainNestedPageFault(0x200000007n);
 * [access, present, stage]; // [ [ 'write' ], true, 'guest page walk' ]
 * ```
 */
export function explainNestedPageFault(value: bigint): NestedPageFault {
  const said = pageFaultBits(value);
  const isSet = ({ mask }: BitField): boolean => (value & mask) !== 0n;
  const before = isSet(WALK) ? 'guest page walk' : null;
  const stage = isSet(FINAL) ? 'final access' : before;
  return { kind: 'NPF EXITINFO1', ...said, stage, parts: codeParts(value, EXITINFO1) };
}
