// SPDX-License-Identifier: GPL-2.0-only
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import * as core from '@spte/core';
import * as l1tf from '@spte/l1tf';
import * as mmio from '@spte/mmio';
import * as svm from '@spte/vendor-svm';
import * as vmx from '@spte/vendor-vmx';
import { expect, it } from 'vitest';
import { repository } from './layers.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What examples may use without an import: everything that the packages export, and an MMU. */
const SCOPE: Readonly<Record<string, unknown>> = {
  ...core,
  ...l1tf,
  ...mmio,
  ...svm,
  ...vmx,
  mmu: core.createMmu({
    kernel: '6.8',
    host: { physBits: 46 },
    vendor: vmx.vmx(),
    policies: [l1tf.l1tf, mmio.mmio()],
  }),
};

/** Blocks of code in the comments of these packages. */
const EXAMPLES = [...repository(ROOT).texts]
  .filter(([file]) => /^packages\/(?:core|l1tf|mmio|vendor-\w+)\//.test(file))
  .flatMap(([file, text]) =>
    [...text.matchAll(/^ \* ```ts\n(.*?)^ \* ```$/gms)].map(([, block = '']) => ({
      file,
      code: block.replaceAll(/^ \* ?/gm, ''),
    })),
  );

/** Runs an example; a line `expression; // text` must give what the text says. */
function run(code: string): { readonly got: string[]; readonly said: string[] } {
  const got: string[] = [];
  const said: string[] = [];
  const body = code.replaceAll(/^(?!const )(.+); \/\/ (.+)$/gm, (_, expression: string, text: string) => {
    said.push(text);
    return `show(${expression});`;
  });
  const show = (value: unknown): void =>
    void got.push(inspect(value, { breakLength: Number.POSITIVE_INFINITY }));
  // eslint-disable-next-line no-new-func, typescript/no-implied-eval -- the examples are those of this repository
  const example = new Function(...Object.keys(SCOPE), 'show', `{${body}}`) as (...scope: unknown[]) => void;
  example(...Object.values(SCOPE), show);
  return { got, said };
}

it.each(EXAMPLES)('$file: an example gives what it says: $code', ({ code }) => {
  const { got, said } = run(code);
  expect(got).toEqual(said);
});

it('there are examples that say what they give', () => {
  expect(EXAMPLES.flatMap(({ code }) => run(code).said).length).toBeGreaterThan(20);
});

it('an example that says something else fails', () => {
  expect(run("hex(16n); // '0x11'")).toEqual({ got: ["'0x10'"], said: ["'0x11'"] });
});
