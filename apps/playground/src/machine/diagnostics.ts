// SPDX-License-Identifier: GPL-2.0-only
import { type Diagnostic, type DiagnosticTable, SPTE_DIAGNOSTICS } from '@spte/core';
import { L1TF_DIAGNOSTICS } from '@spte/l1tf';
import { MMIO_DIAGNOSTICS } from '@spte/mmio';

const known: DiagnosticTable = { ...SPTE_DIAGNOSTICS, ...L1TF_DIAGNOSTICS, ...MMIO_DIAGNOSTICS };

/** When a warning is raised, in words; empty for a code of a plugin that is not known here. */
export function meaningOf({ code }: Diagnostic): string {
  return known[code]?.meaning ?? '';
}
