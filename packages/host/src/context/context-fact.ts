// SPDX-License-Identifier: GPL-2.0-only
import type { PagingMode } from '../report.ts';

/**
 * How a fact of a context is known, the surest first.
 *
 * - `given`: the user said it
 * - `read`: the input says it
 * - `ranked`: of all that may be, only this agrees with the entries
 * - `assumed`: nothing says it
 */
export type Origin = 'given' | 'read' | 'ranked' | 'assumed';

/** What a guest's memory is mapped by; `ept12` is the table that shadows the EPT of a nested hypervisor. */
export type ContextMode = PagingMode | 'ept12';

/** A fact, how it is known, and from where. */
export interface ContextFact {
  readonly value: string | number | boolean;
  readonly origin: Origin;
  /** The flag, the line of the input, or what the entries say. */
  readonly from: string;
}
