// SPDX-License-Identifier: GPL-2.0-only
import { Argument, type Command, Option } from 'commander';
import { annotateAll } from '../annotate/annotate-all.ts';
import { addFilterOptions } from '../annotate/filter-options.ts';
import type { AnnotateOptions } from '../annotate/options.ts';
import { addCommonOptions, end, type Session } from '../context/session.ts';
import { integer } from '../io/parse.ts';
import { addVerdictOptions } from '../verdict/options.ts';

const EXAMPLES = `
Reads ftrace's trace and trace_pipe, trace-cmd's trace.dat and its report, perf
script, dmesg and serial logs, and mails that quote any of these.

Examples:
  spte annotate trace.txt --host captured/
  spte annotate trace.dat --host captured/ --summary
  trace-cmd report | spte annotate --host / --only findings
  dmesg | spte annotate --summary --host /
  spte annotate trace.dat --host / --check --format github
  spte annotate trace.txt --gfn 0x1200-0x13ff --from 56.28 --to 56.3 -C 2
  spte annotate trace.txt.zst --kernel 6.12 --vendor svm --ndjson
  spte annotate trace.txt --host captured/ --parquet trace.parquet
  spte annotate day1/*.dat day2/*.dat --host captured/ --parquet lines/`;

/** Threads that may be asked for, at most. */
const MAX_JOBS = 256;

export function annotateCommand(parent: Command, session: Session): void {
  const command = parent
    .command('annotate')
    .summary('explain the entries in traces or kernel logs, line by line')
    .description(
      'Prints a trace or kernel log with an explanation under each line that shows entries, and checks what the kernel printed beside them.',
    )
    .addArgument(
      new Argument('[FILE...]', 'text or trace.dat, plain, gzip or zstd; - is the standard input').default(
        ['-'],
        '-',
      ),
    )
    .option('--summary', 'counts, findings and the most frequent events instead of the lines')
    .addOption(
      new Option('--only <WHAT>', 'findings: only lines with findings or disagreements').choices([
        'findings',
      ]),
    )
    .option(
      '--parquet <PATH>',
      'write the entries as columns into a file, or a part for each FILE into a folder (PATH/), and print the summary',
    )
    .option(
      '--jobs <N>',
      'threads; each takes a FILE or a section of a large text; with --summary or --parquet one for each core, else 1',
      integer(1, MAX_JOBS),
    )
    .addHelpText('after', EXAMPLES);
  addCommonOptions(addVerdictOptions(addFilterOptions(command))).action(
    async (files: string[], options: AnnotateOptions) =>
      end(session, options, await annotateAll(session, files, options)),
  );
}
