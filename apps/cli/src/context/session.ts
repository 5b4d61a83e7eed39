// SPDX-License-Identifier: GPL-2.0-only
import { type Command, Option } from 'commander';
import type { Io } from '../io/io.ts';
import { type FormatOptions, Output } from '../io/output.ts';
import { addContextOptions, type ContextOptions } from './context-options.ts';

/** One run of the command. */
export interface Session {
  readonly io: Io;
  readonly out: Output;
  /** The exit status: 0 fine, 1 findings under `--check`, 2 a mistake. */
  status: number;
}

export function startSession(io: Io): Session {
  return { io, out: new Output(io), status: 0 };
}

/** The exit status for a mistake on the command line, or an input that cannot be read. */
export const MISTAKE = 2;

/** Options that every command has. */
export type CommonOptions = FormatOptions & ContextOptions;

const OUTPUT_GROUP = 'Output:';

/** Adds `--json`, `--ndjson` and `--check`. */
export function addFormatOptions(command: Command, findings = 'there are findings'): Command {
  return command
    .addOption(new Option('--json', 'one JSON document').conflicts('ndjson').helpGroup(OUTPUT_GROUP))
    .addOption(new Option('--ndjson', 'a line of JSON for each record').helpGroup(OUTPUT_GROUP))
    .addOption(new Option('--check', `exit with status 1 when ${findings}`).helpGroup(OUTPUT_GROUP));
}

/** Adds what every command that reads entries has. */
export function addCommonOptions(command: Command): Command {
  return addContextOptions(addFormatOptions(command));
}

/** Writes what is left, and chooses the exit status. */
export async function end(session: Session, { check }: FormatOptions, clean: boolean): Promise<void> {
  await session.out.flush();
  if (check === true && !clean) session.status = Math.max(session.status, 1);
}
