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

export const equivalents: readonly Equivalent[] = [
  {
    file: 'packages/walk/src/memory/image-format.ts',
    line: "['kdump', 'KDUMP   '],",
    before: "['kdump', 'KDUMP   '],\n  ['kdump', 'DISKDUMP']",
    after: "['kdump', 'DISKDUMP'],\n  ['kdump', 'KDUMP   ']",
    why: 'a file begins with one of the two at most, and both are the same format',
  },
  {
    file: 'packages/host/src/node-devices.ts',
    line: 'const RECORD = 1 << 14;',
    before: '14',
    after: '15',
    why: 'a buffer that is larger than every record reads the same',
  },
  {
    file: 'packages/walk/src/summary/summarize-walk.ts',
    line: 'kinds: summaries.reduce((sum, { kinds }) => addKinds(sum, kinds), NO_KINDS),',
    before: 'sum, kinds',
    after: 'kinds, sum',
    why: 'a sum of two counts is the same either way',
  },
];

/** Whether an edit is one that is listed. */
export function isEquivalent(source: string, edit: Edit): boolean {
  const line = lineAt(source, edit.start);
  return equivalents.some(
    (one) =>
      one.file === edit.file && one.line === line && one.before === edit.before && one.after === edit.after,
  );
}
