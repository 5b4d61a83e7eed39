// SPDX-License-Identifier: GPL-2.0-only
import { Argument, type Command } from 'commander';
import { end, outcomeOf, type Session } from '../context/session.ts';
import { bashCompletion } from '../manual/bash.ts';
import { manualOf } from '../manual/manual.ts';
import { zshCompletion } from '../manual/zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion };

export function completionCommand(parent: Command, session: Session): void {
  parent
    .command('completion')
    .summary('print a script that completes commands and flags')
    .description('Prints a script that completes commands and flags in a shell.')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(spte completion bash)\n  source <(spte completion zsh)    # after compinit',
    )
    .action(async (shell: keyof typeof SHELLS) => {
      void session.out.line(SHELLS[shell](manualOf(parent)));
      await end(session, {}, outcomeOf(true));
    });
}
