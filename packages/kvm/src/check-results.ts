// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';

/**
 * How bad it is: an `error` no state of a kernel allows; what is `suspicious` is legal in a situation that the text names; a
 * `note` is normal.
 */
export type CheckWeight = 'error' | 'suspicious' | 'note';

/** A code of {@link CHECKS}. */
export type CheckCode =
  | 'mask-differs'
  | 'read-only-slot'
  | 'no-slot'
  | 'dirty-bit-clear'
  | 'unreached-table'
  | 'counter-differs'
  | 'unknown-root'
  | 'unreached-shadow-page'
  | 'shared-page'
  | 'invalid-root';

/** What each result means, and how bad it is. Codes of bad entries are those of core and of walks. */
export const CHECKS: Readonly<Record<CheckCode, { readonly weight: CheckWeight; readonly text: string }>> = {
  'mask-differs': { weight: 'error', text: 'a mask is not what the facts in memory lead to' },
  'read-only-slot': { weight: 'error', text: 'a leaf of a read-only slot allows writes' },
  'no-slot': { weight: 'error', text: 'a leaf maps a gfn that is in no slot' },
  'dirty-bit-clear': {
    weight: 'error',
    text: 'a leaf of a dirty-logged slot allows writes, and its bit in the dirty bitmap is clear, although KVM logs by write protection',
  },
  'unreached-table': {
    weight: 'suspicious',
    text: 'a table of the TDP MMU is reached from no root; legal while it waits to be freed (an RCU grace period)',
  },
  'counter-differs': {
    weight: 'suspicious',
    text: 'a counter of mapped pages differs from the leaves by more than one for each vCPU; legal while vCPUs change entries',
  },
  'unknown-root': {
    weight: 'suspicious',
    text: 'a vCPU holds a root that is in no list of its VM; legal while the root is being freed',
  },
  'unreached-shadow-page': {
    weight: 'note',
    text: 'shadow pages that no root reaches: KVM keeps them to use them again',
  },
  'shared-page': { weight: 'note', text: 'a page is writable in two VMs: shared memory' },
  'invalid-root': { weight: 'note', text: 'a root that is no longer used has entries' },
};

/** Something that a check found. */
export interface CheckResult {
  readonly code: string;
  readonly weight: CheckWeight;
  /** Process of the VM; null for what is of the host. */
  readonly pid: number | null;
  /** Physical address of the root; null where it is of none. */
  readonly root: bigint | null;
  /** The entry, its own physical address and level; null where it is about none. */
  readonly entry: {
    readonly hpa: bigint;
    readonly value: bigint;
    readonly level: number;
    readonly gpa: bigint;
  } | null;
  /** What is wrong, in words. */
  readonly text: string;
}

/** Something that could not be decided, and why. */
export interface Undecided {
  /** Process of the VM; null for what is of the host. */
  readonly pid: number | null;
  readonly what: string;
  readonly why: string;
}

/** A result by its code. */
export function resultOf(code: CheckCode, given: Partial<CheckResult>, detail: string): CheckResult {
  const { weight, text } = CHECKS[code];
  return { code, weight, pid: null, root: null, entry: null, ...given, text: `${text}: ${detail}` };
}

/** A range of gfns. */
export const gfnsText = (first: bigint, pages: bigint): string =>
  pages === 1n ? `gfn ${hex(first)}` : `gfn ${hex(first)} to ${hex(first + pages - 1n)}`;
