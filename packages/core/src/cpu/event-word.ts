// SPDX-License-Identifier: GPL-2.0-only
import { checkU64 } from '../bits/arguments.ts';
import { field, fieldValue } from '../bits/bit-field.ts';

const TYPES: Readonly<Record<number, string>> = {
  0: 'external interrupt',
  2: 'NMI',
  3: 'hardware exception',
  4: 'software interrupt',
  5: 'privileged software exception',
  6: 'software exception',
};

/** Exceptions by vector, as KVM prints them. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  0: '#DE',
  1: '#DB',
  3: '#BP',
  4: '#OF',
  5: '#BR',
  6: '#UD',
  7: '#NM',
  8: '#DF',
  10: '#TS',
  11: '#NP',
  12: '#SS',
  13: '#GP',
  14: '#PF',
  16: '#MF',
  17: '#AC',
  18: '#MC',
  19: '#XM',
  20: '#VE',
  21: '#CP',
  28: '#HV',
  29: '#VC',
  30: '#SX',
};

/**
 * ```
 *  31      12 11 10   8 7        0
 *  ┌─┬───┬─┬──┬──────┬──────────┐   V valid, N an IRET had unblocked NMIs (VM-exit interruption information of Intel),
 *  │V│   │N│E │ type │  vector  │   E an error code belongs to it
 *  └─┴───┴─┴──┴──────┴──────────┘
 * ```
 */
const VECTOR = field('vector', 7, 0, 'hardware', 'the vector of the event');
const TYPE = field('type', 10, 8, 'hardware', 'the type of the event', { values: TYPES });
const ERROR_CODE = field('errorCode', 11, 11, 'hardware', 'an error code belongs to it');
const VALID = field('valid', 31, 31, 'hardware', 'there is an event');

/** Types of events whose vector is the number of an exception. */
const EXCEPTION_TYPES: readonly bigint[] = [3n, 5n, 6n];

/** An event that the CPU delivers, or was delivering when the guest exited. */
export interface EventWord {
  readonly value: bigint;
  /** Whether there is an event: else the rest means nothing. */
  readonly valid: boolean;
  /** 0..255. */
  readonly vector: number;
  /** The exception that it is (`#PF`), or `NMI`; null for interrupts, and for vectors without a name. */
  readonly name: string | null;
  /** Null for a number that is reserved. */
  readonly type: string | null;
  readonly hasErrorCode: boolean;
}

/**
 * Says what a word about an event means. Intel and AMD write it in the same way: VM-exit interruption information,
 * IDT-vectoring information, EXITINTINFO, EVENTINJ; `intr_info` of a `kvm_exit` line.
 *
 * @param value the word, of which bits 31:0 count
 * @throws TypeError, RangeError when it is not a 64-bit word
 *
 * @example
 * ```ts
 * import { explainEventWord } from '@spte/core';
 *
 * const { valid, name, type, hasErrorCode } = explainEventWord(0x80000b0en);
 * [valid, name, type, hasErrorCode]; // [ true, '#PF', 'hardware exception', true ]
 * ```
 */
export function explainEventWord(value: bigint): EventWord {
  checkU64('value', value);
  const vector = Number(fieldValue(value, VECTOR));
  const type = fieldValue(value, TYPE);
  const other = type === 2n ? 'NMI' : null;
  const name = EXCEPTION_TYPES.includes(type) ? (EXCEPTIONS[vector] ?? null) : other;
  return {
    value,
    valid: fieldValue(value, VALID) === 1n,
    vector,
    name,
    type: TYPES[Number(type)] ?? null,
    hasErrorCode: fieldValue(value, ERROR_CODE) === 1n,
  };
}
