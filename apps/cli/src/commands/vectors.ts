// SPDX-License-Identifier: GPL-2.0-only
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type CoverageRow, type Report, runVectors, VECTOR_SETS, vectorCoverage } from '@spte/vectors';
import { vectorFile } from '@spte/vectors/node';
import type { Command } from 'commander';
import { addFormatOptions, end, outcomeOf, type Session } from '../context/session.ts';
import { readLines } from '../files/read-input.ts';
import { shown, UsageError } from '../io/errors.ts';
import type { FormatOptions } from '../io/output.ts';
import { documentHead } from '../io/output.ts';
import { integer } from '../io/parse.ts';

interface VectorsOptions extends FormatOptions {
  readonly show: number;
  readonly coverage?: true;
}

const EXAMPLES = `
Examples:
  spte vectors
  spte vectors --coverage
  spte vectors --show 100 mine.jsonl.zst`;

export function vectorsCommand(parent: Command, session: Session): void {
  const command = parent
    .command('vectors')
    .summary("recompute vectors of the kernel's own C and compare")
    .description(
      'Recomputes vectors through the packages and compares masks, results and warnings: those of @spte/vectors, when no file is given. Exits with status 1 when one fails, with --check or without.',
    )
    .argument('[FILE...]', 'JSON lines, plain, gzip or zstd; - for the standard input')
    .option('--show <N>', 'mismatches to show of each file', integer(0, 1_000_000), 20)
    .option('--coverage', 'count them by kernel, vendor and function; nothing is recomputed')
    .addHelpText('after', EXAMPLES);
  addFormatOptions(command, 'a vector fails (as without it)').action(
    async (named: string[], options: VectorsOptions) => {
      const files = named.length > 0 ? named : installed(session.io);
      if (options.coverage === true) {
        await coverage(session, files, options);
        return;
      }
      const clean = await vectors(session, files, options);
      await end(session, { check: true }, outcomeOf(clean));
    },
  );
}

/** The vectors of @spte/vectors: beside the sources, or of the package that is installed where one works. */
function installed({ cwd }: Session['io']): readonly string[] {
  const here = createRequire(join(cwd, 'package.json'));
  try {
    return VECTOR_SETS.map(({ name }) => {
      const file = vectorFile(name);
      return existsSync(file) ? file : here.resolve(`@spte/vectors/data/${name}.jsonl.gz`);
    });
  } catch {
    throw new UsageError('give FILE, or install @spte/vectors here, which has them');
  }
}

/** Prints what vectors there are, without running them. */
async function coverage(
  { io, out }: Session,
  files: readonly string[],
  { json, ndjson }: VectorsOptions,
): Promise<void> {
  const found: CoverageRow[] = [];
  for (const file of files) {
    try {
      found.push(...(await vectorCoverage(readLines(io, file))));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      throw new UsageError(`${shown(file)} has a line that is no vector: ${error.message}`);
    }
  }
  const rows = found.map(({ kernel, ...row }) => ({ kernel: kernel ?? 'reference', ...row }));
  const sum = sumOf(rows);
  if (ndjson === true) {
    for (const row of rows) await out.record(row);
    void out.record({ summary: { vectors: sum, context: null } });
  } else if (json === true) out.document({ ...documentHead('vectors', null), vectors: sum, coverage: rows });
  else {
    await printTable(out, 'kernel', rows, ({ kernel }) => kernel);
    await printTable(out, 'function', rows, ({ fn }) => fn);
    void out.line(`${sum} vectors`);
  }
}

type NamedRow = Omit<CoverageRow, 'kernel'> & { readonly kernel: string };

const sumOf = (rows: readonly NamedRow[]): number => rows.reduce((sum, { vectors }) => sum + vectors, 0);

/** One line for each kernel, or each function: how many vectors of each vendor, and how many of the other there are. */
async function printTable(
  out: Session['out'],
  head: 'kernel' | 'function',
  rows: readonly NamedRow[],
  nameOf: (row: NamedRow) => string,
): Promise<void> {
  const vendors = [...new Set(rows.map(({ vendor }) => vendor))].toSorted();
  const groups = new Map<string, NamedRow[]>();
  for (const row of rows) groups.set(nameOf(row), [...(groups.get(nameOf(row)) ?? []), row]);
  const width = Math.max(head.length, ...[...groups.keys()].map((name) => name.length));
  const cells = (values: readonly (string | number)[]): string =>
    values.map((value) => String(value).padStart(10)).join('');
  void out.line(`${head.padEnd(width)}${cells([...vendors, head === 'kernel' ? 'functions' : 'kernels'])}`);
  for (const [name, group] of groups) {
    const counts = vendors.map((vendor) => sumOf(group.filter((row) => row.vendor === vendor)));
    const others = new Set(group.map(head === 'kernel' ? ({ fn }) => fn : ({ kernel }) => kernel));
    void out.line(`${name.padEnd(width)}${cells([...counts, others.size])}`);
  }
  void out.line('');
  await out.flush();
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
