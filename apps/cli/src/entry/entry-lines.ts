// SPDX-License-Identifier: GPL-2.0-only
import { type Explanation, explanationLines, type TextLine } from '@spte/core';

/** An explanation as lines of text, without what to know of its kernel: that is said once for all entries. */
export function entryLines(explanation: Explanation): TextLine[] {
  return explanationLines(explanation).filter(({ role }) => role !== 'note');
}
