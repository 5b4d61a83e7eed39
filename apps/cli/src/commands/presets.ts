// SPDX-License-Identifier: GPL-2.0-only
import { PRESETS } from '@spte/host';
import type { Command } from 'commander';
import { addFormatOptions, end, outcomeOf, type Session } from '../context/session.ts';
import type { FormatOptions } from '../io/output.ts';
import { documentHead } from '../io/output.ts';

export function presetsCommand(parent: Command, session: Session): void {
  const command = parent
    .command('presets')
    .summary('list the machines that --preset knows')
    .description('Lists the machines that --preset knows.')
    .addHelpText(
      'after',
      '\nExamples:\n  spte presets\n  spte decode 600000455299b77 --preset haswell --kernel 5.10',
    );
  addFormatOptions(command).action(async (options: FormatOptions) => {
    const { out } = session;
    if (options.ndjson === true) {
      for (const preset of PRESETS) void out.record(preset);
      void out.record({ summary: { presets: PRESETS.length, context: null } });
    } else if (options.json === true) out.document({ ...documentHead('presets', null), presets: PRESETS });
    else {
      const width = Math.max(...PRESETS.map(({ name }) => name.length));
      for (const { name, what } of PRESETS)
        void out.line(`${out.paint('bold', name.padEnd(width))}  ${what}`);
    }
    await end(session, options, outcomeOf(true));
  });
}
