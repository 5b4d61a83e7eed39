// SPDX-License-Identifier: GPL-2.0-only
import type { Finding, SpteKind } from '@spte/core';

/** What an entry is, and what is wrong with its bits. */
export interface EntryReading {
  readonly kind: SpteKind;
  readonly findings: readonly Finding[];
}
