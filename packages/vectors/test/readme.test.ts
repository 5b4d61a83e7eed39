// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eraLines, parseRaw } from './corpus.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The names in the first column of the table with this head. */
function names(head: string): string[] {
  const [, rows = ''] = readme.split(new RegExp(`^\\| ${head} +\\|.*\\n\\|[- |]+\\n`, 'm'));
  const [table = ''] = rows.split('\n\n');
  return table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name as string))
    .toSorted();
}

/** Every name that the vectors use. */
const used = (of: (vector: ReturnType<typeof parseRaw>) => object): string[] =>
  [...new Set(eraLines.flatMap((line) => Object.keys(of(parseRaw(line)))))].toSorted();

describe('what is said of a line', () => {
  it('is said of each key', () => {
    expect(names('key')).toEqual(used((vector) => vector));
  });

  it('is said of each fact of a configuration', () => {
    expect(names('`config`')).toEqual(used(({ config }) => config));
  });
});
