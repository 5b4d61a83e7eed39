// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { traceFiles } from '@spte/testing/runs';
import { beforeAll, describe, expect, it } from 'vitest';
import { version7 } from '../../../packages/trace/test/dat-files.ts';
import { duckdb, objects } from './duckdb.ts';
import { image } from './images.ts';
import { captured } from './machines.ts';
import { file, folder, json, ndjson, records, spte } from './run.ts';

const CONTEXT = '--kernel 6.8 --vendor vmx --maxphyaddr 39';
const LEAF =
  ' vmtest-1 [003] ...1. 1.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080\n';
const WALK = 'walk mem.img --root 0x83dd000 --kernel 6.1.192 --vendor svm --maxphyaddr 40';

type Row = Readonly<Record<string, unknown>>;

const connection = await duckdb();

/** The rows of a Parquet file of this test. */
async function rowsOf(path: string): Promise<readonly Row[]> {
  if (connection === null) throw new Error('no DuckDB');
  return objects(connection, `select * from read_parquet('${join(folder, path)}')`);
}

/** The same of any query; `FILE` stands for the file. */
async function ask(path: string, sql: string): Promise<readonly Row[]> {
  if (connection === null) throw new Error('no DuckDB');
  return objects(connection, sql.replace('FILE', `'${join(folder, path)}'`));
}

const hex = (value: unknown): string | null => (typeof value === 'bigint' ? `0x${value.toString(16)}` : null);

interface Finding {
  readonly code: string;
  readonly bits: readonly number[];
}

interface Line extends Row {
  readonly sptes: readonly (Row & { readonly findings: readonly Finding[] })[];
  readonly checks: readonly { readonly field: string; readonly agree: boolean }[];
  readonly fields: Row;
  readonly change?: { readonly events: string[]; readonly allowed: boolean; readonly objections: string[] };
}

/** What the columns say of a line of NDJSON, or of an entry of a walk. */
const findingColumns = (findings: readonly Finding[]): Row => ({
  findings: [...new Set(findings.map(({ code }) => code))],
  finding_bits: hex(
    [...new Set(findings.flatMap(({ bits }) => bits))].reduce((sum, bit) => sum + (1n << BigInt(bit)), 0n),
  ),
});

function expectedRows({ line, event, timestamp, fields, sptes, checks, change }: Line): Row[] {
  const ofLine = {
    line,
    event,
    timestamp,
    agree: checks.length === 0 ? null : checks.every(({ agree }) => agree),
    disagreements: checks.filter(({ agree }) => !agree).map(({ field }) => field),
    change_events: change?.events ?? [],
    change_allowed: change?.allowed ?? null,
    change_objections: change?.objections ?? [],
    errata: [],
  };
  if (sptes.length > 0)
    return sptes.map((spte) => ({ ...ofLine, ...spte, ...findingColumns(spte.findings), possible: [] }));
  const nothing = { role: null, value: null, level: null, kind: null, pfn: null, access: null };
  const gfn = typeof fields['gfn'] === 'string' ? fields['gfn'] : null;
  return [
    { ...ofLine, ...nothing, gfn, memtype: null, generation: null, ...findingColumns([]), possible: [] },
  ];
}

const WORDS = ['value', 'gfn', 'pfn', 'generation', 'finding_bits', 'gpa', 'hpa', 'bytes'];

/** A row as NDJSON writes it. */
const asJson = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      WORDS.includes(name) ? hex(value) : typeof value === 'bigint' ? Number(value) : value,
    ]),
  );

beforeAll(() => {
  image('mem.img');
});

describe.skipIf(connection === null)('--parquet', () => {
  it.each([
    ...Object.keys(traceFiles).map((name) => [name, name] as const),
    ['version 7 of trace.dat', 'svm61-tracecmd'] as const,
  ])('annotate: holds what --ndjson says of %s', async (what, name) => {
    const host = captured(name);
    const inputs = what === name ? Object.values(traceFiles[name] ?? {}) : [version7()];
    for (const content of inputs) {
      const input = file('input', content);
      const lines = (await ndjson(`annotate ${input} --host ${host}`)) as Line[];
      const { out, code } = await spte(`annotate ${input} --host ${host} --parquet lines.parquet`);
      expect({ out, code }).toEqual(await summaryOf(`annotate ${input} --host ${host}`));
      const rows = (await rowsOf('lines.parquet')).map(asJson);
      const expected = lines.slice(0, -1).flatMap(expectedRows);
      expect(expected.length).toBeGreaterThan(20);
      expect(rows.map(({ time_ns: _, cpu: _c, pid: _p, task: _t, ...row }) => row)).toEqual(expected);
    }
  });

  it('walk: holds what --ndjson says', async () => {
    const entries = (await records(WALK)) as Line[];
    expect(await spte(`${WALK} --parquet entries.parquet`)).toMatchObject(await summaryOf(WALK));
    const rows = (await rowsOf('entries.parquet')).map(asJson);
    expect(rows).toEqual(
      entries.map((entry) => ({ ...entry, ...findingColumns(entry['findings'] as Finding[]) })),
    );
  });

  it('keeps all 64 bits, in values and in what readers skip by', async () => {
    const top = LEAF.replace('600000455299b77', 'ffffffffffffffff').replace('gfn 10', 'gfn fffffffffffffffe');
    file('top.txt', LEAF + top);
    await spte(`annotate top.txt ${CONTEXT} --parquet top.parquet`);
    expect((await rowsOf('top.parquet')).map(({ value, gfn }) => [value, gfn])).toEqual([
      [0x600000455299b77n, 0x10n],
      [0xffffffffffffffffn, 0xfffffffffffffffen],
    ]);
    expect(
      await ask('top.parquet', 'select count(*) as n from FILE where value > 9223372036854775808'),
    ).toEqual([{ n: 1n }]);
    const types = await ask(
      'top.parquet',
      "select column_name as name from (describe select * from FILE) where column_type = 'UBIGINT'",
    );
    expect(types.map(({ name }) => name)).toEqual(['value', 'gfn', 'pfn', 'generation', 'finding_bits']);
  });

  it('says when, where and by whom', async () => {
    const times = ['1.5', '12.000001', '7.123456789', '99', '1700000000.000000001', '9999999999.9'];
    file('times.txt', times.map((time) => LEAF.replace(' 1.5:', ` ${time}:`)).join(''));
    await spte(`annotate times.txt ${CONTEXT} --parquet times.parquet`);
    const rows = await rowsOf('times.parquet');
    expect(rows.map(({ timestamp }) => timestamp)).toEqual(times);
    expect(rows.map(({ time_ns: ns }) => ns)).toEqual([
      1_500_000_000n,
      12_000_001_000n,
      7_123_456_789n,
      null,
      1_700_000_000_000_000_001n,
      null,
    ]);
    expect(rows[0]).toMatchObject({ cpu: 3n, pid: 1n, task: 'vmtest' });
  });

  it('says whose entries they are', async () => {
    file('leaf.txt', LEAF);
    await spte(`annotate leaf.txt ${CONTEXT} --parquet leaf.parquet`);
    const notes = await ask(
      'leaf.parquet',
      'select decode(key) as k, decode(value) as v from parquet_kv_metadata(FILE)',
    );
    expect(notes).toEqual([
      { k: 'spte.input', v: 'leaf.txt' },
      { k: 'spte.context', v: 'kernel 6.8, vmx, EPT (ranked), MAXPHYADDR 39' },
      { k: 'spte.context.json', v: expect.stringContaining('"vendor":"vmx","mode":"ept"') as string },
    ]);
  });

  it('writes groups of rows as it goes', async () => {
    const lines = Array.from({ length: 40_000 }, (_, index) =>
      LEAF.replace('gfn 10', `gfn ${index.toString(16)}`),
    );
    file('long.txt', lines.join(''));
    await spte(`annotate long.txt ${CONTEXT} --parquet long.parquet`);
    expect(
      await ask(
        'long.parquet',
        'select count(distinct gfn) as n, sum(gfn)::bigint as sum, bool_and(agree) as agree from FILE',
      ),
    ).toEqual([{ n: 40_000n, sum: (40_000n * 39_999n) / 2n, agree: true }]);
    expect(
      await ask(
        'long.parquet',
        'select distinct row_group_num_rows as n from parquet_metadata(FILE) order by n',
      ),
    ).toEqual([{ n: 7232n }, { n: 32_768n }]);
  });

  it('writes a table without rows', async () => {
    file('empty.txt', 'nothing\n');
    expect((await spte(`annotate empty.txt ${CONTEXT} --parquet empty.parquet`)).code).toBe(4);
    expect(await rowsOf('empty.parquet')).toEqual([]);
  });

  it('keeps only what is wrong when asked, and exits 1 under --check', async () => {
    file('bad.txt', LEAF + LEAF.replace('600000455299b77', '600008455299b77') + LEAF.replace('rwxu', 'r-xu'));
    const { code } = await spte(`annotate bad.txt ${CONTEXT} --parquet bad.parquet --only findings --check`);
    expect(code).toBe(1);
    expect(await rowsOf('bad.parquet')).toMatchObject([
      { line: 2n, findings: ['reserved-bits'], finding_bits: 1n << 39n, agree: true, disagreements: [] },
      { line: 3n, findings: [], finding_bits: 0n, agree: false, disagreements: ['access'] },
    ]);
    await spte(`annotate bad.txt ${CONTEXT} --parquet bad.parquet --finding reserved-bits`);
    expect(await rowsOf('bad.parquet')).toMatchObject([{ line: 2n }]);
    expect(await spte(`${WALK} --parquet none.parquet --only findings --check`)).toMatchObject({ code: 0 });
    expect(await rowsOf('none.parquet')).toEqual([]);
  });
});

/** What `--summary` prints. */
async function summaryOf(line: string): Promise<{ out: string; code: number }> {
  const { out, code } = await spte(`${line} --summary`);
  return { out, code };
}

describe('where --parquet writes', () => {
  const there = (path: string): string[] => readdirSync(join(folder, path)).toSorted();

  it('names parts after their inputs, with as many folders in front as they need to differ', async () => {
    for (const day of ['day1', 'day2']) {
      mkdirSync(join(folder, day), { recursive: true });
      file(`${day}/trace.txt`, LEAF);
    }
    file('other.txt', LEAF);
    await spte(`annotate other.txt ${CONTEXT} --parquet one/`);
    await spte(`annotate other.txt day1/trace.txt ${CONTEXT} --parquet two`);
    await spte(`annotate day1/trace.txt day2/trace.txt ${CONTEXT} --parquet a/b/three`);
    await spte(`annotate other.txt ${CONTEXT} --parquet two`);
    await spte(`annotate ${CONTEXT} --parquet one`, { stdin: LEAF });
    await spte(`${WALK} --parquet one`);
    expect(there('one')).toEqual(['mem.img.parquet', 'other.txt.parquet', 'stdin.parquet']);
    expect(there('two')).toEqual(['other.txt.parquet', 'trace.txt.parquet']);
    expect(there('a/b/three')).toEqual(['day1-trace.txt.parquet', 'day2-trace.txt.parquet']);
  });

  it.each([
    ['annotate a.txt --parquet a.txt', '--parquet would overwrite the input "a.txt"'],
    ['annotate a.txt b.txt --parquet ./b.txt', 'cannot write "./b.txt": it is not a folder'],
    ['annotate a.txt a.txt --parquet new/', 'the same input is given twice'],
    ['annotate a.txt ./a.txt --parquet new/', 'the same input is given twice'],
    ['annotate a.txt --parquet none/such.parquet', 'there is no such file or folder'],
    ['annotate a.txt --parquet /dev/null', '"/dev/null" exists and is not a regular file'],
    ['annotate a.txt --parquet -', '--parquet writes a file, not the standard output'],
    ['annotate - - --ndjson', 'the standard input can be read only once'],
    ['annotate a.txt --jobs 0', 'must be an integer within 1..256'],
    ['walk mem.img --root 0x83dd000 --parquet mem.img', 'would overwrite the input'],
    [
      'walk mem.img --root 0x83dd000 --parquet x.parquet --translate 0',
      '--parquet writes the entries of a walk',
    ],
    [
      'walk mem.img --root 0x83dd000 --parquet x.parquet --diff mem.img',
      '--parquet writes the entries of a walk',
    ],
  ])('%s: exits 2', async (line, message) => {
    file('a.txt', LEAF);
    file('b.txt', LEAF);
    const { code, err } = await spte(`${line} ${CONTEXT}`);
    expect(err).toContain(message);
    expect(code).toBe(2);
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe(LEAF);
    expect(readdirSync(folder)).not.toContain('new');
  });

  it('leaves nothing half written, and what was there before', async () => {
    mkdirSync(join(folder, 'parts'), { recursive: true });
    file('parts/cut.gz.parquet', 'before');
    file('cut.gz', gzipSync(LEAF.repeat(1000)).subarray(0, 100));
    const { code, err } = await spte(`annotate cut.gz ${CONTEXT} --parquet parts`);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('cannot read "cut.gz"') as string,
    });
    expect(there('parts')).toEqual(['cut.gz.parquet']);
    expect(readFileSync(join(folder, 'parts/cut.gz.parquet'), 'utf8')).toBe('before');
  });
});

describe('several inputs', () => {
  const inputs = 'first.txt second.txt';
  beforeAll(() => {
    file('first.txt', LEAF);
    file('second.txt', `note\n${LEAF.replace('rwxu', 'r-xu')}`);
  });

  it('come in turn, each with its name', async () => {
    const one = await spte(`annotate first.txt ${CONTEXT}`);
    const two = await spte(`annotate second.txt ${CONTEXT}`);
    const both = await spte(`annotate ${inputs} ${CONTEXT} --check`);
    expect(both.out).toBe(`==> first.txt <==\n${one.out}\n==> second.txt <==\n${two.out}`);
    expect(both.code).toBe(1);
  });

  it('give JSON that says which is which', async () => {
    const lines = (await ndjson(`annotate ${inputs} ${CONTEXT}`)) as Row[];
    expect(lines.map((line) => [line['file'], line['line'], 'summary' in line])).toEqual([
      ['first.txt', 1, false],
      ['first.txt', undefined, true],
      ['second.txt', 2, false],
      ['second.txt', undefined, true],
      [undefined, undefined, true],
    ]);
    const [first, second, all] = [1, 3, 4].map((at) => {
      const { context, ...summary } = (lines[at] as { summary: Record<string, unknown> }).summary;
      return { context, summary };
    });
    expect(await json(`annotate ${inputs} ${CONTEXT}`)).toEqual({
      schema: 'spte/annotate/1',
      ...all,
      files: [
        { file: 'first.txt', lines: [withoutFile(lines[0])], ...first },
        { file: 'second.txt', lines: [withoutFile(lines[2])], ...second },
      ],
    });
  });

  it('go on when one cannot be read', async () => {
    file('cut.gz', gzipSync(LEAF.repeat(1000)).subarray(0, 100));
    const line = `annotate first.txt cut.gz none.txt second.txt ${CONTEXT}`;
    const { out, err, code } = await spte(`${line} --json --check`);
    expect(code).toBe(2);
    expect(err.split('\n')).toEqual([
      expect.stringContaining('spte: first.txt: read as'),
      expect.stringContaining('spte: second.txt: read as'),
      expect.stringContaining('spte: cannot read "cut.gz"'),
      'spte: cannot read "none.txt": there is no such file or folder',
      '',
    ]);
    expect((JSON.parse(out) as { files: unknown }).files).toMatchObject([
      { file: 'first.txt', summary: {} },
      { file: 'cut.gz', error: expect.stringContaining('cannot read "cut.gz"') as string },
      { file: 'none.txt', lines: [], error: expect.stringContaining('no such file') as string },
      { file: 'second.txt', summary: {} },
    ]);
  });
});

const withoutFile = ({ file: _, ...line }: Row = {}): Row => line;
