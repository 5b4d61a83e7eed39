// SPDX-License-Identifier: GPL-2.0-only
import { PRESETS } from '@spte/host';
import { Argument, type Command } from 'commander';
import { end, outcomeOf, type Session } from '../context/session.ts';
import { CODES } from '../verdict/codes.ts';
import { bashCompletion } from './completion-script.ts';

export function completionCommand(parent: Command, session: Session): void {
  parent
    .command('completion')
    .summary('print a script that completes commands and flags')
    .description('Prints a script that completes commands and flags in a shell.')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(['bash']))
    .addHelpText('after', '\nExamples:\n  source <(spte completion bash)')
    .action(async () => {
      const words = {
        preset: PRESETS.map(({ name }) => name),
        vendor: ['vmx', 'svm'],
        mmu: ['tdp', 'shadow', 'ept12', 'none'],
        only: ['findings'],
        ignore: CODES,
        'fail-on': ['error', 'warning'],
        format: ['github', 'tap'],
      };
      void session.out.line(bashCompletion(parent, words));
      await end(session, {}, outcomeOf(true));
    });
}
