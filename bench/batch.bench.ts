// SPDX-License-Identifier: GPL-2.0-only
// `pnpm bench`: @spte/batch against C, core's own functions and a straight bigint port, taking turns in one run. Writes
// docs/performance.md. It runs as a bundle, as what ships does: a loader for TypeScript makes closures slow.
//
//   pnpm bench                      10^3 to 10^8 entries
//   pnpm bench 6                    up to 10^6, for a look; writes nothing
//   pnpm bench 8 node22 bun …       also runs the engine and C under other runtimes, given by their programs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { type BatchEngine, compile } from '../packages/batch/src/index.ts';
import { decodeSpte, makeSpte, pageRole, plainHost } from '../packages/core/src/index.ts';
import { buildC, compilerVersion } from './c.ts';
import {
  checksum,
  engineJob,
  inPlace,
  JOBS,
  type Job,
  machine,
  mmu,
  outputs,
  portJob,
  SHAPES,
  type Shape,
  useOthers,
} from './jobs.ts';
import { type Data, makeData, repeated } from './machine.ts';
import { decodeFull, encodeOne } from './port.ts';
import { median, nanoseconds, ratio, type Samples, spread, table, takeTurns } from './stats.ts';

/** Goals: the most that the engine may take, C at -O2 taking 1. */
const GOALS: Record<Job, Record<Shape, number>> = {
  classify: { runs: 1.5, shuffled: 0.7 },
  decode: { runs: 1.5, shuffled: 0.5 },
  encode: { runs: 0.5, shuffled: 0.35 },
  judge: { runs: 2, shuffled: 1 },
};
/** Goals of single calls: how many times faster than the port. */
const SCALAR_GOALS = { makeSpte: 2, decodeSpte: 3 };

const ROUNDS = 11;
/** Where a round takes seconds. */
const FEW_ROUNDS = 3;
const MANY = 1e7;
/** Entries that one sample sees at least. */
const ENOUGH = 8_000_000;
/** Most bytes for an entry in all columns, and for the ends of them. */
const ENTRY_BYTES = 34;
const END_BYTES = 1024;
/** Entries that the port gets at most. */
const PORT_ENTRIES = 100_000;

const folder = mkdtempSync(join(tmpdir(), 'spte-bench-'));
const o2 = buildC('batch.c', folder, ['-O2']);
const o3 = buildC('batch.c', folder, ['-O3', '-march=native']);

/** One sample in ns per entry, after one call that does not count, as every contender has. */
function timed(count: number, work: () => unknown): () => number {
  const rounds = Math.max(1, Math.round(ENOUGH / count));
  const all = (): void => {
    for (let round = 0; round < rounds; round++) work();
  };
  return () => {
    work();
    return nanoseconds(all) / rounds / count;
  };
}

/** The same by a C program, which must write what the engine wrote. */
function timedC(program: string, job: Job, file: string, count: number, expected: () => number) {
  const repeats = Math.max(1, Math.round(ENOUGH / count));
  return (): number => {
    const { stdout } = spawnSync(program, [job, file, `${count}`, `${repeats}`, '2'], { encoding: 'utf8' });
    const [, ns, sum] = stdout.trim().split(' ');
    if (Number(sum) !== expected()) throw new Error(`${job}: C and the engine differ`);
    return Number(ns);
  };
}

interface Measured {
  readonly job: Job;
  readonly shape: Shape;
  readonly count: number;
  readonly samples: Samples;
}

function measure(job: Job, shape: Shape, count: number, data: Data): Measured {
  const out = outputs(count);
  const work = engineJob(compile(mmu), job, data, out);
  useOthers(job, shape);
  work();
  const sum = checksum(out);
  const javascript = engineJob(compile(mmu, { wasm: false }), job, data, out);
  javascript();
  if (checksum(out) !== sum) throw new Error(`${job}: the loops in JavaScript differ`);
  // 10^8 entries do not fit a memory.
  const roomy = count > MANY ? null : compile(mmu, { room: ENTRY_BYTES * count + END_BYTES });
  const placedOut = roomy === null ? out : inPlace(roomy, outputs(count));
  const placed = roomy === null ? null : engineJob(roomy, job, inPlace(roomy, data), placedOut);
  placed?.();
  if (checksum(placedOut) !== sum) throw new Error(`${job}: in place it differs`);
  const file = join(folder, 'data');
  const own = job === 'encode' ? [data.pfn, data.access, data.level, data.flags] : [data.entries];
  writeFileSync(file, bytesOf(BigUint64Array.from(Object.values(machine))));
  for (const column of own) writeFileSync(file, bytesOf(column), { flag: 'a' });
  const few = Math.min(count, PORT_ENTRIES);
  const portOut = outputs(few);
  const samples = takeTurns(
    {
      engine: timed(count, work),
      ...(o2 !== null && { o2: timedC(o2, job, file, count, () => sum) }),
      ...(o3 !== null && { o3: timedC(o3, job, file, count, () => sum) }),
      javascript: timed(count, javascript),
      ...(placed !== null && { placed: timed(count, placed) }),
      port: timed(Math.max(few, ENOUGH), portJob(job, data, portOut, few)),
    },
    count >= MANY ? FEW_ROUNDS : ROUNDS,
  );
  // The port must have done the same work.
  if (few === count && checksum(portOut) !== sum) throw new Error(`${job}: the port differs`);
  return {
    job,
    shape,
    count,
    samples: { ...samples, port: (samples['port'] ?? []).map((ns) => (ns * Math.max(few, ENOUGH)) / few) },
  };
}

const bytesOf = ({ buffer }: BigUint64Array<ArrayBuffer> | Uint8Array<ArrayBuffer>): Uint8Array =>
  new Uint8Array(buffer);

/** Keeps results from being optimised away. */
let sink: unknown;

/** Single calls: the engine, the port and core on the same entries. */
function scalarCalls(shape: Shape): Record<keyof typeof SCALAR_GOALS, Samples> {
  const count = 100_000;
  const data = makeData(mmu, count, shape);
  const engine = compile(mmu);
  const entries = [...data.entries];
  const requests = entries.map((_, i) => ({
    pfn: data.pfn[i] as bigint,
    access: data.access[i] as number,
    level: data.level[i] as number,
    flags: data.flags[i] as number,
  }));
  const roles = [1, 2].map((level) => [false, true].map((adDisabled) => pageRole({ level, adDisabled })));
  const fewer = Math.round(count / 100);
  const made = requests.map((request) => engine.makeSpte(request));
  for (const [i, { pfn, access, level, flags }] of requests.entries()) {
    if (encodeOne(machine, pfn, access, level, flags) !== made[i])
      throw new Error('makeSpte: the port differs');
  }
  // Every contender has a loop of its own: one that called a function it is given would cost as much as the calls.
  const makes = {
    engine() {
      for (const request of requests) sink = engine.makeSpte(request);
    },
    port() {
      for (const { pfn, access, level, flags } of requests)
        sink = encodeOne(machine, pfn, access, level, flags);
    },
    core() {
      for (const { pfn, access, level, flags } of requests.slice(0, fewer)) {
        const role = roles[level - 1]?.[(flags >> 3) & 1] ?? pageRole();
        sink = makeSpte(mmu, plainHost, { role, gfn: 0n, pfn, access, hostWritable: (flags & 4) === 0 });
      }
    },
  };
  for (const entry of entries) {
    const [ours, theirs] = [engine.decodeSpte(entry, 1), decodeFull(machine, entry, 1)];
    if (!isDeepStrictEqual(ours, theirs)) throw new Error('decodeSpte: the port differs');
  }
  const shared = engine.decodeSpte(entries[0] as bigint, 1).mapping;
  // What decoding cannot be without: the word in halves, a bigint from halves, an object of five values.
  const word = new BigUint64Array(1);
  const halves = new Int32Array(word.buffer);
  const decodes = {
    floor() {
      for (const entry of entries) {
        word[0] = entry;
        halves[0] = ((halves[0] as number) >>> 12) | ((halves[1] as number) << 20);
        halves[1] = ((halves[1] as number) & 0xfffff) >>> 12;
        sink = { kind: 'leaf', frame: word[0], mapping: shared, mmioAccess: null, generation: 0 };
      }
    },
    engine() {
      for (const entry of entries) sink = engine.decodeSpte(entry, 1);
    },
    port() {
      for (const entry of entries) sink = decodeFull(machine, entry, 1);
    },
    core() {
      for (const entry of entries.slice(0, fewer)) sink = decodeSpte(mmu, entry, 1);
    },
  };
  const sample = (loop: () => void, calls: number) => (): number => {
    loop();
    return nanoseconds(loop) / calls;
  };
  const perCall = ({ core, ...loops }: Record<string, () => void> & { core: () => void }): Samples =>
    takeTurns(
      {
        ...Object.fromEntries(Object.entries(loops).map(([name, loop]) => [name, sample(loop, count)])),
        core: sample(core, fewer),
      },
      ROUNDS,
    );
  return { makeSpte: perCall(makes), decodeSpte: perCall(decodes) };
}

/** Milliseconds until a fresh engine has answered for 1000 entries: the first in this process, then others. */
function firstUse(): string {
  const data = makeData(mmu, 1000, 'shuffled');
  const rows = JOBS.map((job) => {
    const times = Array.from({ length: 7 }, () => {
      const engine = compile(mmu);
      return nanoseconds(() => engineJob(engine, job, data, outputs(1000))()) / 1e6;
    });
    const [cold = Number.NaN, ...warm] = times;
    return [job, cold.toFixed(1), median(warm).toFixed(1)];
  });
  return table(['work', 'first engine of a process, ms', 'later engines, ms'], rows);
}

function tableBytes(): number {
  const engine: BatchEngine = compile(mmu);
  const data = makeData(mmu, 1000, 'shuffled');
  for (const level of [1, 2, 3, 4, 5, null]) {
    engine.classify(data.entries, level);
    engine.decode(data.entries, level);
    engine.judge(data.entries, level);
  }
  engine.encode(data);
  return engine.tableBytes;
}

const times = (value: number, digits = 2): string => (Number.isNaN(value) ? '' : `${value.toFixed(digits)}x`);
const verdict = (met: boolean): string => (met ? 'met' : '**missed**');

function goalTable(measured: readonly Measured[]): string {
  return table(
    [
      'work',
      'data',
      'goal',
      'in place / C',
      '',
      'copied / C',
      '',
      'in place, ns',
      'middle half',
      'copied, ns',
      'middle half',
      'C -O2, ns',
      'middle half',
    ],
    measured.map(({ job, shape, samples }) => {
      const goal = GOALS[job][shape];
      const verdictOf = (who: string): string[] => {
        const toC = ratio(samples, who, 'o2');
        return [times(toC), Number.isNaN(toC) ? 'no C' : verdict(toC <= goal)];
      };
      const figures = ['placed', 'engine', 'o2'].flatMap((who) => [
        median(samples[who] ?? []).toFixed(2),
        spread(samples[who] ?? []),
      ]);
      return [job, shape, `<= ${goal}x`, ...verdictOf('placed'), ...verdictOf('engine'), ...figures];
    }),
  );
}

function othersTable(measured: readonly Measured[]): string {
  return table(
    ['work', 'data', 'in place / C -O3', 'copied / C -O3', 'JavaScript / C -O2', 'port / copied'],
    measured.map(({ job, shape, samples }) => [
      job,
      shape,
      times(ratio(samples, 'placed', 'o3')),
      times(ratio(samples, 'engine', 'o3')),
      times(ratio(samples, 'javascript', 'o2')),
      times(ratio(samples, 'port', 'engine'), 0),
    ]),
  );
}

function growthTable(measured: readonly Measured[], counts: readonly number[]): string {
  return table(
    ['work', 'data', ...counts.map((count) => `10^${Math.log10(count)}`)],
    JOBS.flatMap((job) =>
      SHAPES.map((shape) => [
        job,
        shape,
        ...counts.map((count) => {
          const { samples = {} } =
            measured.find((one) => one.job === job && one.shape === shape && one.count === count) ?? {};
          return `${median(samples['engine'] ?? []).toFixed(2)} ns, ${times(ratio(samples, 'engine', 'o2'))}`;
        }),
      ]),
    ),
  );
}

function scalarTable(shapes: ReadonlyMap<Shape, ReturnType<typeof scalarCalls>>): string {
  const rows = [...shapes].flatMap(([shape, calls]) =>
    Object.entries(calls).map(([name, samples]) => {
      const faster = ratio(samples, 'port', 'engine');
      const goal = SCALAR_GOALS[name as keyof typeof SCALAR_GOALS];
      return [
        `\`${name}\``,
        shape,
        ...['engine', 'port', 'core', 'floor'].map((who) =>
          samples[who] === undefined ? '' : median(samples[who]).toFixed(0),
        ),
        times(faster, 1),
        `>= ${goal}x`,
        verdict(faster >= goal),
      ];
    }),
  );
  return table(
    ['call', 'data', 'engine, ns', 'port, ns', 'core, ns', 'floor, ns', 'port / engine', 'goal', ''],
    rows,
  );
}

/** What another runtime says of 10^6 entries. */
interface Elsewhere {
  readonly runtime: string;
  readonly ratios: Record<string, number>;
}

/** This program, as `pnpm bench` has bundled it. */
const SELF = fileURLToPath(import.meta.url);
const RUNTIME =
  process.versions['bun'] === undefined ? `Node ${process.versions.node}` : `Bun ${process.versions['bun']}`;

/** For `pnpm bench` itself, which starts this under another runtime: one line of JSON. */
function answerElsewhere(): void {
  const measured = SHAPES.flatMap((shape) => {
    const data = makeData(mmu, 1e6, shape);
    return JOBS.map((job) => measure(job, shape, 1e6, data));
  });
  const calls = new Map(SHAPES.map((shape) => [shape, scalarCalls(shape)]));
  console.log(JSON.stringify({ runtime: RUNTIME, ratios: ratiosOf(measured, calls) } satisfies Elsewhere));
}

function runElsewhere(program: string): Elsewhere {
  const { stdout, stderr } = spawnSync(program, [SELF, 'elsewhere'], { encoding: 'utf8' });
  const answer = stdout.slice(stdout.lastIndexOf('{"runtime"'));
  if (!answer.startsWith('{')) throw new Error(`${program}: ${stderr}`);
  return JSON.parse(answer) as Elsewhere;
}

function elsewhereTable(all: readonly Elsewhere[]): string {
  return table(
    ['work', ...all.map(({ runtime }) => runtime)],
    Object.keys(all[0]?.ratios ?? {}).map((work) => [
      work,
      ...all.map(({ ratios }) => times(ratios[work] ?? Number.NaN)),
    ]),
  );
}

function main(largest: number, programs: readonly string[]): void {
  const cold = firstUse();
  const counts = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8].filter((count) => count <= 10 ** largest);
  const measured: Measured[] = [];
  for (const count of counts) {
    for (const shape of SHAPES) {
      const data = repeated(makeData(mmu, Math.min(count, MANY), shape), count);
      for (const job of JOBS) {
        const one = measure(job, shape, count, data);
        measured.push(one);
        const text = Object.entries(one.samples).map(([name, ns]) => `${name} ${median(ns).toFixed(2)}`);
        console.log(
          `${count} ${shape} ${job}: ${text.join(', ')} ns, engine / C ${times(ratio(one.samples, 'engine', 'o2'))}`,
        );
      }
    }
  }
  const calls = new Map(SHAPES.map((shape) => [shape, scalarCalls(shape)]));
  console.log(scalarTable(calls));
  const here = measured.filter(({ count }) => count === 1e6);
  const elsewhere = programs.map((program) => runElsewhere(program));
  if (largest < 8) return;
  const text = `# Performance

Written by \`pnpm bench\`; do not edit. ${new Date().toISOString().slice(0, 10)}, ${RUNTIME} (V8 ${process.versions.v8}) on
${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${process.platform} ${process.arch}, ${compilerVersion()}.

All contenders take turns in one run, ${ROUNDS} rounds after one to warm up, and each does its work once before a sample that
counts; the figures are medians in ns per entry, with the middle half of the rounds. Three MMUs with different masks are
in use in the process. "runs" are page-table-like entries: an attribute lasts for up to 512 entries. In "shuffled" it
changes with each entry. What the engine wrote is compared byte for byte with the C (\`bench/batch.c\`), with the loops in
JavaScript (\`wasm: false\`) and, up to 10^5 entries, with the port. The machine is shared: other work ran beside.

## Goals, at 10^6 entries

"In place": entries and columns in the engine's own memory (\`allocate()\`), as C has them in its own. "Copied": arrays from
elsewhere, as most callers have them; the difference is what it costs to copy them into WebAssembly memory and out of it.

${goalTable(here)}

"C -O3" is \`-O3 -march=native\`. "JavaScript" are the same tables without WebAssembly. The port (\`bench/port.ts\`) is the C
in bigint with plain operators, over ordinary arrays.

${othersTable(here)}

## Growth

Arrays that are copied: ns per entry, and the ratio to C at -O2. 10^8 entries are those of 10^7, ten times; ${FEW_ROUNDS} rounds from 10^7 on.

${growthTable(measured, counts)}

## Single calls

The engine's \`makeSpte()\` and \`decodeSpte()\` against the port, which give the same bigints and the same objects: kind,
frame, permissions, memory type, A/D, what is writable, the fields of MMIO. Core's functions of these names do more: they
tell an observer the reason for each bit, and explain all 64 bits in words. "floor" has no rule: it takes the word apart
and makes the bigint and an object, which is what bounds \`decodeSpte()\`.

${scalarTable(calls)}

## Other runtimes

At 10^6 entries: jobs as a ratio to C -O2, calls as port / engine under the same runtime.

${elsewhereTable([{ runtime: RUNTIME, ratios: ratiosOf(here, calls) }, ...elsewhere])}

## First use and memory

A fresh engine with 1000 shuffled entries; the goal is less than 50 ms per rule set.

${cold}

All tables of an engine that has done all jobs at all levels: ${(tableBytes() / 1024).toFixed(0)} KiB (goal: under 4096 KiB). Each engine has a
WebAssembly memory of 6 MiB for them and for a block of entries.
`;
  writeFileSync('docs/performance.md', text);
  console.log(`docs/performance.md is written (${sink === undefined ? 'nothing' : 'all'} measured).`);
}

/** Ratios by what was done. */
function ratiosOf(
  measured: readonly Measured[],
  calls: ReadonlyMap<Shape, ReturnType<typeof scalarCalls>>,
): Record<string, number> {
  const rows = SHAPES.flatMap((shape) => [
    ...measured
      .filter((one) => one.shape === shape)
      .flatMap(({ job, samples }): [string, number][] => [
        [`${job} ${shape}, in place`, ratio(samples, 'placed', 'o2')],
        [`${job} ${shape}, copied`, ratio(samples, 'engine', 'o2')],
      ]),
    ...Object.entries(calls.get(shape) ?? {}).map(([name, samples]): [string, number] => [
      `${name} ${shape}`,
      ratio(samples, 'port', 'engine'),
    ]),
  ]);
  return Object.fromEntries(rows);
}

const [first = '8', ...programs] = process.argv.slice(2);
try {
  if (first === 'elsewhere') answerElsewhere();
  else main(Number(first), programs);
} finally {
  rmSync(folder, { recursive: true });
}
