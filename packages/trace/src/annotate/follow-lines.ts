// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { TraceRecord } from '../events/record.ts';
import type { AnnotatorOptions } from './annotator-options.ts';
import { type ExplainedFault, faultExplainer, rememberFaults } from './explain-fault.ts';
import { HINTS, type MachineHints, machineHints, NO_HINTS } from './machine-hints.ts';
import {
  type Before,
  type Check,
  checksOf,
  type LastLines,
  leave,
  taskOf,
  valueBefore,
} from './printed-check.ts';

/** What is said of a line with a look at those before it. */
export interface FollowedLine {
  readonly checks: readonly Check[];
  readonly explains: ExplainedFault | undefined;
}

/**
 * Follows the lines of a trace.
 *
 * @param options what vendors know of exits, without which none is explained; and in which contexts lines are checked
 * @param last the last lines of tasks
 */
export function followLines(
  mmu: Mmu,
  options: AnnotatorOptions,
  last: LastLines,
): (record: TraceRecord) => FollowedLine {
  const { exits: readers = [], others = [] } = options;
  const explain = readers.length === 0 ? null : rememberFaults(faultExplainer(mmu, readers));
  return (record) => {
    const before = last.take(taskOf(record));
    const explains = explain?.(record, exitBefore(record, before));
    const checks = checksOf(record, mmu, others, before);
    leave(last, record, leftBy(record, explains));
    return { checks, explains };
  };
}

/** What the exit before a fault says of the machine; nothing where there is none. */
export function exitBefore(record: TraceRecord, before: Before | undefined): MachineHints {
  return HINTS[Number(valueBefore(record, before))] ?? NO_HINTS;
}

/** What is kept of a line. */
function leftBy(record: TraceRecord, explains: ExplainedFault | undefined): bigint | undefined {
  if (explains === undefined) return record.sptes[0]?.value;
  return BigInt(hintNumber(record));
}

/** The number of what a line says of the machine. */
export function hintNumber(record: TraceRecord): number {
  return HINTS.indexOf(machineHints(record));
}
