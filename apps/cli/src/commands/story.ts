// SPDX-License-Identifier: GPL-2.0-only
import { Argument, type Command } from 'commander';
import { addCommonOptions, end, type Session } from '../context/session.ts';
import { type StoryCommandOptions, tellAll } from '../story/tell-all.ts';

const EXAMPLES = `
Reads what annotate reads: ftrace's trace and trace_pipe, trace-cmd's trace.dat
and its report, perf script; plain, gzip or zstd. A section is printed only
where there is something to say.

Examples:
  spte story trace.txt
  spte story trace.dat --host captured/
  trace-cmd report | spte story
  spte story before.txt.zst after.txt.zst --ndjson
  spte story trace.txt --json | jq '.repeatedFaults.list[]'`;

export function storyCommand(parent: Command, session: Session): void {
  const command = parent
    .command('story')
    .summary('what happened in a trace, on one screen')
    .description(
      'Tells what happened in a trace: faults and what became of them, the same fault again and again, MMIO, splits of huge pages, dirty logging, notifiers, losses.',
    )
    .addArgument(
      new Argument('[FILE...]', 'text or trace.dat, plain, gzip or zstd; - is the standard input').default(
        ['-'],
        '-',
      ),
    )
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (files: string[], options: StoryCommandOptions) =>
    end(session, options, await tellAll(session, files, options)),
  );
}
