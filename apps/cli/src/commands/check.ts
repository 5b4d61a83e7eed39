// SPDX-License-Identifier: GPL-2.0-only
import { formatWord, hex } from '@spte/core';
import { type CheckResult, type CheckWeight, checkHost, type HostCheck } from '@spte/kvm';
import type { Command } from 'commander';
import { addFormatOptions, end, type Outcome, type Session } from '../context/session.ts';
import { hostHead } from '../dump/host-json.ts';
import {
  addLiveOption,
  type LiveOption,
  openHost,
  pathsOf,
  sayProblems,
  whyNoVms,
} from '../dump/open-host.ts';
import { documentHead, type FormatOptions } from '../io/output.ts';

const EXAMPLES = `
Each result has a code and a weight. An error is what no state of a kernel allows: a bad entry, a mask that differs from
what memory's own facts lead to, a writable leaf of a read-only slot, a leaf in no slot, a writable leaf whose bit in the
dirty bitmap is clear. What is suspicious is legal in a situation that the text names. Notes are normal. Where the page
that decides is not in the dump, nothing is decided.

Exit status: 1 when there is an error, with or without --check; 5 when the dump is damaged or incomplete.

Examples:
  spte check vmcore
  spte check vmcore --json`;

export function checkCommand(parent: Command, session: Session): void {
  const command = parent
    .command('check')
    .summary('what is wrong in any VM of a crash dump')
    .description(
      'Looks at every entry of every VM of a host, and at its masks, slots and counters, in a crash dump.',
    )
    .argument('[DUMP...]', 'a vmcore, as for `spte vms`')
    .addHelpText('after', EXAMPLES);
  addLiveOption(command);
  addFormatOptions(command, 'there is an error: it always does').action(
    async (paths: string[], options: FormatOptions & LiveOption) =>
      end(
        session,
        { ...options, check: true },
        await check(session, pathsOf(session.io, paths, options), options),
      ),
  );
}

const WEIGHTS = ['error', 'suspicious', 'note'] as const satisfies readonly CheckWeight[];
const COLOURS = ['red', 'yellow', 'bold'] as const;

async function check(
  { io, out }: Session,
  paths: readonly string[],
  options: FormatOptions,
): Promise<Outcome> {
  const host = await openHost(io, paths);
  try {
    const found = checkHost(host);
    const counts = Object.fromEntries(WEIGHTS.map((weight) => [weight, countOf(found, weight)]));
    const summary = {
      ...counts,
      undecided: found.undecided.length,
      entries: found.entries,
      vms: host.vms.length,
    };
    const { release, vendor, container, complete } = hostHead(host);
    const head = { release, vendor, container, complete };
    if (options.ndjson === true) {
      for (const result of found.results) void out.record(result);
      for (const undecided of found.undecided) void out.record({ weight: 'not-decided', ...undecided });
      void out.record({ summary: { ...head, ...summary, context: null } });
    } else if (options.json === true) {
      const { results, undecided } = found;
      out.document({
        ...documentHead('check', null),
        ...head,
        results,
        undecided,
        summary,
        problems: host.problems,
      });
    } else {
      for (const result of found.results) {
        void out.line(`${out.paint(colourOf(result.weight), result.weight)}  ${resultText(result)}`);
      }
      for (const { pid, what, why } of found.undecided) {
        void out.line(`not decided  ${pid === null ? '' : `VM ${pid}: `}${what}: ${why}`);
      }
      if (host.vms.length === 0) void out.line(whyNoVms(host));
      void out.line(
        `${found.entries} entries of ${host.vms.length} VMs: ${WEIGHTS.map((weight) => `${countOf(found, weight)} ${weight}`).join(', ')}, ${found.undecided.length} not decided`,
      );
    }
    const damaged = !sayProblems(io, host);
    return { findings: countOf(found, 'error'), possible: 0, looked: 1, damaged };
  } finally {
    host.dump.close();
  }
}

const colourOf = (weight: CheckWeight): (typeof COLOURS)[number] =>
  COLOURS[WEIGHTS.indexOf(weight)] ?? 'bold';

const countOf = ({ results }: HostCheck, weight: CheckWeight): number =>
  results.filter((result) => result.weight === weight).length;

function resultText({ code, pid, root, entry, text }: CheckResult): string {
  const where = [
    pid === null ? '' : `VM ${pid}`,
    root === null ? '' : `root ${hex(root)}`,
    entry === null
      ? ''
      : `${formatWord(entry.value)} at ${hex(entry.hpa)} (level ${entry.level}, gpa ${hex(entry.gpa)})`,
  ].filter((part) => part !== '');
  return `${where.join(', ')}${where.length === 0 ? '' : ': '}${code}: ${text}`;
}
