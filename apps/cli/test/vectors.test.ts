// SPDX-License-Identifier: GPL-2.0-only
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { file, folder, repository, spte, unpacked } from './run.ts';
import { shell } from './shell.ts';

const NASTY = 'packages/vectors/data/nasty.jsonl.gz';
const nasty = join(repository, NASTY);
const lines = unpacked(NASTY).toString().trimEnd().split('\n');
const parse = (line: string): { readonly fn: string } => JSON.parse(line) as { readonly fn: string };
const wrong = lines.map((line) => JSON.stringify({ ...parse(line), initWarnings: ['bogus'] }));

const linesOf = (text: string): string[] => text.trimEnd().split('\n');

describe('spte vectors', () => {
  it('passes on gzipped and plain files, and ends with the sum over all', async () => {
    const plain = file('nasty.jsonl', `${lines.join('\n')}\n`);
    const { code, out, err } = await spte(`vectors ${nasty} ${plain}`);
    expect(err).toBe('');
    expect(linesOf(out).at(-1)).toBe('114 passed, 0 failed');
    expect(code).toBe(0);
  });

  it('reads files with the line ends of Windows', async () => {
    const { out, code } = await spte(`vectors ${file('crlf.jsonl', lines.join('\r\n'))}`);
    expect(linesOf(out).at(-1)).toBe('57 passed, 0 failed');
    expect(code).toBe(0);
  });

  it('prints a table by function before the sum', async () => {
    const { out } = await spte(`vectors ${nasty}`);
    const counted = linesOf(out).filter((line) => /^\S+ +\d+ passed$/.test(line));
    const sum = counted.reduce((total, line) => total + Number(/(\d+) passed$/.exec(line)?.[1]), 0);
    expect(sum).toBe(57);
    expect(counted).toEqual(counted.toSorted());
  });

  it('exits 1 and prints the first mismatches with line, function, expected and got', async () => {
    const path = file('wrong.jsonl', [...lines.slice(0, 3), ...wrong].join('\n'));
    const { code, out } = await spte(`vectors ${path}`);
    const printed = linesOf(out);
    expect(code).toBe(1);
    expect(printed[0]).toBe(
      `${path}:4: ${parse(lines[0] ?? '').fn}: initWarnings: expected ["bogus"], got []`,
    );
    expect(printed.filter((line) => line.includes('expected'))).toHaveLength(20);
    expect(printed.some((line) => / passed {2}\d+ FAILED$/.test(line))).toBe(true);
    expect(printed.at(-1)).toBe('3 passed, 57 failed');
  });

  it.each([
    ['2', 2],
    ['0', 0],
  ])('prints as many mismatches as --show %s asks for', async (show, count) => {
    const path = file('shown.jsonl', wrong.join('\n'));
    const { out } = await spte(`vectors --show ${show} ${path}`);
    expect(linesOf(out).filter((line) => line.includes('expected'))).toHaveLength(count);
  });

  it('exits 1 on an unknown function', async () => {
    const path = file('unknown.jsonl', JSON.stringify({ ...parse(lines[0] ?? ''), fn: 'make_tdx_spte' }));
    const { code, out } = await spte(`vectors ${path}`);
    expect(code).toBe(1);
    expect(linesOf(out).at(-1)).toBe('0 passed, 1 failed');
  });

  it.each([
    [
      'a line that is no vector',
      `--coverage ${file('odd.jsonl', '{}')}`,
      /a line that is no vector: vector.initWarnings/,
    ],
    ['a number to show that is none', `--show all ${nasty}`, /"all" must be an integer/],
    ['a negative number to show', `--show=-1 ${nasty}`, /must be an integer/],
    ['a fraction to show', `--show 1.5 ${nasty}`, /must be an integer/],
    ['an unknown option', `--fast ${nasty}`, /--fast/],
    ['a file that is not there', 'none.jsonl', /none\.jsonl/],
    ['a gzipped file that is not there', 'none.jsonl.gz', /none\.jsonl\.gz/],
    ['a second file that is not there', `${nasty} none.jsonl`, /none\.jsonl/],
    ['a folder', '.', /folder|directory/i],
  ])('exits 2 and says why when given %s', async (_, words, why) => {
    const { code, err } = await spte(`vectors ${words}`);
    expect(err).toMatch(why);
    expect(code).toBe(2);
  });

  it('exits 2 and says why when given a gzipped file that is cut short', async () => {
    const path = file('short.jsonl.gz', gzipSync(lines.join('\n')).subarray(0, 900));
    const { code, err } = await spte(`vectors ${path}`);
    expect(err).toContain('unexpected end of file');
    expect(code).toBe(2);
  });

  it('counts what there is by kernel, vendor and function, of the installed ones without a file', async () => {
    const { out, code } = await spte('vectors --coverage');
    expect(code).toBe(0);
    const printed = linesOf(out);
    expect(printed[0]).toMatch(/^kernel +svm +vmx +functions$/);
    expect(printed.find((line) => line.startsWith('6.18.35'))).toMatch(/^6\.18\.35( +\d+){3}$/);
    expect(printed.find((line) => line.startsWith('make_spte '))).toMatch(/^make_spte( +\d+){2} +12$/);
    expect(printed.at(-1)).toBe('15219 vectors');
    const document = JSON.parse((await spte(`vectors --coverage --json ${nasty}`)).out) as object;
    expect(document).toMatchObject({ vectors: 57, context: null });
    const records = linesOf((await spte(`vectors --coverage --ndjson ${nasty}`)).out);
    expect(JSON.parse(records.at(-1) ?? '')).toEqual({ summary: { vectors: 57, context: null } });
  });

  it('takes a relative path from the working folder', async () => {
    expect((await spte(`vectors ${relative(folder, nasty)}`)).code).toBe(0);
  });

  it('is what `pnpm vectors` runs, with its exit status', async () => {
    const status = file('status.jsonl', wrong.join('\n'));
    const [good, bad, none] = await Promise.all(
      [nasty, status, 'none.jsonl'].map((path) => shell(`pnpm --silent vectors ${path}`)),
    );
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(linesOf(good?.out ?? '').at(-1)).toBe('57 passed, 0 failed');
    expect(bad?.code).toBe(1);
    expect(linesOf(bad?.out ?? '').at(-1)).toBe('0 passed, 57 failed');
    expect(none?.code).toBe(2);
  });
});
