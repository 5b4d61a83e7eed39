// SPDX-License-Identifier: GPL-2.0-only
import { checkU64 } from '../bits/arguments.ts';
import { type BitField, field } from '../bits/bit-field.ts';
import { bitNumbers } from '../bits/bits.ts';
import { type CodePart, codeParts, type FaultAccessKind } from './code-word.ts';

const P = field('present', 0, 0, 'hardware', 'the entry is present and refuses', {
  clear: 'an entry on the path is not present',
});
const W = field('write', 1, 1, 'hardware', 'a write');
const U = field('user', 2, 2, 'hardware', 'by user code, or on behalf of it');
const RSVD = field('reserved', 3, 3, 'hardware', 'an entry on the path has a reserved bit set');
const F = field('fetch', 4, 4, 'hardware', 'an instruction fetch');

/** Bits 4:0 of the error code of a page fault, which nested page faults share. */
export const PAGE_FAULT_BITS: readonly BitField[] = [P, W, U, RSVD, F];

/** The whole error code of a page fault. Kernel: `PFERR_*`. */
const PAGE_FAULT: readonly BitField[] = [
  ...PAGE_FAULT_BITS,
  field('protectionKey', 5, 5, 'hardware', 'a protection key refuses'),
  field('shadowStack', 6, 6, 'hardware', 'a shadow-stack access'),
  field('sgx', 15, 15, 'hardware', 'SGX refuses'),
  field('rmp', 31, 31, 'hardware', 'the RMP of SEV-SNP refuses'),
];

/** What the error code of a page fault says. */
export interface PageFaultCode {
  readonly kind: '#PF error code' | 'NPF EXITINFO1';
  readonly value: bigint;
  /** What was tried. */
  readonly access: readonly FaultAccessKind[];
  /** Whether all entries on the path are present. */
  readonly present: boolean;
  readonly user: boolean;
  /** Whether a reserved bit is set: under KVM, an MMIO entry was hit. */
  readonly reserved: boolean;
  /** Numbers of the bits that are set, lowest first. */
  readonly bits: readonly number[];
  readonly parts: readonly CodePart[];
}

/** What bits 4:0 of an error code say. */
export function pageFaultBits(
  value: bigint,
): Pick<PageFaultCode, 'value' | 'access' | 'present' | 'user' | 'reserved' | 'bits'> {
  checkU64('value', value);
  const isSet = ({ mask }: BitField): boolean => (value & mask) !== 0n;
  const data = isSet(W) ? 'write' : 'read';
  const access = isSet(F) ? 'fetch' : data;
  return {
    value,
    access: [access],
    present: isSet(P),
    user: isSet(U),
    reserved: isSet(RSVD),
    bits: bitNumbers(value),
  };
}

/**
 * Says what the error code of a page fault means: of shadow paging, or in KVM's own walks of a guest's tables.
 *
 * @param value the error code, a 64-bit word
 * @throws TypeError, RangeError when it is not a 64-bit word
 *
 * @example
 * ```ts
 * import { explainPageFault } from '@spte/core';
 *
 * const { access, present, reserved } = explainPageFault(0xbn);
 * [access, present, reserved]; // [ [ 'write' ], true, true ]
 * ```
 *
 * @example
 * ```ts
 * import { explainPageFault } from '@spte/core';
 *
 * // A fetch of a program, of a page that is not there.
 * const { access, present } = explainPageFault(0x14n);
 * [access, present]; // [ [ 'fetch' ], false ]
 * ```
 */
export function explainPageFault(value: bigint): PageFaultCode {
  return { kind: '#PF error code', ...pageFaultBits(value), parts: codeParts(value, PAGE_FAULT) };
}
