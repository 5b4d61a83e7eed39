// SPDX-License-Identifier: GPL-2.0-only
import type { MachineHints, TraceRecord } from '@spte/trace';
import { machineHints } from '@spte/trace';
import type { Exit } from './exit.ts';
import { numberOf, pageOf, wordOf } from './fields.ts';

/** What a fault is, by its line and the exit before it. */
export interface Fault {
  readonly record: TraceRecord;
  readonly vcpu: number | null;
  readonly address: bigint;
  readonly page: number;
  readonly code: bigint;
  /** Whose tables: the address is a gpa (`tdp`) or a gva (`shadow`). */
  readonly kind: 'tdp' | 'shadow';
  /** Letters of read, write and fetch. */
  readonly access: string;
  /** The access itself (`final`), or one to a guest table (`walk`); null where the code does not say. */
  readonly stage: 'final' | 'walk' | null;
  /** Whether the entry was there. */
  readonly isPresent: boolean;
  readonly isFetch: boolean;
  readonly isReserved: boolean;
  /** Page of the instruction. */
  readonly ripPage: number | null;
}

const bit = (number: number): bigint => 1n << BigInt(number);

/** Where a code has what. */
interface CodeLayout {
  readonly present: bigint;
  readonly fetch: bigint;
  readonly reserved: bigint;
  readonly access: (code: bigint) => string;
  readonly stage: (code: bigint) => Fault['stage'];
}

const PF: Pick<CodeLayout, 'present' | 'fetch' | 'reserved' | 'access'> = {
  present: bit(0),
  fetch: bit(4),
  reserved: bit(3),
  access: (code) => ((code & bit(4)) !== 0n ? 'x' : (code & bit(1)) !== 0n ? 'w' : 'r'),
};

const LAYOUTS: Readonly<Record<NonNullable<MachineHints['mode']>, CodeLayout>> = {
  ept: {
    present: 7n << 3n,
    fetch: bit(2),
    reserved: 0n,
    access: (code) => ['r', 'w', 'x'].filter((_, index) => (code & bit(index)) !== 0n).join(''),
    stage(code) {
      if ((code & bit(7)) === 0n) return null;
      return (code & bit(8)) === 0n ? 'walk' : 'final';
    },
  },
  npt: {
    ...PF,
    stage(code) {
      if ((code & bit(32)) !== 0n) return 'final';
      return (code & bit(33)) === 0n ? null : 'walk';
    },
  },
  shadow: { ...PF, stage: () => null },
};

/**
 * Reads a fault; null where it lacks its address or its code.
 *
 * @param exit the exit before it of the same task
 * @param usual what tables exits were about before, for a fault whose exit is not there
 */
export function faultOf(
  record: TraceRecord,
  exit: Exit | null,
  usual: NonNullable<MachineHints['mode']>,
): Fault | null {
  const address = wordOf(record, 'address', 'fault_address');
  const code = wordOf(record, 'error_code');
  if (address === null || code === null) return null;
  const mode = exit?.hints.mode ?? machineHints(record).mode ?? usual;
  const { present, fetch, reserved, access, stage } = LAYOUTS[mode];
  return {
    record,
    vcpu: numberOf(record, 'vcpu', 'vcpu_id') ?? exit?.vcpu ?? null,
    address,
    page: Number(address >> 12n),
    code,
    kind: mode === 'shadow' ? 'shadow' : 'tdp',
    access: access(code),
    stage: stage(code),
    isPresent: (code & present) !== 0n,
    isFetch: (code & fetch) !== 0n,
    isReserved: (code & reserved) !== 0n,
    ripPage: pageOf(wordOf(record, 'rip', 'guest_rip') ?? exit?.rip ?? null),
  };
}
