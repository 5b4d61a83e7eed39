// SPDX-License-Identifier: GPL-2.0-only
import { type Diagnostic, SPTE_DIAGNOSTIC_MEANINGS } from '@spte/core';
import { L1TF_DIAGNOSTIC_MEANINGS } from '@spte/l1tf';
import { MMIO_DIAGNOSTIC_MEANINGS } from '@spte/mmio';

const known: Readonly<Record<string, string>> = {
  ...SPTE_DIAGNOSTIC_MEANINGS,
  ...L1TF_DIAGNOSTIC_MEANINGS,
  ...MMIO_DIAGNOSTIC_MEANINGS,
};

/** When a warning is raised, in words; empty for a code of a plugin that is not known here. */
export function meaningOf({ code }: Diagnostic): string {
  return known[code] ?? '';
}
