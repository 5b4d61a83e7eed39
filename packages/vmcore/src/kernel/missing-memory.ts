// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { BtfError } from '../btf/btf.ts';
import type { PageGap } from '../containers/dump.ts';

/** Memory of the kernel that is not in the dump. */
export class MissingMemory extends Error {
  /** Always `MissingMemory`. */
  override readonly name = 'MissingMemory';
  /** The virtual address that was wanted. */
  readonly address: bigint;
  /** Why it is not there: `unmapped` where the kernel's own page tables have no page. */
  readonly reason: PageGap['reason'] | 'unmapped';

  constructor(address: bigint, reason: PageGap['reason'] | 'unmapped', text: string) {
    super(`${hex(address)}: ${text}`);
    this.address = address;
    this.reason = reason;
  }
}

/** What tells that something in a dump is not there, or makes no sense. */
export type DumpFault = MissingMemory | KernelError | BtfError;

/** Whether an error says that something in a dump is not there, or makes no sense. */
export function isMissing(error: unknown): error is DumpFault {
  return error instanceof MissingMemory || error instanceof KernelError || error instanceof BtfError;
}

/** Does something; gives the error where something in the dump is not there, or makes no sense. */
export function tryRead<Result>(work: () => Result): Result | DumpFault {
  try {
    return work();
  } catch (error) {
    if (!isMissing(error)) throw error;
    return error;
  }
}

/** Something in the kernel's memory that makes no sense: a list without an end, a type that is not there. */
export class KernelError extends Error {
  /** Always `KernelError`. */
  override readonly name = 'KernelError';
}
