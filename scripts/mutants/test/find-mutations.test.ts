// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draw } from '../draw.ts';
import { equivalents } from '../equivalent.ts';
import { findMutations } from '../find-mutations.ts';
import { applied, editText, lineAt, type Mutation } from '../mutation.ts';
import { editOf, planted } from '../planted.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FILE = 'file.ts';
const OPTIONS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2022, noLib: true, strict: true };

/** The mutations of a text, with what the types of these names are. */
function mutationsOf(text: string): readonly Mutation[] {
  const source = ts.createSourceFile(FILE, text, ts.ScriptTarget.ES2022, true);
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost(OPTIONS),
    getSourceFile: (name) => (name === FILE ? source : undefined),
  };
  const program = ts.createProgram([FILE], OPTIONS, host);
  return findMutations(FILE, source, program.getTypeChecker());
}

/** What a text becomes, one mutation at a time. */
const mutants = (text: string): string[] =>
  mutationsOf(text).map((mutation) => `${mutation.kind}: ${applied(text, mutation)}`);

describe('a mutation', () => {
  it.each([
    ['const a = x < y;', ['comparison: const a = x <= y;']],
    ['const a = x >= y;', ['comparison: const a = x > y;']],
    ['const a = x === y;', ['comparison: const a = x !== y;']],
    ['const a = x << y;', ['shift: const a = x >> y;']],
    ['const a = x >>> 12n;', ['shift: const a = x << 12n;', 'shift: const a = x >>> 13n;']],
    ['const MAX = 0x10n;', ['limit: const MAX = 0x11n;', 'limit: const MAX = 0xfn;']],
    ['const most = 16;', []],
    [
      'const a = x > 1;',
      ['comparison: const a = x >= 1;', 'limit: const a = x > 2;', 'limit: const a = x > 0;'],
    ],
    ['f([1, 2]);', ['order: f([2, 1]);']],
    ['f([1, 1]);', []],
    ['const a: [number, number] = [1, 2];', []],
    ['new Set([1, 2]);', []],
    ['[1, 2].includes(x);', []],
    ['const a = [1, 2]; a.includes(x);', []],
    ['const a = [1, 2]; a.includes(x); f(a);', ['order: const a = [2, 1]; a.includes(x); f(a);']],
    ['export const a = [1, 2]; a.includes(x);', ['order: export const a = [2, 1]; a.includes(x);']],
    ['list.toSorted((a, b) => a - b);', ['order: list.toSorted((b, a) => a - b);']],
    [
      "const a = 'must be set';",
      ["word: const a = 'may be set';", "word: const a = 'must set';", "word: const a = 'must be clear';"],
    ],
    ["const a = 'reserved-bits';", []],
    ["import a from 'not a text';", []],
    ["type A = 'not a text';", []],
    ["declare function f(a: number, b: string): void; f(1, 'x');", []],
  ])('of %s', (text, expected) => {
    expect(mutants(text)).toEqual(expected);
  });

  it('swaps arguments where the types allow it', () => {
    const declared = 'declare function f(a: number, b: number, c: string): void; declare const n: number;';
    expect(mutants(`${declared} f(n, 2, 'x');`)).toEqual([`arguments: ${declared} f(2, n, 'x');`]);
  });

  it('is printed with its line', () => {
    const text = '\n  const a = x < y;\n';
    const [mutation] = mutationsOf(text);
    if (mutation === undefined) throw new Error('no mutation');
    expect(editText(text, mutation)).toBe('file.ts:2 < -> <=');
    expect(lineAt(text, mutation.start)).toBe('const a = x < y;');
    expect(() => applied('const a = x > y;  more', mutation)).toThrow('no longer what was to be changed');
  });
});

describe('drawing', () => {
  const make = (kind: Mutation['kind'], start: number): Mutation => ({
    kind,
    file: FILE,
    start,
    end: start + 1,
    before: 'a',
    after: 'b',
  });
  const many = Array.from({ length: 50 }, (_, n) => make('word', n));
  const parts = [[...many, make('shift', 100)], [make('limit', 200)]];

  it('gives the same for the same seed, and each mutation once', () => {
    const first = [...draw(parts, 1)];
    expect([...draw(parts, 1)]).toEqual(first);
    expect([...draw(parts, 2)]).not.toEqual(first);
    expect(new Set(first.map(({ start }) => start)).size).toBe(52);
  });

  it('takes each part and each kind in turn', () => {
    const kinds = [...draw(parts, 1)].slice(0, 3).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['limit', 'shift', 'word']);
  });
});

describe('a planted change', () => {
  const root = mkdtempSync(join(tmpdir(), 'spte-planted-'));
  const plan = { what: 'wrong', within: 'src', find: 'one', replace: 'two' };

  beforeAll(() => {
    mkdirSync(join(root, 'src/deep'), { recursive: true });
    writeFileSync(join(root, 'src/deep/text.ts'), 'a and one');
    writeFileSync(join(root, 'src/note.md'), 'one');
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('is found by its text, in whatever file', () => {
    const edit = editOf(root, plan);
    expect(edit).toEqual({ file: 'src/deep/text.ts', start: 6, end: 9, before: 'one', after: 'two' });
    expect(applied('a and one', edit)).toBe('a and two');
  });

  it('must stand exactly once', () => {
    expect(() => editOf(root, { ...plan, find: 'three' })).toThrow('"wrong": "three" stands nowhere in src');
    expect(() => editOf(root, { ...plan, find: 'a' })).toThrow('"a" stands 2 times in src');
  });

  it.each(planted)('of those that were once missed still applies: $what', (missed) => {
    const edit = editOf(ROOT, missed);
    expect(edit.after).not.toBe(edit.before);
  });
});

describe('a line of which a change makes no difference', () => {
  it.each(equivalents)('still stands in $file: $line', ({ file, line }) => {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
    expect(lines.some((text) => line === undefined || text.trim() === line)).toBe(true);
  });
});
