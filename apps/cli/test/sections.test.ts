// SPDX-License-Identifier: GPL-2.0-only
import { appendFileSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { traceFiles } from '@spte/testing/runs';
import { oneIn, sampled } from '@spte/testing/sampled';
import { MAX_LINES_APART } from '@spte/trace';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { version7 } from '../../../packages/trace/test/dat-files.ts';
import { mutatedLine } from '../../../packages/trace/test/mutations.ts';
import annotateTask from '../src/annotate/annotate-worker.ts';
import { maxSections, type Section, sectionBytes, sectionsOf } from '../src/annotate/sections.ts';
import type { Result, Task } from '../src/annotate/workers.ts';
import { type Column, ParquetTable } from '../src/files/parquet-table.ts';
import type { Io } from '../src/io/io.ts';
import { duckdb, objects } from './duckdb.ts';
import { captured } from './machines.ts';
import { file, folder, type Run, spte } from './run.ts';

/** Workers on this thread: what crosses to one and back is copied, as between threads. */
const pool = vi.hoisted(() => ({ before: (_task: unknown): void => undefined, tasks: 0 }));
vi.mock('tinypool', () => ({
  Tinypool: class {
    async run(task: Task): Promise<Result> {
      pool.before(task);
      pool.tasks++;
      return structuredClone(await annotateTask(structuredClone(task)));
    }
    async destroy(): Promise<void> {
      await Promise.resolve();
    }
  },
}));
afterEach(() => {
  pool.before = () => undefined;
  pool.tasks = 0;
});

const MODES = ['', '--json', '--ndjson', '--summary', '--only findings', '--only findings --json'];
const RUNS = ['svm61-npt-tdp-dump', 'vmx73-ept-ad', 'svm61-shadow'];
const CONTEXT = '--kernel 6.1 --vendor svm --maxphyaddr 40';

/** Runs a command by sections of the given number of bytes, and says how many sections there were. */
async function inSections(line: string, sectionBytes: number): Promise<Run & { readonly tasks: number }> {
  pool.tasks = 0;
  const ended = await spte(`${line} --jobs 3`, { sectionBytes });
  return { ...ended, tasks: pool.tasks };
}

/** Whether sections change nothing in any mode; returns how many there were. */
async function expectSame(
  line: string,
  sectionBytes: number,
  modes: readonly string[] = MODES,
): Promise<number> {
  let most = 0;
  for (const mode of modes) {
    const { tasks, ...cut } = await inSections(`${line} ${mode} --check`, sectionBytes);
    expect(cut).toEqual(await spte(`${line} ${mode} --check`));
    most = Math.max(most, tasks);
  }
  return most;
}

const io = (sectionBytes?: number): Io =>
  ({ cwd: folder, ...(sectionBytes === undefined ? {} : { sectionBytes }) }) as Io;

const cut = (name: string, bytes: number): Section[] => [...sectionsOf(io(), name, bytes)];

const CHECK = 'vm-1 [000] 1.0: check_mmio_spte: spte 80000d0000057 kvm_gen a spte-gen a valid 1';
const HANDLE = 'vm-1 [000] 1.1: handle_mmio_page_fault: addr:0 gfn d0001 access 0';
const LEAF = 'vm-1 [000] 1.5: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';
const OTHER = 'vm-2 [001] 1.2: kvm_entry: vcpu 0, rip 0x2000';

describe('a trace that is cut into sections is annotated as if it were not', () => {
  it.each(RUNS)(
    '%s: of any size, in every mode, with its own machine and another',

    async (run) => {
      const text = traceFiles[run]?.['trace.txt'] ?? '';
      file(`${run}.txt`, text);
      // Each mode with one of the runs, on its machine or on another.
      const modes = (shift: number): string[] =>
        MODES.filter((_, index) => sampled(index === RUNS.indexOf(run) + shift * RUNS.length, true));
      const own = `annotate ${run}.txt --host ${captured(run)}`;
      expect(await expectSame(own, 700, modes(0))).toBeGreaterThan(20);
      expect(await expectSame(`annotate ${run}.txt ${CONTEXT}`, 5000, modes(1))).toBeGreaterThan(5);
    },
  );

  it('among several inputs, some of which are not cut, and one that is missing', async () => {
    const text = traceFiles['svm61-shadow']?.['trace.txt'] ?? '';
    file('a.txt', text);
    file('b.txt', `${text}kvm_mmu_set_spte: gfn\n`);
    file('c.txt.gz', gzipSync(text));
    file('d.dat', version7());
    file('e.txt', '');
    const line = `annotate a.txt none.txt b.txt c.txt.gz d.dat e.txt ${CONTEXT}`;
    const sections = await expectSame(line, 3000, oneIn(4, MODES));
    expect(sections).toBeGreaterThan(10);
    const { err } = await inSections(`annotate a.txt b.txt ${CONTEXT}`, 3000);
    expect(err).toContain('spte: b.txt: 1 line names an event but cannot be read: cut off or garbled\n');
  });

  it('whatever its lines are', { timeout: 1e7 }, async () => {
    const wrapped = fc.constantFrom(
      '> vm-1 [000] 1.5: kvm_mmu_set_spte: gfn 10 spte 797fe67\n> (rwxu) level 1 at 1a1080',
      'kvm_mmu_set_spte: gfn 10\nspte 797fe67 (rwxu)\nlevel 1 at\n1a1080',
      'kvm_mmu_set_spte: gfn',
      'kvm_mmu_set_spte: gfn 10 spte 797fe67 (r',
    );
    const pair = fc
      .tuple(fc.nat(3), fc.constantFrom(CHECK, HANDLE, LEAF))
      .map(([task, line]) => line.replace('vm-1', `vm-${task}`));
    const block = fc.constantFrom(
      'kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0xd0000, hierarchy:',
      'kvm: ------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000',
    );
    const garbage = fc
      .constantFrom('\u001f\u008b', '\uFEFF', 'é', '(\u{1f600})')
      .map((text) => `${text} ${LEAF}`);
    const line = fc.oneof(
      mutatedLine,
      pair,
      pair,
      wrapped,
      block,
      garbage,
      fc.constant(''),
      fc.constant('x'.repeat(500)),
    );
    const bytes = fc.tuple(
      fc.array(line, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.boolean(),
    );
    let most = 0;
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.integer({ min: 1, max: 1500 }),
        fc.constantFrom(...MODES),
        async ([lines, end, ends, latin], size, mode) => {
          file('any.txt', Buffer.from(lines.join(end) + (ends ? end : ''), latin ? 'latin1' : 'utf8'));
          most = Math.max(most, await expectSame(`annotate any.txt ${CONTEXT}`, size, [mode]));
        },
      ),
      { numRuns: Number(process.env['SPTE_FUZZ_RUNS'] ?? sampled(12, 60)) },
    );
    expect(most).toBeGreaterThan(5);
  });

  it('with lines of megabytes', async () => {
    const long = `${'x'.repeat(1_100_000)} ${LEAF} ${'y'.repeat(30_000)}`;
    file('long.txt', [LEAF, long, CHECK, 'z'.repeat(3_000_000), LEAF, HANDLE, long, LEAF].join('\n'));
    expect(await expectSame(`annotate long.txt ${CONTEXT}`, 1000)).toBe(3);
  });

  it('where a line begins as a compressed file or a trace.dat does', async () => {
    const magic = Buffer.concat([
      Buffer.from(`${LEAF}\n`),
      Buffer.from([0x1f, 0x8b]),
      Buffer.from(` ${LEAF}\n`),
      Buffer.from([0x17, 0x08, 0x44]),
      Buffer.from(`tracing ${LEAF}\n`),
    ]);
    file('magic.txt', magic);
    expect(await expectSame(`annotate magic.txt ${CONTEXT}`, 10)).toBe(3);
  });

  it('also long after its beginning, where a section has a lead', async () => {
    const lines: string[] = [];
    for (let i = 0; lines.length < 3.5 * MAX_LINES_APART; i++) {
      lines.push(CHECK.replace('vm-1', `vm-${i % 7}`), ...Array.from({ length: (i * 31) % 50 }, () => OTHER));
      if (i % 3 > 0) lines.push(LEAF.replace('vm-1', 'vm-99'), HANDLE.replace('vm-1', `vm-${(i * 5) % 7}`));
    }
    file('lead.txt', lines.join('\n'));
    const sections = cut('lead.txt', 50_000);
    const leads = sections.filter(({ lead }) => lead.line > 1);
    expect(leads.length).toBeGreaterThan(1);
    for (const { lead, start } of leads)
      expect(start.line - lead.line).toBeGreaterThanOrEqual(MAX_LINES_APART);
    await expectSame(`annotate lead.txt ${CONTEXT}`, 50_000, ['--ndjson', '--only findings']);
  });
});

describe('sections', () => {
  beforeAll(() => {
    file('leaves.txt', `${LEAF}\n`.repeat(100));
  });
  /** The given number of bytes, up to the end of a line. */
  const expectAbout = (bytes: number): number =>
    Number.isFinite(bytes) ? (expect.closeTo(bytes, -3) as number) : bytes;
  const ends = (sections: readonly Section[]): number[] => sections.map(({ end }) => end);

  it('follow each other, and say where they are', () => {
    const width = LEAF.length + 1;
    const sections = cut('leaves.txt', 30 * width - 1);
    expect(sections.map(({ start, end }) => [start.line, start.offset / width, end / width])).toEqual([
      [1, 0, 30],
      [31, 30, 60],
      [61, 60, 90],
      [91, 90, Number.POSITIVE_INFINITY],
    ]);
  });

  it('are as large as suits the inputs and the threads', () => {
    // A thread's share, if that is worth a thread; not too much that waits to be printed.
    expect(sectionBytes(io(), 1e9, 4, false)).toBe(250e6);
    expect(sectionBytes(io(), 1e9, 4, true)).toBe(1 << 25);
    expect(sectionBytes(io(), 50e6, 2, true)).toBe(25e6);
    expect(sectionBytes(io(), 1e7, 4, false)).toBe(1 << 24);
    file('large.txt', `${LEAF}\n`.repeat(500_000));
    const size = 500_000 * (LEAF.length + 1);
    const lead = MAX_LINES_APART * (LEAF.length + 1);
    const sizes = cut('large.txt', 1e7).map(({ start, end }) => end - start.offset);
    expect(sizes).toEqual([1e7 + lead, 1e7 + lead, 1e7 + lead, Number.POSITIVE_INFINITY].map(expectAbout));
    // The share of one of two threads, of two inputs of this size.
    expect(cut('large.txt', sectionBytes(io(), 2 * size, 2, false))).toHaveLength(1);
    expect(maxSections(io(), 'large.txt')).toBe(Math.ceil(size / (1 << 24)));
  });

  it('are one for what cannot be cut: small, compressed, binary, not a file, or without lines that continue none', () => {
    file('leaves.gz', gzipSync(`${LEAF}\n`.repeat(100)));
    file('leaves.dat', version7());
    file('none.txt', `${OTHER}\n`.repeat(100));
    for (const name of ['leaves.gz', 'leaves.dat', 'none.txt', 'missing', '.', '-']) {
      expect(ends(cut(name, 100))).toEqual([Number.POSITIVE_INFINITY]);
    }
    expect(ends(cut('leaves.txt', 1 << 24))).toEqual([Number.POSITIVE_INFINITY]);
    expect(maxSections(io(100), 'leaves.gz')).toBe(1);
    expect(maxSections(io(), 'leaves.txt')).toBe(1);
  });

  it('are not begun in the rest of a mail or within a block', () => {
    const lines = [
      LEAF,
      'kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0xd0000, hierarchy:',
      'kvm: ------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000',
      'kvm_mmu_set_spte: gfn 10 spte 797fe67',
      '(rwxu) level 1 at 1a1080',
      OTHER,
      LEAF,
      LEAF,
    ];
    file('mixed.txt', lines.join('\n'));
    // The last line may not be whole yet.
    expect(cut('mixed.txt', 1).map(({ start }) => start.line)).toEqual([1, 2, 7]);
  });
});

/** The complaint that comes after what the input was read as. */
const said = (message: string): unknown => expect.stringMatching(new RegExp(`\nspte: ${message}\n$`));

describe('a file that changes while it is read', () => {
  const line = `annotate live.txt ${CONTEXT} --ndjson`;
  const change = (act: (path: string) => void): void => {
    writeFileSync(join(folder, 'live.txt'), `${LEAF}\n`.repeat(100));
    pool.before = () => {
      if (pool.tasks === 1) act(join(folder, 'live.txt'));
    };
  };
  const lastLine = ({ out }: Run): unknown =>
    (JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as { summary: { lines: number } }).summary.lines;

  it('is read with what was added', async () => {
    change((path) => appendFileSync(path, `${LEAF}\n`.repeat(7)));
    const { err, tasks, ...run } = await inSections(line, 2000);
    expect(lastLine({ err, ...run })).toBe(107);
    expect(tasks).toBeGreaterThan(3);
    expect({ ...run, err }).toEqual(await spte(line));
  });

  it('is refused when it becomes shorter: nobody knows what was lost', async () => {
    change((path) => truncateSync(path, 40 * (LEAF.length + 1)));
    const message = 'cannot read "live.txt": it became shorter while it was being read';
    expect(await inSections(line, 500)).toMatchObject({ code: 2, err: said(message) });
  });

  it('is not mixed with another that takes its name, and the other inputs go on', async () => {
    file('calm.txt', `${LEAF}\n`);
    const replace = (path: string): void => {
      renameSync(path, `${path}.1`);
      writeFileSync(path, `${OTHER}\n`.repeat(100));
    };
    change(replace);
    const message = 'cannot read "live.txt": another file replaced it while it was being read';
    expect(await inSections(line, 2000)).toMatchObject({ code: 2, err: said(message) });
    change(replace);
    const { code, err, out } = await inSections(`annotate live.txt calm.txt ${CONTEXT} --json`, 2000);
    expect({ code, err }).toEqual({ code: 2, err: said(message) });
    const { files } = JSON.parse(out) as { files: { lines: { line: number }[]; error?: string }[] };
    const [live, calm] = files;
    expect(live).toMatchObject({ file: 'live.txt', error: message });
    expect(live?.lines.map((found) => found.line)).toEqual(live?.lines.map((_, index) => index + 1));
    expect(calm).toMatchObject({ file: 'calm.txt', lines: [{ line: 1 }], summary: { lines: 1 } });
  });
});

describe('rows that other tables have written', () => {
  const GROUP = 1 << 15;
  const columns: readonly Column<number>[] = [
    { name: 'number', type: 'int', of: (row) => row },
    { name: 'few', type: 'text', nullable: true, of: (row) => (row % 3 === 0 ? null : `${row % 7}`) },
    // Several pages.
    { name: 'long', type: 'text', of: (row) => `${row}`.padStart(100, 'x') },
  ];
  const table = (name: string, from: number, to: number): ParquetTable<number> => {
    const made = new ParquetTable(join(folder, name), columns, { note: 'x' });
    for (let row = from; row < to; row++) made.add(row);
    return made;
  };

  it('make the file that one table makes', () => {
    const ends = [0, GROUP, 2 * GROUP, 2 * GROUP, 2 * GROUP + 5];
    const whole = table('whole.parquet', 0, GROUP);
    for (const [index, from] of ends.slice(1, -1).entries()) {
      whole.append(structuredClone(table(`rows${index}`, from, ends[index + 2] ?? 0).rowGroups()));
    }
    whole.finish();
    table('alone.parquet', 0, 2 * GROUP + 5).finish();
    expect(
      readFileSync(join(folder, 'whole.parquet')).equals(readFileSync(join(folder, 'alone.parquet'))),
    ).toBe(true);
  });
});

const connection = await duckdb();

describe.skipIf(connection === null)('--parquet by sections', () => {
  const ask = async (sql: string): Promise<unknown> =>
    connection === null ? null : objects(connection, sql);
  const rows = async (path: string, where = 'true'): Promise<unknown> =>
    ask(`select * from '${join(folder, path)}' where ${where}`);

  it('writes the same rows into one file, whose statistics are theirs', async () => {
    // Enough for columns of several pages, and several groups of rows in a section.
    const count = sampled(45_000, 90_000);
    const lines = Array.from({ length: count }, (_, i) =>
      LEAF.replace('gfn 10', `gfn ${(i * 7919).toString(16)}`)
        .replace('797fe67', `${(0x1000 + i).toString(16)}e67`)
        .replace('1.5:', `${i}.${'5'.repeat(50)}:`),
    );
    file('many.txt', `${traceFiles['svm61-shadow']?.['trace.txt'] ?? ''}${lines.join('\n')}`);
    const line = `annotate many.txt ${CONTEXT} --parquet`;
    const one = await spte(`${line} one.parquet`);
    const { tasks, ...cut } = await inSections(`${line} cut.parquet`, 5_000_000);
    expect(cut).toEqual(one);
    expect(tasks).toBe(sampled(2, 3));
    const side = `'${join(folder, 'one.parquet')}' as a positional join '${join(folder, 'cut.parquet')}' as b`;
    expect(
      await ask(
        `select count(*) > ${count} as many, bool_and(a is not distinct from b) as same from ${side}`,
      ),
    ).toEqual([{ many: true, same: true }]);
    for (const where of [
      'gfn = 7919 * 40000',
      'value between 1024000000 and 1024900000',
      "timestamp > '8999'",
    ]) {
      expect(await rows('cut.parquet', where)).toEqual(await rows('one.parquet', where));
    }
  });

  it('puts rows that another table has written between its own', async () => {
    const columns: readonly Column<number>[] = [{ name: 'number', type: 'int', of: (row) => row }];
    const [table, other] = ['mixed.parquet', 'other'].map(
      (name) => new ParquetTable(join(folder, name), columns, {}),
    );
    for (const row of [0, 1]) table?.add(row);
    for (const row of [2, 3, 4]) other?.add(row);
    if (other !== undefined) table?.append(other.rowGroups());
    table?.add(5);
    table?.finish();
    expect(await rows('mixed.parquet')).toEqual([0, 1, 2, 3, 4, 5].map((number) => ({ number })));
  });

  it('writes the same parts of several inputs, and leaves nothing beside them', async () => {
    const names = ['svm61-shadow', 'svm61-npt-tdp-dump'].map((run) => {
      file(`${run}.txt`, traceFiles[run]?.['trace.txt'] ?? '');
      return `${run}.txt`;
    });
    const line = `annotate ${names.join(' ')} none.txt ${CONTEXT} --only findings --parquet`;
    const one = await spte(`${line} one/`);
    const { tasks: _, ...cut } = await inSections(`${line} cut/`, 5000);
    expect(cut).toEqual(one);
    expect(readdirSync(join(folder, 'cut'))).toEqual(readdirSync(join(folder, 'one')));
    for (const name of names)
      expect(await rows(`cut/${name}.parquet`)).toEqual(await rows(`one/${name}.parquet`));
  });

  it('leaves what was there before when a section cannot be read', async () => {
    file('gone.txt', `${LEAF}\n`.repeat(100));
    file('gone.parquet', 'before');
    pool.before = () => {
      if (pool.tasks === 2) renameSync(join(folder, 'gone.txt'), join(folder, 'gone.txt.1'));
    };
    const { code, err } = await inSections(`annotate gone.txt ${CONTEXT} --parquet gone.parquet`, 2000);
    expect({ code, err }).toEqual({
      code: 2,
      err: said('cannot read "gone.txt": there is no such file or folder'),
    });
    expect(readdirSync(folder).filter((name) => name.includes('gone.parquet'))).toEqual(['gone.parquet']);
  });
});
