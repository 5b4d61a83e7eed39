// SPDX-License-Identifier: GPL-2.0-only
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import type { ContextOptions } from './context/context-options.ts';
import { loadPlugins } from './context/plugins.ts';
import { MISTAKE, type Session, startSession, statusOfError } from './context/session.ts';
import { isMistake, isReaderGone, OutputError, unprintable } from './io/errors.ts';
import type { Io } from './io/io.ts';
import type { FormatOptions } from './io/output.ts';
import { visible } from './io/visible.ts';

/** Adds a command to the program. */
type AddCommand = (parent: Command, session: Session) => void;

/** Each command is loaded when it is used, for it takes time. The order is that of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  decode: async () => (await import('./commands/decode.ts')).decodeCommand,
  annotate: async () => (await import('./commands/annotate.ts')).annotateCommand,
  story: async () => (await import('./commands/story.ts')).storyCommand,
  host: async () => (await import('./commands/host.ts')).hostCommand,
  vms: async () => (await import('./commands/vms.ts')).vmsCommand,
  check: async () => (await import('./commands/check.ts')).checkCommand,
  walk: async () => (await import('./commands/walk.ts')).walkCommand,
  make: async () => (await import('./commands/make.ts')).makeCommand,
  compare: async () => (await import('./commands/compare.ts')).compareCommand,
  errata: async () => (await import('./commands/errata.ts')).errataCommand,
  vectors: async () => (await import('./commands/vectors.ts')).vectorsCommand,
  presets: async () => (await import('./commands/presets.ts')).presetsCommand,
  completion: async () => (await import('./commands/completion.ts')).completionCommand,
  man: async () => (await import('./commands/man.ts')).manCommand,
};

/** Commands that are about all of them. */
const ABOUT_ALL = ['completion', 'man'];

/** The commands that the words are about: none, the one that they begin with, or all. */
function commandsFor([first = '']: readonly string[]): Promise<AddCommand[]> {
  if (first === '-V' || first === '--version') return Promise.resolve([]);
  const one = Object.hasOwn(COMMANDS, first) && !ABOUT_ALL.includes(first);
  const load = one ? COMMANDS[first] : undefined;
  return Promise.all((load === undefined ? Object.values(COMMANDS) : [load]).map((one) => one()));
}

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

/** The command, ready to parse. */
function program(session: Session, commands: readonly AddCommand[]): Command {
  const { io } = session;
  const root = new Command('spte')
    .description("Explains KVM's shadow page table entries: in a hex dump, a trace, a log, a memory image.")
    .addHelpText('after', EXAMPLES)
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace('[options]', '').trim()}`,
    })
    .enablePositionalOptions()
    .hook('preAction', (_root, command) => session.out.colours(command.opts<FormatOptions>().color ?? 'auto'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void session.out.line(text.trimEnd()),
      writeErr: (text) => io.complain(text),
      outputError: (text, write) => write(`${shortened(text.replace(/^error: /, 'spte: ').trimEnd())}\n`),
    });
  for (const add of commands) add(root, session);
  root.hook('preAction', (_root, command) => loadPlugins(io, command.opts<ContextOptions>().plugin));
  return root;
}

/** The longest complaint that is printed whole: it repeats what was typed. */
const MAX_COMPLAINT = 1000;

/** A complaint about what was typed, without its middle when it is very long. */
function shortened(complaint: string): string {
  if (complaint.length <= MAX_COMPLAINT) return complaint;
  return `${complaint.slice(0, MAX_COMPLAINT / 2)}…${complaint.slice(-MAX_COMPLAINT / 2)}`;
}

/**
 * Runs the command.
 *
 * @param argv the words after `spte`
 * @returns the exit status
 */
export async function main(argv: readonly string[], world: Io): Promise<number> {
  const session = startSession(fitForTerminals(world));
  try {
    await program(session, await commandsFor(argv)).parseAsync([...argv], { from: 'user' });
    await session.out.flush();
    return session.status;
  } catch (error) {
    return failed(session, error);
  }
}

/** What is said is made fit for a terminal, and errors of writing tell what was written. */
function fitForTerminals(io: Io): Io {
  return {
    ...io,
    async write(bytes) {
      try {
        await io.write(bytes);
      } catch (error) {
        throw unprintable(error);
      }
    },
    complain: (text) => io.complain(visible(text)),
  };
}

async function failed(session: Session, error: unknown): Promise<number> {
  const cause = await session.out.flush().then(
    () => error,
    // What could not be written comes first: everything else follows from it, or is repeated by the next run.
    (unwritten: unknown) => unwritten,
  );
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : MISTAKE;
  // A reader that has seen enough, such as head(1), is not an error.
  if (cause instanceof OutputError && isReaderGone(cause)) return 0;
  if (!isMistake(cause)) throw cause;
  session.io.complain(`spte: ${cause.message}\n`);
  return statusOfError(cause);
}
