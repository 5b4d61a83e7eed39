// SPDX-License-Identifier: GPL-2.0-only
import type { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { end, outcomeOf, type Session } from '../context/session.ts';
import { manPage } from '../manual/man-page.ts';
import { commandOf, manualOf } from '../manual/manual.ts';

export function manCommand(parent: Command, session: Session): void {
  parent
    .command('man')
    .summary('print the manual page')
    .description('Prints the manual page, for man(1).')
    .addHelpText('after', '\nExamples:\n  spte man | man -l -\n  spte man > ~/.local/share/man/man1/spte.1')
    .action(async () => {
      void session.out.line(manPage(commandOf(parent), manualOf(parent), manifest.version));
      await end(session, {}, outcomeOf(true));
    });
}
