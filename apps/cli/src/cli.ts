// SPDX-License-Identifier: GPL-2.0-only
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { annotateCommand } from './commands/annotate.ts';
import { checkCommand } from './commands/check.ts';
import { compareCommand } from './commands/compare.ts';
import { completionCommand } from './commands/completion.ts';
import { decodeCommand } from './commands/decode.ts';
import { errataCommand } from './commands/errata.ts';
import { hostCommand } from './commands/host.ts';
import { makeCommand } from './commands/make.ts';
import { presetsCommand } from './commands/presets.ts';
import { vectorsCommand } from './commands/vectors.ts';
import { vmsCommand } from './commands/vms.ts';
import { walkCommand } from './commands/walk.ts';
import { DAMAGED, MISTAKE, type Session, startSession } from './context/session.ts';
import { DamagedError, isMistake } from './io/errors.ts';
import type { Io } from './io/io.ts';

const COMMANDS = [
  decodeCommand,
  annotateCommand,
  hostCommand,
  vmsCommand,
  checkCommand,
  walkCommand,
  makeCommand,
  compareCommand,
  errataCommand,
  vectorsCommand,
  presetsCommand,
  completionCommand,
] as const;

const EXAMPLES = `
Each command has --help with examples, --json, --ndjson and --check.

Exit status:
  0  looked, and fine
  1  findings that count, with --check
  2  a mistake on the command line, or an input that cannot be read
  3  only possible findings, with --check
  4  nothing was recognised, so that nothing was looked at
  5  the input is damaged, or only a part of it was read
Of several it is the first in the order 2, 5, 1, 3, 4.`;

/** The whole command, ready to parse. */
function program(session: Session): Command {
  const { io } = session;
  const root = new Command('spte')
    .description("Explains KVM's shadow page table entries: in a hex dump, a trace, a log, a memory image.")
    .addHelpText('after', EXAMPLES)
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace('[options]', '').trim()}`,
    })
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void session.out.line(text.trimEnd()),
      writeErr: (text) => io.complain(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'spte: ')),
    });
  for (const add of COMMANDS) add(root, session);
  return root;
}

/**
 * Runs the command.
 *
 * @param argv the words after `spte`
 * @returns the exit status
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const session = startSession(io);
  try {
    await program(session).parseAsync([...argv], { from: 'user' });
    return session.status;
  } catch (error) {
    return failed(session, error);
  }
}

async function failed({ io, out }: Session, error: unknown): Promise<number> {
  await out.flush();
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISTAKE;
  if (!isMistake(error)) throw error;
  io.complain(`spte: ${error.message}\n`);
  return error instanceof DamagedError ? DAMAGED : MISTAKE;
}
