// SPDX-License-Identifier: GPL-2.0-only

import type { Coded, NoParams } from '../bits/coded.ts';
import type { Because } from '../read/because.ts';
import type { ReadOnlyReason } from '../read/decode-spte.ts';

/** What the change of an entry may be, and what its text needs to know. */
export interface ChangeEventParams {
  readonly none: NoParams;
  readonly 'fault-in': NoParams;
  readonly 'link-table': NoParams;
  readonly 'cache-mmio': NoParams;
  readonly zap: NoParams;
  readonly freeze: NoParams;
  readonly unfreeze: NoParams;
  readonly 'unlink-table': NoParams;
  readonly split: NoParams;
  readonly collapse: NoParams;
  readonly 'replace-table': NoParams;
  readonly 'access-track': NoParams;
  readonly restore: NoParams;
  readonly 'fast-page-fault': NoParams;
  readonly refault: NoParams;
  /** What for: MMU-writable stays where dirty logging alone is the reason. */
  readonly 'write-protect': { readonly for: Exclude<ReadOnlyReason, 'host'> };
  readonly 'clear-dirty': NoParams;
  readonly age: NoParams;
  readonly 'cpu-accessed': NoParams;
  readonly 'cpu-dirty': NoParams;
  /** Whether fetches are allowed now. */
  readonly 'change-exec': { readonly executable: boolean };
  /** Whether reads are allowed now. */
  readonly 'change-read': { readonly readable: boolean };
  /** Whether users, or fetches of theirs, are allowed now. */
  readonly 'change-user': { readonly allowed: boolean };
  /** Whether the host lets KVM map the page writable now. */
  readonly 'host-protection': { readonly writable: boolean };
  readonly 'notifier-change': NoParams;
  /** The memslot generations of the MMIO entry. */
  readonly generation: { readonly from: bigint; readonly to: bigint };
  /** The gfns of the MMIO entry. */
  readonly 'mmio-moved': { readonly from: bigint; readonly to: bigint };
  /** Bits that plugins keep, lowest first, and whose they are. */
  readonly 'software-bits': { readonly plugins: readonly string[]; readonly bits: readonly number[] };
  readonly 'change-pfn': NoParams;
  readonly other: NoParams;
}

/** The stable name of what happened to an entry. */
export type ChangeEventCode = keyof ChangeEventParams;

/** What the change of an entry is. */
export type ChangeEvent = Coded<ChangeEventParams> & {
  /** Who does that: a kernel function, or `CPU`. */
  readonly because: Because;
};

/** Events of which there is no more to say. */
export type PlainEventCode = {
  readonly [Code in ChangeEventCode]: ChangeEventParams[Code] extends NoParams ? Code : never;
}[ChangeEventCode];
