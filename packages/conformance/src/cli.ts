// SPDX-License-Identifier: GPL-2.0-only
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { type Report, runVectors } from './run.ts';

const USAGE = `Usage: pnpm vectors [--show N] FILE...

Recomputes vectors through the packages' public API and compares.

  FILE       JSON lines (.jsonl, or gzipped .jsonl.gz)
  --show N   mismatches to print per file (default 20)
  --help     this text

Exit status: 0 all passed, 1 some failed, 2 usage or unreadable file.

Examples:
  pnpm vectors packages/conformance/vectors/*.jsonl.gz
  pnpm vectors --show 100 ../mine.jsonl
`;

function linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // Errors of the file do not travel through pipe() on their own.
  file.on('error', (error) => input.destroy(error));
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

function print(path: string, { byFunction, mismatches }: Report): void {
  for (const { line, fn, at, expected, got } of mismatches) {
    console.log(`${path}:${line}: ${fn}: ${at}: expected ${expected}, got ${got}`);
  }
  const width = Math.max(0, ...[...byFunction.keys()].map((fn) => fn.length));
  for (const [fn, { passed, failed }] of [...byFunction].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(
      `${fn.padEnd(width)}  ${String(passed).padStart(6)} passed${failed > 0 ? `  ${failed} FAILED` : ''}`,
    );
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { show: { type: 'string', default: '20' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const show = Number(values.show);
  if (positionals.length === 0 || !Number.isInteger(show) || show < 0) {
    console.error(USAGE);
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const file of positionals) {
    const report = await runVectors(linesOf(resolve(process.env['INIT_CWD'] ?? '.', file)), show);
    print(file, report);
    passed += report.passed;
    failed += report.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`vectors: ${(error as Error).message}`);
  process.exitCode = 2;
}
