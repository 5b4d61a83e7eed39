// SPDX-License-Identifier: GPL-2.0-only
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { loadPlugins } from '../context/plugins.ts';
import { type Session, startSession } from '../context/session.ts';
import { isMistake } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { annotateSection } from './annotate-section.ts';
import { ANNOTATION_COLUMNS } from './annotation-columns.ts';
import type { Result, Task } from './workers.ts';

/** Annotates a section on a thread of its own. */
export default async function annotateTask(task: Task): Promise<Result> {
  const fd = openSync(task.printed, 'wx', 0o600);
  const io: Io = {
    ...task.io,
    async write(text) {
      appendFileSync(fd, text);
      await Promise.resolve();
    },
    complain: () => undefined,
    draw: () => undefined,
    stdin: Readable.from([]),
    errorTerminal: false,
    cores: 1,
  };
  try {
    await loadPlugins(io, task.options.plugin);
    const session = startSession(io);
    session.out.colours(task.options.color ?? 'auto');
    return await annotateInto(session, task);
  } catch (error) {
    if (isMistake(error)) return { failed: error.message };
    throw error;
  } finally {
    closeSync(fd);
  }
}

async function annotateInto(
  session: Session,
  { input, section, options, printed, read }: Task,
): Promise<Result> {
  const table = input.part === null ? null : await tableBeside(printed);
  const onRead = (bytes: number): void => void Atomics.add(read, 0, BigInt(bytes));
  try {
    const annotated = await annotateSection(session, input, section, {
      options,
      table,
      onRead,
      reporter: null,
    });
    return { ...annotated, failed: null, rows: table?.rowGroups() ?? null };
  } finally {
    await session.out.flush();
  }
}

/** Rows for the table of the whole input, in a file of their own. */
async function tableBeside(printed: string) {
  const { ParquetTable } = await import('../files/parquet-table.ts');
  return new ParquetTable(`${printed}.parquet`, ANNOTATION_COLUMNS, {});
}
