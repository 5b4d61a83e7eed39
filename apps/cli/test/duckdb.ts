// SPDX-License-Identifier: GPL-2.0-only
import type { DuckDBConnection } from '@duckdb/node-api';

/** Platforms whose binary the lockfile has; elsewhere DuckDB may be missing. */
const PINNED = process.platform === 'linux' && process.arch === 'x64';

/** Opens a database in memory; null where there is no DuckDB for this platform. */
export async function duckdb(): Promise<DuckDBConnection | null> {
  try {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    return await (await DuckDBInstance.create(':memory:')).connect();
  } catch (error) {
    if (PINNED) throw error;
    return null;
  }
}

/** What a query gives: a row for each row, a value for each column. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export async function query(connection: DuckDBConnection, sql: string): Promise<Table> {
  const result = await connection.runAndReadAll(sql);
  return { columns: result.columnNames(), rows: result.getRowsJS() };
}

/** The rows as objects. */
export async function objects(
  connection: DuckDBConnection,
  sql: string,
): Promise<Readonly<Record<string, unknown>>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS();
}
