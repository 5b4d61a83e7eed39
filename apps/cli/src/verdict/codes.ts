// SPDX-License-Identifier: GPL-2.0-only
import { FINDING_SEVERITIES, type Severity } from '@spte/core';
import type { LineFindingCode } from '@spte/trace';
import type { WalkFindingCode } from '@spte/walk';
import { pluginSeverity } from '../context/plugins.ts';

/** What is found beside the entries themselves: where they point, and what lines say of them. */
const BESIDE: Readonly<Record<WalkFindingCode | LineFindingCode, Severity>> = {
  'table-loop': 'error',
  'table-hole': 'error',
  'table-reserved-address': 'error',
  'table-repeats': 'error',
  'forbidden-change': 'error',
  'printed-reserved-bits': 'error',
  'check-disagrees': 'error',
};

const SEVERITIES: ReadonlyMap<string, Severity> = new Map(
  Object.entries({ ...FINDING_SEVERITIES, ...BESIDE }),
);

/** The codes of everything that the command can find. */
export const CODES: readonly string[] = [...SEVERITIES.keys()];

/** How bad a finding is. */
export function severityOf(code: string): Severity {
  return SEVERITIES.get(code) ?? pluginSeverity(code) ?? 'error';
}
