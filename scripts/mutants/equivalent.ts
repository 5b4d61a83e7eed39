// SPDX-License-Identifier: GPL-2.0-only
import { type Edit, lineAt } from './mutation.ts';

/** A mutation that changes nothing that anybody could notice. Found by what stands there, not by a line number. */
export interface Equivalent {
  readonly file: string;
  /** The line, without its indentation. */
  readonly line: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
}

export const equivalents: readonly Equivalent[] = [];

/** Whether an edit is one that is listed. */
export function isEquivalent(source: string, edit: Edit): boolean {
  const line = lineAt(source, edit.start);
  return equivalents.some(
    (one) =>
      one.file === edit.file && one.line === line && one.before === edit.before && one.after === edit.after,
  );
}
