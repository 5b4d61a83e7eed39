// SPDX-License-Identifier: GPL-2.0-only
import { type Report, runVectors } from '@spte/conformance';
import type { Command } from 'commander';
import { addFormatOptions, end, outcomeOf, type Session } from '../context/session.ts';
import { readLines } from '../files/read-input.ts';
import type { FormatOptions } from '../io/output.ts';
import { documentHead } from '../io/output.ts';
import { integer } from '../io/parse.ts';

interface VectorsOptions extends FormatOptions {
  readonly show: number;
}

const EXAMPLES = `
Examples:
  spte vectors packages/conformance/vectors/*.jsonl.gz
  spte vectors --show 100 mine.jsonl.zst`;

export function vectorsCommand(parent: Command, session: Session): void {
  const command = parent
    .command('vectors')
    .summary("recompute vectors of the kernel's own C and compare")
    .description(
      'Recomputes vectors through the packages and compares masks, results and warnings. Exits with status 1 when one fails, with --check or without.',
    )
    .argument('<FILE...>', 'JSON lines, plain, gzip or zstd; - for the standard input')
    .option('--show <N>', 'mismatches to show of each file', integer(0, 1_000_000), 20)
    .addHelpText('after', EXAMPLES);
  addFormatOptions(command, 'a vector fails (as without it)').action(
    async (files: string[], options: VectorsOptions) => {
      const clean = await vectors(session, files, options);
      await end(session, { check: true }, outcomeOf(clean));
    },
  );
}

async function vectors(
  { io, out }: Session,
  files: readonly string[],
  { show, json, ndjson }: VectorsOptions,
): Promise<boolean> {
  const total = { passed: 0, failed: 0 };
  const reports: object[] = [];
  for (const file of files) {
    const report = await runVectors(readLines(io, file), show);
    total.passed += report.passed;
    total.failed += report.failed;
    const record = { file, ...report, byFunction: Object.fromEntries(report.byFunction) };
    if (ndjson === true) await out.record(record);
    else if (json === true) reports.push(record);
    else await print(out, file, report);
  }
  if (ndjson === true) void out.record({ summary: { ...total, context: null } });
  else if (json === true) out.document({ ...documentHead('vectors', null), ...total, files: reports });
  else {
    const text = `${total.passed} passed, ${total.failed} failed`;
    void out.line(out.paint(total.failed === 0 ? 'green' : 'red', text));
  }
  return total.failed === 0;
}

async function print(out: Session['out'], path: string, { byFunction, mismatches }: Report): Promise<void> {
  for (const { line, fn, at, expected, got } of mismatches) {
    void out.line(`${path}:${line}: ${fn}: ${at}: expected ${expected}, got ${got}`);
  }
  const width = Math.max(0, ...[...byFunction.keys()].map((fn) => fn.length));
  for (const [fn, { passed, failed }] of [...byFunction].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const wrong = failed > 0 ? out.paint('red', `  ${failed} FAILED`) : '';
    void out.line(`${fn.padEnd(width)}  ${String(passed).padStart(6)} passed${wrong}`);
  }
  await out.flush();
}
