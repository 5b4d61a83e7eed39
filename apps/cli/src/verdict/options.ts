// SPDX-License-Identifier: GPL-2.0-only
import { type Command, InvalidArgumentError, Option } from 'commander';
import { shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { nearest } from '../io/nearest.ts';
import { type Compared, readBaseline } from './baseline.ts';
import { CODES } from './codes.ts';
import { type Policy, STRICT } from './verdict.ts';

/** Options that say which findings count, and what hears of them. */
export interface VerdictOptions {
  readonly ignore?: readonly string[];
  readonly baseline?: string;
  readonly failOn?: 'error' | 'warning';
  readonly format?: 'github' | 'tap';
}

const GROUP = 'Continuous integration:';

/** Adds `--ignore`, `--baseline`, `--fail-on` and `--format`. */
export function addVerdictOptions(command: Command): Command {
  const options = [
    new Option('--ignore <CODE,...>', 'findings that are shown and do not count').argParser(codes),
    new Option(
      '--baseline <FILE>',
      'count only what an earlier run, of which FILE is the --json document, did not find',
    ),
    new Option('--fail-on <SEVERITY>', 'the least that makes --check fail; warning when absent').choices([
      'error',
      'warning',
    ]),
    new Option(
      '--format <FORMAT>',
      'github: workflow commands; tap: TAP version 14; each in the place of text',
    )
      .choices(['github', 'tap'])
      .conflicts(['json', 'ndjson']),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command;
}

/** Reads codes apart by commas; the option may be given several times. */
export function codes(text: string, before: readonly string[] = []): string[] {
  const words = text.split(',').map((word) => word.trim());
  // Names of plugins are known when those are loaded, which is later.
  const unknown = words.find((word) => !CODES.includes(word) && !word.includes('/'));
  if (unknown === undefined) return [...before, ...words];
  const near = nearest(unknown, CODES);
  const hint = near.length === 0 ? `one of ${CODES.join(', ')}` : `did you mean ${near.join(', ')}?`;
  throw new InvalidArgumentError(`there is no finding ${shown(unknown)}: ${hint}`);
}

/** Which findings count, as the options say. */
export async function policyOf(
  io: Io,
  { ignore = [], baseline, failOn = STRICT.failOn }: VerdictOptions,
  command: Compared,
): Promise<Policy> {
  return {
    ignore: new Set(ignore),
    failOn,
    baseline: baseline === undefined ? null : await readBaseline(io, baseline, command),
  };
}

/** Refuses the options where there are no findings with codes. */
export function refuseVerdict({ ignore, baseline, failOn, format }: VerdictOptions, what: string): void {
  const given = Object.entries({ ignore, baseline, 'fail-on': failOn, format }).find(
    ([, value]) => value !== undefined,
  );
  if (given !== undefined) {
    throw new UsageError(`--${given[0]} is about findings: it does not go with ${what}`);
  }
}
