// SPDX-License-Identifier: GPL-2.0-only
import { type Diagnostic, type Explanation, explainSpte, type Mmu, observe } from '@spte/core';
import { type BitItem, itemsOfReasons } from '../bits/bit-item.ts';
import { type Cell, cellsOf } from '../bits/cells.ts';
import type { Attempt } from '../fields/attempt.ts';
import { wrongBits } from '../read/findings.ts';
import type { BuildForm } from '../state/build-form.ts';
import type { Refused } from './refused.ts';
import { type Request, type RequestField, withRequest } from './request.ts';

/** A new SPTE, ready to be shown. */
export interface BuiltEntry {
  readonly spte: bigint;
  readonly level: number;
  readonly explained: Explanation;
  readonly cells: readonly Cell[];
  /** One for each reason. */
  readonly items: readonly BitItem[];
  readonly warnings: readonly Diagnostic[];
  /** What was asked for and is not given. */
  readonly refused: readonly Refused[];
  /** What else happened, in words. */
  readonly effects: readonly string[];
}

/** Runs the rule that the form asks for. */
export function buildEntry(mmu: Mmu, form: BuildForm): Attempt<BuiltEntry, RequestField> {
  return withRequest(form, (request) => builtOn(mmu, request));
}

/**
 * Makes the SPTE on one machine.
 *
 * @param other the SPTE to which it is compared, if it is
 */
export function builtOn(mmu: Mmu, { level, make, refused }: Request, other?: bigint): BuiltEntry {
  const { value, reasons, warnings } = observe(mmu, make);
  const { spte, effects } = value;
  const explained = explainSpte(mmu, spte, level);
  const { fields, findings } = explained;
  return {
    spte,
    level,
    explained,
    cells: cellsOf(spte, fields, wrongBits(findings), spte ^ (other ?? spte)),
    items: itemsOfReasons(reasons, fields),
    warnings,
    refused: refused(mmu),
    effects,
  };
}
