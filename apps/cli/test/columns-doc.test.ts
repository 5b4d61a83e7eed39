// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { traceFiles } from '@spte/testing/runs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runConsole } from './console.ts';
import { duckdb, query, type Table } from './duckdb.ts';
import { image } from './images.ts';
import { captured } from './machines.ts';
import { file, folder, repository } from './run.ts';

const DOC = join(repository, 'apps/cli/docs/columns.md');

const SPLAT = `get_mmio_spte: detect reserved bits on spte, addr 0xb80a0, dump hierarchy:
------ spte 0xb80a0 level 5.
------ spte 0xfcd210107 level 4.
------ spte 0x1004c40107 level 3.
------ spte 0x1004c41107 level 2.
------ spte 0x1db00000000b83b6 level 1.
WARNING: CPU: 109 PID: 10254 at arch/x86/kvm/mmu/mmu.c:3569 kvm_mmu_page_fault.cold.150+0x54/0x22f [kvm]
`;

/** A query, and the table below it. */
const SQL = /^```sql\n(.*?)^```\n(?:\n(?:\|[^\n]*\n)+)?/gms;

const before = process.cwd();
const connection = await duckdb();

beforeAll(() => {
  for (const [called, name] of [
    ['intel', 'vmx73-ept-ad'],
    ['amd', 'svm61-npt-tdp-dump'],
  ] as const) {
    captured(name, called);
    file(`${called}/trace.txt`, traceFiles[name]?.['trace.txt'] ?? '');
  }
  file('splat.txt', SPLAT);
  image('mem.img');
  // DuckDB sees paths from here.
  process.chdir(folder);
});
afterAll(() => process.chdir(before));

const cellText = (cell: unknown): string => (Array.isArray(cell) ? `[${cell.join(', ')}]` : String(cell));

/** A table of Markdown. */
function markdown({ columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map(cellText));
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0), 3));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** A row of the tables of columns: names, and the rest. */
const NAMES = /^\| ((?:`\w+`(?:, )?)+) +\|/gm;

/** The columns of a table, as the database sees them. */
async function columnsOf(connection: DuckDBConnection, source: string): Promise<unknown[]> {
  const { rows } = await query(connection, `describe select * from read_parquet('${source}')`);
  return rows.map(([name]) => name);
}

it.skipIf(connection === null)(
  'apps/cli/docs/columns.md shows what its commands and queries give',
  async () => {
    if (connection === null) return;
    const doc = readFileSync(DOC, 'utf8');
    const { document, ran } = await runConsole(doc, folder);
    expect(ran).toBeGreaterThan(5);
    const named = [...doc.matchAll(NAMES)].flatMap(([, names = '']) => names.replaceAll('`', '').split(', '));
    expect(named).toEqual([
      ...(await columnsOf(connection, 'lines/host=amd/trace.txt.parquet')).slice(0, -1),
      ...(await columnsOf(connection, 'entries.parquet')),
    ]);
    let shown = document;
    let queries = 0;
    for (const [whole, sql = ''] of doc.matchAll(SQL)) {
      const table = await query(connection, sql);
      expect(table.rows).not.toEqual([]);
      shown = shown.replace(whole, () => `\`\`\`sql\n${sql}\`\`\`\n\n${markdown(table)}\n`);
      queries++;
    }
    expect(queries).toBeGreaterThan(5);
    // `vitest -u` writes the document.
    await expect(shown).toMatchFileSnapshot(DOC);
  },
);
