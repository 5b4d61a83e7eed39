// SPDX-License-Identifier: GPL-2.0-only
import { type Command, Option } from 'commander';
import { DamagedError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { type FormatOptions, Output } from '../io/output.ts';
import { oneOf } from '../io/parse.ts';
import { addContextOptions, type ContextOptions } from './context-options.ts';

/** One run of the command. */
export interface Session {
  readonly io: Io;
  readonly out: Output;
  /** The exit status so far. */
  status: number;
}

export function startSession(io: Io): Session {
  return { io, out: new Output(io), status: 0 };
}

/** Exit statuses; of several that apply, the first of {@link BY_WEIGHT}. */
const FINE = 0;
/** There are findings, and `--check` is given. */
const FINDINGS = 1;
/** A mistake on the command line, or an input that cannot be read. */
export const MISTAKE = 2;
/** There are findings in some of the contexts that are possible, none in all, and `--check` is given. */
const POSSIBLE = 3;
/** Nothing was recognised, so that nothing was looked at. */
const NOTHING = 4;
/** The input is damaged, or only a part of it was read. */
const DAMAGED = 5;

const BY_WEIGHT: readonly number[] = [MISTAKE, DAMAGED, FINDINGS, POSSIBLE, NOTHING, FINE];

/** What a command comes to. */
export interface Outcome {
  readonly findings: number;
  /** Findings that hold in some contexts only. */
  readonly possible: number;
  /** Entries, changes, printed masks, explained faults that were looked at. */
  readonly looked: number;
  readonly damaged: boolean;
}

/** The outcome of a command that looks at one thing, and finds fault with it or not. */
export function outcomeOf(clean: boolean): Outcome {
  return { findings: clean ? 0 : 1, possible: 0, looked: 1, damaged: false };
}

/** The exit status of what a command comes to. */
export function statusOf({ findings, possible, looked, damaged }: Outcome, check: boolean): number {
  if (damaged) return DAMAGED;
  if (check && findings > 0) return FINDINGS;
  if (check && possible > 0) return POSSIBLE;
  return looked === 0 ? NOTHING : FINE;
}

/** The exit status of an error that says what is wrong with an input. */
export const statusOfError = (error: unknown): number => (error instanceof DamagedError ? DAMAGED : MISTAKE);

/** The status of two runs together. */
export const worse = (a: number, b: number): number =>
  BY_WEIGHT.find((status) => status === a || status === b) as number;

/** Options that every command has. */
export type CommonOptions = FormatOptions & ContextOptions;

const OUTPUT_GROUP = 'Output:';

/** Adds `--json`, `--ndjson` and `--check`. */
export function addFormatOptions(command: Command, findings = 'there are findings'): Command {
  return command
    .addOption(new Option('--json', 'one JSON document').conflicts('ndjson').helpGroup(OUTPUT_GROUP))
    .addOption(new Option('--ndjson', 'a line of JSON for each record').helpGroup(OUTPUT_GROUP))
    .addOption(
      new Option('--color <WHEN>', 'colours: always, never, or auto: on a terminal, unless NO_COLOR is set')
        .argParser(oneOf('always', 'never', 'auto'))
        .helpGroup(OUTPUT_GROUP),
    )
    .addOption(new Option('--check', `exit with status 1 when ${findings}`).helpGroup(OUTPUT_GROUP));
}

/** Adds what every command that reads entries has. */
export function addCommonOptions(command: Command): Command {
  return addContextOptions(addFormatOptions(command));
}

/** Writes what is left, and chooses the exit status. */
export async function end(session: Session, { check }: FormatOptions, outcome: Outcome): Promise<void> {
  await session.out.flush();
  session.status = worse(session.status, statusOf(outcome, check === true));
}
