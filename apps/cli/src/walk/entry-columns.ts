// SPDX-License-Identifier: GPL-2.0-only

import { codes, findingBits } from '../entry/finding-columns.ts';
import type { Column } from '../files/parquet-table.ts';
import type { EntryJson } from './entry-json.ts';

/** The columns of `walk --parquet`: those of `--ndjson`. */
export const ENTRY_COLUMNS: readonly Column<EntryJson>[] = [
  { name: 'level', type: 'int', of: ({ level }) => level },
  { name: 'gpa', type: 'word', of: ({ gpa }) => gpa },
  { name: 'hpa', type: 'word', of: ({ hpa }) => hpa },
  { name: 'value', type: 'word', of: ({ value }) => value },
  { name: 'kind', type: 'text', of: ({ kind }) => kind },
  { name: 'bytes', type: 'long', of: ({ bytes }) => bytes },
  { name: 'index', type: 'int', of: ({ index }) => index },
  { name: 'gfn', type: 'word', nullable: true, of: ({ gfn }) => gfn },
  { name: 'pfn', type: 'word', nullable: true, of: ({ pfn }) => pfn },
  { name: 'access', type: 'text', nullable: true, of: ({ access }) => access },
  { name: 'memtype', type: 'text', nullable: true, of: ({ memtype }) => memtype },
  { name: 'generation', type: 'word', nullable: true, of: ({ generation }) => generation },
  { name: 'readOnly', type: 'text', nullable: true, of: ({ readOnly }) => readOnly },
  { name: 'findings', type: 'texts', of: ({ findings }) => codes(findings) },
  { name: 'finding_bits', type: 'word', of: ({ findings }) => findingBits(findings) },
  { name: 'possible', type: 'texts', of: ({ possible }) => codes(possible) },
];
