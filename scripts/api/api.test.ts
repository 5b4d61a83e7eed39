// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { publishedPackages } from '../release/packages.mjs';
import { apiReport } from './report.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The entry points of a package that have types: as it is imported, and the source. */
function entriesOf(
  name: string,
  exports: Readonly<Record<string, string | Record<string, string>>>,
): [string, string][] {
  return Object.entries(exports).flatMap(([path, target]) => {
    const source = typeof target === 'string' ? undefined : target['@spte/source'];
    return source === undefined ? [] : [[name + path.slice(1), source] as [string, string]];
  });
}

const packages = publishedPackages(root)
  .map(({ folder, manifest }) => ({ folder, entries: entriesOf(manifest.name, manifest.exports ?? {}) }))
  .filter(({ entries }) => entries.length > 0);

describe('the public API', () => {
  it.each(packages)(
    'of $folder is what its report says (after a look at the diff: pnpm unit -u)',
    async ({ folder, entries }) => {
      const sections = entries.map(
        ([path, source]) => `// ${path}\n\n${apiReport(join(root, folder, source))}\n`,
      );
      const head =
        '// What others see of this package. A test compares it; `pnpm unit -u` writes it: docs/versions.md\n';
      await expect([head, ...sections].join('\n')).toMatchFileSnapshot(join(root, folder, 'api.txt'));
    },
  );
});

describe('a report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spte-api-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const report = (files: Readonly<Record<string, string>>): string => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return apiReport(join(folder, 'index.ts'));
  };

  it('has what is exported, by name, without comments and bodies', () => {
    const text = report({
      'index.ts': "export { b, type A } from './a.ts';\nexport * from './c.ts';\n",
      'a.ts':
        '/** A. */\nexport interface A { readonly x: bigint }\nexport function b(a: A): number { return 1; }\nexport const hidden: number = 1;',
      'c.ts': 'export const c = 5;\n',
    });
    expect(text).toBe(
      'export interface A {\n    readonly x: bigint;\n}\n\nexport declare function b(a: A): number;\n\nexport declare const c = 5;',
    );
  });

  it('has the types behind those that are exported, also of other files, and not twice', () => {
    const text = report({
      'index.ts': "export type { A, B } from './a.ts';\n",
      'a.ts':
        "import type { D } from './d.ts';\ninterface Base { readonly d: D }\nexport interface A extends Base {}\nexport interface B extends Base {}\n",
      'd.ts': 'export type D = 1 | 2;\n',
    });
    expect(text.split('// Not exported, but part of what is:')[1]).toBe(
      '\n\nexport type D = 1 | 2;\n\ninterface Base {\n    readonly d: D;\n}',
    );
  });

  it('follows a name that is passed on under another', () => {
    const text = report({
      'index.ts': "import { one } from './one.ts';\nexport { one as two };\n",
      'one.ts': 'export function one(): void {}\n',
    });
    expect(text).toBe('// as two\nexport declare function one(): void;');
  });

  it('says that a name is of another package', () => {
    expect(report({ 'index.ts': "export { hex } from '@spte/core';\n" })).toBe(
      "export { hex } from '@spte/core';",
    );
  });
});
