// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as batch from '../../packages/batch/src/index.ts';
import * as core from '../../packages/core/src/index.ts';
import * as errata from '../../packages/errata/src/index.ts';
import * as host from '../../packages/host/src/index.ts';
import * as hostNode from '../../packages/host/src/node.ts';
import * as kvm from '../../packages/kvm/src/index.ts';
import * as l1tf from '../../packages/l1tf/src/index.ts';
import * as mmio from '../../packages/mmio/src/index.ts';
import * as pluginKit from '../../packages/plugin-kit/src/index.ts';
import * as story from '../../packages/story/src/index.ts';
import * as traceDat from '../../packages/trace/src/dat/index.ts';
import * as trace from '../../packages/trace/src/index.ts';
import * as vectors from '../../packages/vectors/src/index.ts';
import * as vectorsNode from '../../packages/vectors/src/node.ts';
import * as vendorSvm from '../../packages/vendor-svm/src/index.ts';
import * as vendorVmx from '../../packages/vendor-vmx/src/index.ts';
import * as walk from '../../packages/walk/src/index.ts';
import { examplesOfDocument, examplesOfSource, notPrinted, runExample } from './examples.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const modules: Readonly<Record<string, object>> = {
  '@spte/batch': batch,
  '@spte/core': core,
  '@spte/errata': errata,
  '@spte/host': host,
  '@spte/host/node': hostNode,
  '@spte/kvm': kvm,
  '@spte/l1tf': l1tf,
  '@spte/mmio': mmio,
  '@spte/plugin-kit': pluginKit,
  '@spte/story': story,
  '@spte/trace': trace,
  '@spte/trace/dat': traceDat,
  '@spte/vectors': vectors,
  '@spte/vectors/node': vectorsNode,
  '@spte/vendor-svm': vendorSvm,
  '@spte/vendor-vmx': vendorVmx,
  '@spte/walk': walk,
};

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const sources = readdirSync(join(root, 'packages'))
  .flatMap((name) => {
    const folder = join('packages', name, 'src');
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(folder, file),
    );
  })
  .filter((file) => file.endsWith('.ts'));

/** Documents, and whether each of their blocks runs alone or the first one only: the others go on from there. */
const documents = {
  'README.md': 'all',
  'packages/core/docs/plugins.md': 'all',
  'docs/architecture.md': 'all',
  'packages/batch/README.md': 'first',
  'packages/core/README.md': 'first',
  'packages/errata/README.md': 'first',
  'packages/host/README.md': 'first',
  'packages/kvm/README.md': 'first',
  'packages/l1tf/README.md': 'first',
  'packages/mmio/README.md': 'first',
  'packages/plugin-kit/README.md': 'first',
  'packages/trace/README.md': 'first',
  'packages/vendor-svm/README.md': 'first',
  'packages/vendor-vmx/README.md': 'first',
  'packages/vectors/README.md': 'first',
  'packages/walk/README.md': 'first',
} as const satisfies Readonly<Record<string, 'all' | 'first'>>;

describe('what an example in a docstring says that it gives is what it gives', () => {
  const examples = sources.flatMap((file) => examplesOfSource(file, read(file)));

  it.each(examples)('$where', async (example) => {
    const outcome = await runExample(example, modules);
    expect(outcome.given).toEqual(outcome.expected);
    expect(outcome.given.length).toBeGreaterThan(0);
  });
});

describe('what a block of a document says that it prints is what it prints', () => {
  const examples = Object.entries(documents).flatMap(([file, which]) =>
    examplesOfDocument(file, read(file)).slice(0, which === 'all' ? undefined : 1),
  );

  it.each(examples)('$where', async (example) => {
    const outcome = await runExample(example, modules);
    expect(notPrinted(example, outcome)).toEqual([]);
  });
});

describe('the extractor', () => {
  it('finds the blocks below @example, with their lines', () => {
    const source =
      '/**\n * Adds.\n *\n * @example\n * ```ts\n * 1 + 1; // 2\n * ```\n */\nexport const a = 1;\n';
    expect(examplesOfSource('a.ts', source)).toEqual([{ where: 'a.ts:6', code: '1 + 1; // 2\n' }]);
    expect(examplesOfSource('a.ts', source.replace('@example', 'So:'))).toEqual([]);
  });

  it('sees a value that is not the one in the comment', async () => {
    const outcome = await runExample(
      {
        where: '',
        code: "import { hex } from '@spte/core';\nhex(5n); // 0x6\n({ a: [1n] }) // { a: [ 1n ] }\n",
      },
      modules,
    );
    expect(outcome).toMatchObject({ given: ['0x5', '{ a: [ 1n ] }'], expected: ['0x6', '{ a: [ 1n ] }'] });
  });

  it('sees a line that is not printed', async () => {
    const example = { where: '', code: "console.log('one', 2);\n// one 3\n" };
    expect(notPrinted(example, await runExample(example, modules))).toEqual(['one 3']);
  });
});
