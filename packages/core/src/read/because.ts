// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '../mmu/contract.ts';

/** Where an answer comes from. */
export interface Because {
  /** The kernel function, table or step that says so. */
  readonly rule: string;
  /** The bits that it looks at. */
  readonly bits: bigint;
  /** First release of the layout that the answer holds in. */
  readonly era: string;
}

/** The source of an answer about entries of this MMU. */
export function because({ layout }: Mmu, rule: string, bits: bigint): Because {
  return { rule, bits, era: layout.since };
}
