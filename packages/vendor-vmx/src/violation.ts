// SPDX-License-Identifier: GPL-2.0-only
import {
  accessText,
  type BitField,
  type CodePart,
  checkU64,
  codeParts,
  type FaultAccessKind,
  type FaultStage,
  field,
} from '@spte/core';

const READ = field('read', 0, 0, 'hardware', 'a read');
const WRITE = field('write', 1, 1, 'hardware', 'a write');
const FETCH = field('fetch', 2, 2, 'hardware', 'an instruction fetch');
const READABLE = field('entryReadable', 3, 3, 'hardware', 'the path allows reads');
const WRITABLE = field('entryWritable', 4, 4, 'hardware', 'the path allows writes');
const EXECUTABLE = field('entryExecutable', 5, 5, 'hardware', 'the path allows fetches');
const LINEAR = field('linearAddressValid', 7, 7, 'hardware', 'a linear address of the guest was translated', {
  clear: 'no linear address: the CPU loaded PDPTEs, or wrote a trace',
});
const FINAL = field('finalAccess', 8, 8, 'hardware', 'the access itself, not one to the tables of the guest');

/** What was tried, by the bit that says so. */
const ACCESSES: readonly (readonly [FaultAccessKind, BitField])[] = [
  ['read', READ],
  ['write', WRITE],
  ['fetch', FETCH],
];

/** Bits that say something of every violation. */
const ALWAYS: readonly BitField[] = [
  READ,
  WRITE,
  FETCH,
  READABLE,
  WRITABLE,
  EXECUTABLE,
  field(
    'entryUserExecutable',
    6,
    6,
    'hardware',
    'the path allows fetches of users (mode-based execute control)',
  ),
  LINEAR,
  FINAL,
  field('nmiUnblocked', 12, 12, 'hardware', 'IRET had unblocked NMIs'),
  field('shadowStack', 13, 13, 'hardware', 'a shadow-stack access'),
  field('supervisorShadowStack', 14, 14, 'hardware', 'the page holds a supervisor shadow stack'),
  field('pagingVerification', 15, 15, 'hardware', 'guest-paging verification refuses'),
  field('asynchronous', 16, 16, 'hardware', 'an asynchronous access, such as of a trace'),
];

/** What the tables of the guest say, where the access itself faulted and the CPU tells. */
const OF_THE_GUEST: readonly BitField[] = [
  field('userAddress', 9, 9, 'hardware', 'an address of users, by the tables of the guest'),
  field('writablePage', 10, 10, 'hardware', 'a writable page, by the tables of the guest'),
  field('executeDisabled', 11, 11, 'hardware', 'no fetches, by the tables of the guest'),
];

/** What the exit qualification of an EPT violation says. */
export interface EptViolation {
  readonly kind: 'EPT violation qualification';
  readonly value: bigint;
  /** What was tried; a read-modify-write, and a walk with A/D bits, may be two. */
  readonly access: readonly FaultAccessKind[];
  /** What all entries on the path allow: `rwx`, a dash for what one of them refuses. */
  readonly entryAllows: string;
  /** Whether the path allows anything: else an entry on it is not present. */
  readonly entryPresent: boolean;
  readonly linearAddressValid: boolean;
  /** Null where the CPU does not say. */
  readonly stage: FaultStage | null;
  readonly parts: readonly CodePart[];
}

/**
 * Says what the exit qualification of an EPT violation means: `info1` of a `kvm_exit` line, `error_code` of the
 * `kvm_page_fault` line after it.
 *
 * @param value the qualification, a 64-bit word
 * @throws TypeError, RangeError when it is not a 64-bit word
 *
 * @example
 * ```ts
 * import { explainEptViolation } from '@spte/vendor-vmx';
 *
 * const { access, entryAllows, stage } = explainEptViolation(0x1aan);
 * [access, entryAllows, stage]; // [ [ 'write' ], 'r-x', 'final access' ]
 * ```
 *
 * @example
 * ```ts
 * import { explainEptViolation } from '@spte/vendor-vmx';
 *
 * // A fetch of a page that is not mapped.
 * const { access, entryAllows } = explainEptViolation(0x184n);
 * [access, entryAllows]; // [ [ 'fetch' ], '---' ]
 * ```
 */
export function explainEptViolation(value: bigint): EptViolation {
  checkU64('value', value);
  const isSet = ({ mask }: BitField): boolean => (value & mask) !== 0n;
  const allows = { read: isSet(READABLE), write: isSet(WRITABLE), execute: isSet(EXECUTABLE), user: null };
  const final = isSet(FINAL) ? 'final access' : 'guest page walk';
  const fields = isSet(LINEAR) && isSet(FINAL) ? [...ALWAYS, ...OF_THE_GUEST] : ALWAYS;
  return {
    kind: 'EPT violation qualification',
    value,
    access: ACCESSES.filter(([, bit]) => isSet(bit)).map(([access]) => access),
    entryAllows: accessText(allows),
    entryPresent: allows.read || allows.write || allows.execute,
    linearAddressValid: isSet(LINEAR),
    stage: isSet(LINEAR) ? final : null,
    parts: codeParts(value, fields),
  };
}
