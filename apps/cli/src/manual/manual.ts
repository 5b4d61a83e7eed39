// SPDX-License-Identifier: GPL-2.0-only
import type { EventEmitter } from 'node:events';
import { PRESETS } from '@spte/host';
import type { Command, Option } from 'commander';
import { CODES } from '../verdict/codes.ts';

/** A flag, as the help shows it. */
export interface ManualFlag {
  /** `--level`. */
  readonly name: string;
  /** All of it: `-h, --help`, `--level <N>`. */
  readonly term: string;
  readonly text: string;
  readonly takesValue: boolean;
  /** What may stand after it; empty where that is open. */
  readonly words: readonly string[];
}

/** Flags under one heading. */
export interface ManualGroup {
  readonly heading: string;
  readonly flags: readonly ManualFlag[];
}

/** A command, as the help shows it. */
export interface ManualCommand {
  readonly name: string;
  /** `spte decode [options] [SPTE...]`. */
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  /** What may stand after it; empty where that is open. */
  readonly words: readonly string[];
  readonly groups: readonly ManualGroup[];
  /** Examples, and what else follows the flags. */
  readonly after: string;
}

/** What may stand after flags that several commands have. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  preset: PRESETS.map(({ name }) => name),
  vendor: ['vmx', 'svm'],
  mmu: ['tdp', 'shadow', 'ept12', 'none'],
  color: ['always', 'never', 'auto'],
  ignore: CODES,
};

const OPTIONS = 'Options:';

/** What the commands say of themselves: completions and the manual page are made of it. */
export function manualOf(root: Command): readonly ManualCommand[] {
  return root.commands.map(commandOf);
}

/** The same of the program itself, of which the commands are a part. */
export function commandOf(command: Command): ManualCommand {
  const help = command.createHelp();
  const groups = new Map<string, ManualFlag[]>();
  for (const option of help.visibleOptions(command)) {
    const heading = option.helpGroupHeading ?? OPTIONS;
    groups.set(heading, [...(groups.get(heading) ?? []), flagOf(option, help.optionTerm(option))]);
  }
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    usage: help.commandUsage(command),
    summary: command.summary(),
    description: command.description(),
    words: argument?.argChoices ?? [],
    groups: [...groups].map(([heading, flags]) => ({ heading: heading.replace(/:$/, ''), flags })),
    after: textAfter(command),
  };
}

function flagOf(option: Option, term: string): ManualFlag {
  const name = option.long ?? term;
  const words = option.argChoices ?? WORDS[name.slice(2)] ?? [];
  return { name, term, text: option.description, takesValue: option.required || option.optional, words };
}

/** What was added after the help: commander, whose commands are event emitters, keeps it as listeners. */
function textAfter(command: Command): string {
  let text = '';
  (command as Command & EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (more: string) => (text += more),
  });
  return text.trim();
}
