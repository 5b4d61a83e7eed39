// SPDX-License-Identifier: GPL-2.0-only
// `pnpm bench:trace`: how fast @spte/trace reads and annotates, against trace.c and trace.pl, interleaved in one run, and
// writes docs/performance-traces.md. A number after it is the size of the trace in megabytes, 200 unless told.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Mmu } from '../packages/core/src/index.ts';
import { hostReport, mmuOf } from '../packages/host/src/index.ts';
import {
  type ColumnBatch,
  columnReader,
  createAnnotator,
  ndjsonAnnotator,
  traceReader,
} from '../packages/trace/src/index.ts';
import { buildC, compilerVersion } from './c.ts';
import { median, nanoseconds, type Samples, spread, table, takeTurns } from './stats.ts';
import { profileOf } from './trace-profile.ts';

const MB = 1e6;
const ROUNDS = 9;
/** Size of the trace, and of what the slow ones get of it. */
const SIZE = Number(/^\d+$/.test(process.argv[2] ?? '') ? process.argv[2] : 200) * MB;
const SLOW_SIZE = SIZE / 5;
const CHUNK = 1 << 20;
/** The machine whose trace is annotated. */
const RUN = 'vmx61-ept-ad';

interface Fixture {
  readonly runs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function load(path: string): Fixture['runs'] {
  const packed = readFileSync(new URL(`../packages/${path}`, import.meta.url));
  return (JSON.parse(gunzipSync(packed).toString()) as Fixture).runs;
}

function mmuOfRun(run: string): Mmu {
  const files = load('host/test/fixtures/runs.json.gz')[run] ?? {};
  const file = (name: string) => ({ name, text: files[name] ?? '' });
  return mmuOf(
    hostReport({ cpuinfo: file('cpuinfo.txt'), params: file('params.txt'), uname: file('uname.txt') }),
  );
}

/** What takes pieces of a trace. */
interface Reader {
  push(chunk: Uint8Array): void;
  end(): void;
}

/** The work of this package, by name. */
const JOBS: Readonly<Record<string, () => Reader>> = {
  columns: () => columnReader(() => undefined),
  records: () => traceReader(() => undefined),
  ndjson: () => ndjsonAnnotator(mmuOfRun(RUN), () => undefined),
  annotator: () => {
    const annotate = createAnnotator(mmuOfRun(RUN));
    return traceReader(({ record }) => {
      if (record !== null) JSON.stringify(annotate(record));
    });
  },
};

/** Reads a file a piece at a time into the same memory. */
function readThrough(path: string, reader: Reader): void {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(CHUNK);
  for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
    reader.push(chunk.subarray(0, length));
  }
  closeSync(file);
  reader.end();
}

// A child process: one job on one file, for its memory and its profile.
if (process.argv[2] === 'child') {
  const [job = '', path = ''] = process.argv.slice(3);
  const reader = (JOBS[job] as () => Reader)();
  readThrough(path, reader);
  console.log(process.resourceUsage().maxRSS / 1024);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'spte-bench-'));

/** A file of at least the given number of bytes: a text over and over. */
function traceFile(name: string, text: string, size: number): { path: string; bytes: number } {
  const path = join(folder, name);
  const bytes = Buffer.from(text);
  const file = openSync(path, 'w');
  const times = Math.max(1, Math.ceil(size / bytes.length));
  for (let i = 0; i < times; i++) writeFileSync(file, bytes);
  closeSync(file);
  return { path, bytes: times * bytes.length };
}

const runs = load('trace/test/fixtures/traces.json.gz');

/** Every trace as text; raw mode, which is another way to print a trace.dat, is not part of the mix. */
const mix = Object.values(runs)
  .flatMap((files) => Object.entries(files))
  .flatMap(([name, text]) => (name.includes('raw') ? [] : text))
  .join('');
const textOfRun = Object.values(runs[RUN] ?? {}).join('');
const files = {
  once: traceFile('once', mix, 0),
  mix: traceFile('mix', mix, SIZE),
  mixSlow: traceFile('mix-slow', mix, SLOW_SIZE),
  half: traceFile('half', mix, SIZE / 2),
  run: traceFile('run', textOfRun, SIZE),
  runSlow: traceFile('run-slow', textOfRun, SLOW_SIZE),
};
type File = (typeof files)['mix'];

const program = buildC('trace.c', folder, ['-O2']);
const perlScript = fileURLToPath(new URL('trace.pl', import.meta.url));
const PERL = process.env['PERL'] ?? 'perl';
const perlVersion = spawnSync(PERL, ['-e', 'print $^V'], { encoding: 'utf8' }).stdout;
const hasPerl = typeof perlVersion === 'string' && perlVersion !== '';
if (!hasPerl) console.log('No perl to compare with.');

const FIBRE = 1000003n;
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

function textHash(text: string): bigint {
  let hash = 0n;
  for (const byte of Buffer.from(text)) hash = u64(hash * 31n + BigInt(byte));
  return hash;
}

/** The hash of a row, as trace.c has it. */
function rowHash({ lines, times, cpus, pids, tasks, columns, words }: ColumnBatch, row: number): bigint {
  const word = (id: number | undefined): bigint => textHash(words[id as number] ?? '');
  const values = [
    times[row] as bigint,
    BigInt(cpus[row] as number),
    BigInt(pids[row] as number),
    word(tasks[row]),
    ...columns.map(({ kind, values }) =>
      kind === 'word' ? word(values[row] as number) : BigInt(values[row] as number | bigint),
    ),
  ];
  return values.reduce((hash, value) => u64(hash * FIBRE + value), BigInt(lines[row] as number));
}

/** What the columns of a file hold, as trace.c and trace.pl print it. */
function checkColumns(path: string): string[] {
  const forms = new Map<string, { event: string; fields: number; rows: number; hash: bigint }>();
  const reader = columnReader((batch) => {
    const key = `${batch.event} ${batch.columns.map(({ name }) => name).join(' ')}`;
    const form = forms.get(key) ?? { event: batch.event, fields: batch.columns.length, rows: 0, hash: 0n };
    forms.set(key, form);
    form.rows += batch.rows;
    for (let row = 0; row < batch.rows; row++) form.hash = u64(form.hash + rowHash(batch, row));
  });
  readThrough(path, reader);
  return [...forms.values()].map(
    ({ event, fields, rows, hash }) => `${event} ${fields} ${rows} ${hash.toString(16)}`,
  );
}

const run = (command: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
};

/** All must have found the same. */
function check(): string {
  const expected = checkColumns(files.once.path).toSorted().join('\n');
  const others = [
    program === null ? [] : [run(program, [files.once.path, 'check'])],
    hasPerl ? [run(PERL, [perlScript, files.once.path, 'check'])] : [],
  ].flat();
  for (const found of others) {
    const lines = found.trim().split('\n').toSorted().join('\n');
    if (lines !== expected) throw new Error(`not the same:\n${lines}\n\n${expected}`);
  }
  return `${expected.split('\n').length} forms of lines; the hash over all values of each form is the same in all of them`;
}

const checked = check();
console.log(checked);

/** Nanoseconds per byte of a job here, or of a program that says how many it took. */
const job =
  (name: string, { path, bytes }: File) =>
  () =>
    nanoseconds(() => readThrough(path, (JOBS[name] as () => Reader)())) / bytes;
const external =
  (command: string, args: readonly string[], { path, bytes }: File) =>
  () =>
    Number(run(command, [...args, path]).split(' ')[0]) / bytes;

const contenders: Record<string, () => number> = {
  columns: job('columns', files.mix),
  records: job('records', files.mixSlow),
  ndjson: job('ndjson', files.run),
  annotator: job('annotator', files.runSlow),
};
if (program !== null) contenders['C'] = external(program, [], files.mix);
if (hasPerl) {
  contenders['perl'] = external(PERL, [perlScript], files.mixSlow);
  contenders['perl, that trace'] = external(PERL, [perlScript], files.runSlow);
}
const samples: Samples = takeTurns(contenders, ROUNDS);

const speed = (name: string): number => 1e3 / median(samples[name] ?? []);
const megabytes = (bytes: number): string => (bytes / MB).toFixed(0);
const row = (name: string, what: string, { bytes }: File): string[] =>
  samples[name] === undefined
    ? []
    : [what, megabytes(bytes), speed(name).toFixed(0), spread((samples[name] ?? []).map((ns) => 1e3 / ns))];

const child = (name: string, { path }: File, ...flags: readonly string[]): number => {
  const here = fileURLToPath(import.meta.url);
  return Number(run(process.execPath, [...process.execArgv, ...flags, here, 'child', name, path]));
};
const memory = ['columns', 'ndjson'].map((name) => [
  name,
  child(name, files.once).toFixed(0),
  child(name, files.half).toFixed(0),
  child(name, files.mix).toFixed(0),
]);

/** Microseconds for a line whose entry has not been seen, and cannot be known from one that was. */
function firstSight(): number {
  const lines = 4000;
  const text = Array.from(
    { length: lines },
    (_, i) =>
      `vm-1 [000] 1.5: kvm_mmio_spte: (x) spte=0x${(0x8000000000000n + BigInt(i << 12)).toString(16)}\n`,
  ).join('');
  const { push, end } = ndjsonAnnotator(mmuOfRun(RUN), () => undefined);
  const before = process.cpuUsage();
  push(Buffer.from(text));
  end();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / lines;
}

interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly figure: string;
  readonly met: boolean;
  readonly job: string;
  readonly file: File;
}

const most = Math.max(...memory.flatMap(([, ...figures]) => figures.map(Number)));
const goals: Goal[] = [];
if (program !== null) {
  const times = speed('C') / speed('columns');
  const figure = `${times.toFixed(2)}x the time`;
  goals.push({
    what: 'columns against C',
    goal: '<= 3x',
    figure,
    met: times <= 3,
    job: 'columns',
    file: files.mix,
  });
}
if (hasPerl) {
  const columns = speed('columns') / speed('perl');
  const ndjson = speed('ndjson') / speed('perl, that trace');
  goals.push({
    what: 'columns against perl',
    goal: '>= 3x',
    figure: `${columns.toFixed(1)}x as fast`,
    met: columns >= 3,
    job: 'columns',
    file: files.mix,
  });
  goals.push({
    what: 'NDJSON against perl that extracts',
    goal: '>= 1x',
    figure: `${ndjson.toFixed(1)}x as fast`,
    met: ndjson >= 1,
    job: 'ndjson',
    file: files.run,
  });
}
goals.push({
  what: 'memory',
  goal: '< 150 MB',
  figure: `${most.toFixed(0)} MB`,
  met: most < 150,
  job: 'ndjson',
  file: files.mix,
});

const missed = goals.filter(({ met }) => !met);
const profiles = missed.map(
  ({ what, job, file }) =>
    `### Where the time goes: ${what}\n\n${profileOf(folder, (flags) => child(job, file, ...flags))}`,
);

const text = `# Performance: reading traces

Written by \`pnpm bench:trace\`; do not edit. ${new Date().toISOString().slice(0, 10)}, Node ${process.version.slice(1)} (V8 ${process.versions.v8}) on
${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${process.platform} ${process.arch}, ${program === null ? 'no C compiler' : compilerVersion()}, perl ${hasPerl ? perlVersion : 'not there'}.

All contenders take turns in one run, ${ROUNDS} rounds after one to warm up, one thread each; the figures are medians with the
middle half. Everyone reads the file itself, from the page cache. The mixed trace is the traces of the tests, all runs but
raw mode, over and over; C (\`bench/trace.c\`, -O2) and perl (\`bench/trace.pl\`) take from it what \`columnReader()\` takes:
${checked}.

## Goals

${table(
  ['what', 'goal', 'figure', ''],
  goals.map(({ what, goal, figure, met }) => [what, goal, figure, met ? 'met' : '**missed**']),
)}

## Speed

${table(
  ['work', 'trace, MB', 'MB/s', 'middle half'],
  [
    row('C', 'C: fields into columns', files.mix),
    row('columns', '`columnReader()`: fields into columns', files.mix),
    row('perl', 'perl: fields by regular expressions', files.mixSlow),
    row('records', '`traceReader()`: records', files.mixSlow),
    row('ndjson', `\`ndjsonAnnotator()\`: all that can be said, as JSON (trace of ${RUN})`, files.run),
    row('perl, that trace', 'perl: fields of that trace', files.runSlow),
    row('annotator', '`createAnnotator()` and `JSON.stringify()` of that trace', files.runSlow),
  ].filter((cells) => cells.length > 0),
)}

\`ndjsonAnnotator()\` asks the rules once for entries that are alike. An MMIO SPTE is like no other: the first sight of each
takes ${firstSight().toFixed(0)} us in a process that has just begun, nearly all of it in core's \`judgeSpte()\`. So does that of an
entry of no kind, or of one that is wrong in its address.

## Memory

Largest resident size of a process that does one job, in MB, the sources' loader included.

${table(['job', `${megabytes(files.once.bytes)} MB of input`, `${megabytes(files.half.bytes)} MB`, `${megabytes(files.mix.bytes)} MB`], memory)}
${profiles.length === 0 ? '' : `\n${profiles.join('\n\n')}\n`}`;
writeFileSync(fileURLToPath(new URL('../docs/performance-traces.md', import.meta.url)), text);
rmSync(folder, { recursive: true });
console.log(text);
