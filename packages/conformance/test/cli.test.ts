// SPDX-License-Identifier: GPL-2.0-only
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { parseRaw, vectorLines, vectorPath } from './corpus.ts';

interface Run {
  readonly code: number;
  readonly out: string[];
  readonly err: string;
}

const folder = mkdtempSync(join(tmpdir(), 'spte-vectors-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs the command within this process; it reads `process.argv` and leaves its status in `process.exitCode`. */
async function run(...args: string[]): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const before = { argv: process.argv, exitCode: process.exitCode };
  vi.spyOn(console, 'log').mockImplementation((text: string) => out.push(...text.split('\n')));
  vi.spyOn(console, 'error').mockImplementation((text: string) => err.push(text));
  process.argv = ['node', 'cli.ts', ...args];
  vi.resetModules();
  try {
    await import('../src/cli.ts');
    return { code: Number(process.exitCode), out, err: err.join('\n') };
  } finally {
    process.argv = before.argv;
    process.exitCode = before.exitCode;
    vi.restoreAllMocks();
  }
}

/** Runs the command as `pnpm vectors` does. */
function spawn(cwd: string, ...args: string[]): Promise<Run> {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
  const tsx = import.meta.resolve('tsx');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@spte/source', '--import', tsx, cli, ...args],
      { cwd, env: { ...process.env, INIT_CWD: '' } },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : Number(error.code),
          out: stdout.trimEnd().split('\n'),
          err: stderr,
        }),
    );
  });
}

const lines = vectorLines('nasty');
const wrong = lines.map((line) => JSON.stringify({ ...parseRaw(line), initWarnings: ['bogus'] }));

describe('pnpm vectors', () => {
  it('passes on gzipped and plain files, and ends with the sum over all', async () => {
    const plain = file('nasty.jsonl', `${lines.join('\n')}\n`);
    const { code, out, err } = await run(vectorPath('nasty'), plain);
    expect(err).toBe('');
    expect(out.at(-1)).toBe('114 passed, 0 failed');
    expect(code).toBe(0);
  });

  it('reads files with the line ends of Windows', async () => {
    const { out, code } = await run(file('crlf.jsonl', lines.join('\r\n')));
    expect(out.at(-1)).toBe('57 passed, 0 failed');
    expect(code).toBe(0);
  });

  it('prints a table by function before the sum', async () => {
    const { out } = await run(vectorPath('nasty'));
    const counted = out.filter((line) => /^\S+ +\d+ passed$/.test(line));
    const sum = counted.reduce((total, line) => total + Number(/(\d+) passed$/.exec(line)?.[1]), 0);
    expect(sum).toBe(57);
    expect(counted).toEqual(counted.toSorted());
  });

  it('exits 1 and prints the first mismatches with line, function, expected and got', async () => {
    const path = file('wrong.jsonl', [...lines.slice(0, 3), ...wrong].join('\n'));
    const { code, out } = await run(path);
    expect(code).toBe(1);
    expect(out[0]).toBe(
      `${path}:4: ${parseRaw(lines[0] ?? '').fn}: initWarnings: expected ["bogus"], got []`,
    );
    expect(out.filter((line) => line.includes('expected'))).toHaveLength(20);
    expect(out.some((line) => / passed {2}\d+ FAILED$/.test(line))).toBe(true);
    expect(out.at(-1)).toBe('3 passed, 57 failed');
  });

  it('prints as many mismatches as --show asks for', async () => {
    const path = file('shown.jsonl', wrong.join('\n'));
    const mismatches = async (show: string): Promise<number> =>
      (await run('--show', show, path)).out.filter((line) => line.includes('expected')).length;
    expect(await mismatches('2')).toBe(2);
    expect(await mismatches('0')).toBe(0);
  });

  it('exits 1 on an unknown function', async () => {
    const path = file('unknown.jsonl', JSON.stringify({ ...parseRaw(lines[0] ?? ''), fn: 'make_tdx_spte' }));
    const { code, out } = await run(path);
    expect(code).toBe(1);
    expect(out.at(-1)).toBe('0 passed, 1 failed');
  });

  it('prints its usage on --help', async () => {
    const { code, out, err } = await run('--help');
    expect(out[0]).toMatch(/^Usage: /);
    expect(err).toBe('');
    expect(code).toBe(0);
  });

  it.each([
    ['no file', []],
    ['a number to show that is none', ['--show', 'all', vectorPath('nasty')]],
    ['a negative number to show', ['--show=-1', vectorPath('nasty')]],
    ['a fraction to show', ['--show', '1.5', vectorPath('nasty')]],
  ])('exits 2 with its usage when given %s', async (_, args) => {
    const { code, out, err } = await run(...args);
    expect(err).toMatch(/^Usage: /);
    expect(out).toEqual([]);
    expect(code).toBe(2);
  });

  it.each([
    ['an unknown option', () => ['--fast'], /Unknown option '--fast'/],
    ['a file that is not there', () => [join(folder, 'none.jsonl')], /ENOENT/],
    ['a gzipped file that is not there', () => [join(folder, 'none.jsonl.gz')], /ENOENT/],
    ['a folder', () => [folder], /EISDIR/],
    ['a .gz file that is not gzipped', () => [file('plain.jsonl.gz', 'plain')], /header/],
    [
      'a gzipped file that is cut short',
      () => [file('short.jsonl.gz', gzipSync(lines.join('\n')).subarray(0, 900))],
      /unexpected end of file/,
    ],
  ])('exits 2 and says why when given %s', async (_, args, why) => {
    const { code, err } = await run(...args());
    expect(err).toMatch(/^vectors: /);
    expect(err).toMatch(why);
    expect(code).toBe(2);
  });

  it('exits 2 when the second of two files cannot be read', async () => {
    expect(await run(vectorPath('nasty'), join(folder, 'none.jsonl'))).toMatchObject({ code: 2 });
  });

  it('takes a relative path from where the package manager was started', async () => {
    vi.stubEnv('INIT_CWD', folder);
    const { code } = await run(relative(folder, file('here.jsonl', lines.join('\n'))));
    vi.unstubAllEnvs();
    expect(code).toBe(0);
  });

  it('takes a relative path from the working folder when nobody says where it was started', async () => {
    vi.stubEnv('INIT_CWD', undefined);
    const { code } = await run(relative('.', vectorPath('nasty')));
    vi.unstubAllEnvs();
    expect(code).toBe(0);
  });

  it('leaves its exit status to the shell', async () => {
    file('status.jsonl', wrong.join('\n'));
    const [good, bad, none] = await Promise.all([
      spawn(folder, vectorPath('nasty')),
      spawn(folder, './status.jsonl'),
      spawn(folder, 'none.jsonl'),
    ]);
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out.at(-1)).toBe('57 passed, 0 failed');
    expect(bad.code).toBe(1);
    expect(bad.out.at(-1)).toBe('0 passed, 57 failed');
    expect(none.code).toBe(2);
  });
});
