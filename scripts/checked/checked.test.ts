// SPDX-License-Identifier: GPL-2.0-only
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { publishedPackages } from '../release/packages.mjs';
import { checkedSource, constantOf, declarationsOf, signaturesOf } from './signatures.mjs';

// Every function of every package gets what its type refuses, in each argument: the answer is an error that names the
// argument and the value.

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a package's main entry point exports, as its report has it. */
function mainReport(folder: string): string {
  const [, , main = ''] = readFileSync(join(root, folder, 'api.txt'), 'utf8').split(/^\/\/ (\S+\/\S+)\n/m);
  return main;
}

const packages = publishedPackages(root)
  .filter(({ folder }) => existsSync(join(root, folder, 'src/checked.ts')))
  .map(({ folder, manifest: { name } }) => ({ folder, name, report: mainReport(folder) }));
const reportOf = (wanted: string): string => packages.find(({ name }) => name === wanted)?.report ?? '';
const others = [reportOf('@spte/core'), ...packages.map(({ report }) => report)];

describe('the table of arguments', () => {
  it.each(packages)(
    'of $name is what its report says (pnpm unit -u writes it)',
    async ({ folder, name, report }) => {
      const source = checkedSource(name, signaturesOf(report, others));
      const formatted = execFileSync('node_modules/.bin/biome', ['format', '--stdin-file-path=checked.ts'], {
        cwd: root,
        input: source,
        encoding: 'utf8',
      });
      await expect(formatted).toMatchFileSnapshot(join(root, folder, 'src/checked.ts'));
    },
  );
});

/** Numbers that C takes below 0 as well, and where no bit is. */
const MAY_BE_NEGATIVE = /^(index|e|high)$/;

/** Objects that have nothing. */
const OBJECTS: readonly unknown[] = [{}, Object.create(null)];

/** Values of all sorts, and the types that take them. */
const VALUES: readonly [text: string, value: unknown, taken: RegExp][] = [
  ['undefined', undefined, /\bundefined\b/],
  ['null', null, /\bnull\b/],
  ['1.5', 1.5, /^$/],
  ['NaN', Number.NaN, /^$/],
  ['1e300', 1e300, /^$/],
  ['-1', -1, /^$/],
  ['a string', 'no such word', /\bstring\b|^SpteKind$/],
  ['-1n', -1n, /^$/],
  ['2^64', 2n ** 64n, /^$/],
  ['{}', OBJECTS[0], /^$/],
  ['[]', [], /\[\]|Iterable/],
  ['a symbol', Symbol('x'), /^$/],
  ['a function', () => 0, /=>|^TestFunction$/],
  ['no prototype', OBJECTS[1], /^$/],
];

/** Types that take all values. */
const OPEN = /^(unknown|T|C|Name|Exactly<.*|readonly Word\[\])$/;

/** Arguments that take more than their type says: they are what a check is about. */
const ABOUT_CHECKS = /^(u64|check(U64|U32|Integer|Level|OneOf))$/;

/** An error of ours: it says what must be, and what there was. */
const CLEAR = /^(Type|Range)Error: .* must be .*, got /s;

/** Words of the engines of JavaScript: nobody may get to read them. */
const NATIVE =
  /cannot (read|mix|convert|destructure|set|access|use)|is not (a function|iterable|defined)|undefined is not/i;

describe.each(packages)('$name refuses wrong arguments', ({ folder, name, report }) => {
  const functions = [...declarationsOf([report]).values()].filter(ts.isFunctionDeclaration);
  const { functions: table, types } = signaturesOf(report, others);
  const calls = functions
    .filter(({ name: fn, parameters }) => parameters.length > 0 && !ABOUT_CHECKS.test(fn?.text ?? ''))
    .map(({ name: fn, parameters }) => [fn?.text ?? '', parameters] as const);

  it.each(calls)('of %s()', async (fn, parameters) => {
    const module = (await import(join(root, folder, 'src/checked.ts'))) as Record<string, Api>;
    const call = module[constantOf(name)]?.[fn];
    const kinds = Object.entries(table[fn] ?? {});
    const fitting = kinds.map(([, kind]) => fittingFor(kind, types));
    const got = parameters.flatMap((parameter, i) => {
      const argument = (kinds[i]?.[0] ?? '').replace(/[?…]$/, '');
      const isAny = takesObjects(kinds[i]?.[1] ?? '', types);
      return wrongFor(parameter, isAny).map(([said, value]) => {
        const error = errorOf(() => call?.(...fitting.with(i, value)));
        const isClear = CLEAR.test(error) && error.includes(argument) && !NATIVE.test(error);
        return isClear ? 'refused' : `${argument} = ${said}: ${error}`;
      });
    });
    expect(got.filter((one) => one !== 'refused')).toEqual([]);
  });
});

type Api = Readonly<Record<string, (...given: unknown[]) => unknown>>;

type Types = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Whether every object will do: no member is required. */
const takesObjects = (kind: string, types: Types): boolean =>
  kind
    .split('|')
    .some(
      (word) =>
        word === 'object' || Object.keys(types[word] ?? { x: '' }).every((name) => name.endsWith('?')),
    );

/** The values that the type of a parameter refuses. */
function wrongFor(
  { name, type, questionToken, dotDotDotToken }: ts.ParameterDeclaration,
  isAny: boolean,
): [string, unknown][] {
  const text = type?.getText().replace(/\s+/g, ' ') ?? '';
  if (OPEN.test(text)) return [];
  const isOptional = questionToken !== undefined || dotDotDotToken !== undefined;
  const isTaken = (value: unknown, taken: RegExp): boolean =>
    taken.test(text) ||
    (value === -1 && MAY_BE_NEGATIVE.test(name.getText())) ||
    (value === undefined && isOptional) ||
    (isAny && OBJECTS.includes(value));
  return VALUES.filter(([, value, taken]) => !isTaken(value, taken)).map(([said, value]) => [said, value]);
}

function errorOf(call: () => unknown): string {
  try {
    call();
    return 'nothing';
  } catch (error) {
    return String(error);
  }
}

/** A value that a kind takes, so that no argument but the one in question is refused. */
function fittingFor(kind: string, types: Types): unknown {
  const [word = ''] = kind.split('|');
  if (/^-?\d/.test(word)) return Number(word.split('..')[0]);
  if (word.startsWith('=')) return word.slice(1);
  const members = types[word];
  if (members) {
    return Object.fromEntries(
      Object.entries(members)
        .filter(([name]) => !name.endsWith('?'))
        .map(([name, member]) => [name, fittingFor(member, types)]),
    );
  }
  return FITTING[word];
}

const FITTING: Readonly<Record<string, unknown>> = {
  any: 0,
  bigint: 0n,
  boolean: true,
  bytes: new Uint8Array(),
  function: () => 0,
  iterable: [],
  list: [],
  null: null,
  number: 0,
  object: {},
  string: '',
  u64: 0n,
  undefined: undefined,
};
