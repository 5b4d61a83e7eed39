// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vendorFromData } from '@spte/core';
import { svm } from '@spte/vendor-svm';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { file, folder, json, repository, spte } from './run.ts';

const data = {
  name: 'dsm',
  version: '1.0.0',
  fields: [
    { name: 'shared', bits: '59', in: ['leaf'], set: 'sometimes', meaning: 'another node has the page' },
  ],
  findings: {
    'shared-writable': {
      severity: 'error',
      text: 'shared, but writable',
      mask: '0x800000000000002',
      value: '0x800000000000002',
    },
    'shared-clean': {
      severity: 'warning',
      text: 'shared, and clean',
      mask: '0x800000000000202',
      value: '0x800000000000000',
    },
  },
};
const dsm = file('dsm.json', JSON.stringify(data));
const guard = file(
  'guard.mjs',
  `const kinds = { poison: { mask: 0xfff0000000000fffn, value: 0x500n, label: 'poisoned entry', countsAs: 'empty' } };
export const guard = () => ({ name: 'guard', apiVersion: 2, kinds });
export const overlay = { name: 'over', version: '2.0', masks: { memtype: 0x38n } };
export const nothing = 7;
export const other = { name: 'other' };
export const withArguments = (a) => a;
`,
);
const context = '--kernel 6.8 --vendor vmx --maxphyaddr 46';

describe('--plugin', () => {
  it('reads entries with a plugin of data, and names it', async () => {
    const { out, code: status } = await spte(`decode ${context} --plugin ${dsm} --check 0xe00000455299b77`);
    expect(out).toContain(', plugin dsm 1.0.0\n');
    expect(out).toContain('error: shared, but writable [dsm/shared-writable, bits 59, 1]');
    expect(status).toBe(1);
    const document = await json(`decode ${context} --plugin ${dsm} 0xe00000455299b77`);
    expect(document).toMatchObject({ context: { plugins: [{ name: 'dsm', version: '1.0.0' }] } });
    const without = await json(`decode ${context} 0xe00000455299b77`);
    expect(without).not.toHaveProperty('context.plugins');
  });

  it('reads them with what a module exports: policies, overlays, functions that make them', async () => {
    const { out } = await spte(`decode ${context} --plugin ${guard} --plugin ${dsm} 0x455299500`);
    expect(out).toContain(', plugin guard, plugin over 2.0, plugin dsm 1.0.0\n');
    expect(out).toContain('clean poisoned entry: guard keeps it');
  });

  it('takes a vendor, and one that is the default of a package that is installed', async () => {
    const place = join(folder, 'node_modules', 'spte-vendor-odd');
    mkdirSync(place, { recursive: true });
    file(
      'node_modules/spte-vendor-odd/package.json',
      '{"name":"spte-vendor-odd","type":"module","exports":"./index.js"}',
    );
    file(
      'node_modules/spte-vendor-odd/index.js',
      `export default { name: 'odd', apiVersion: 2, format: ${formatText()}, setup: (setup, registry) => registry };
export const ignored = { name: 'guard', apiVersion: 2 };`,
    );
    const { out } = await spte(`decode ${context} --plugin spte-vendor-odd --mirror 0x1`, { cwd: folder });
    expect(out).toContain('plugin odd');
    expect(out).toContain(', mirror,');
  });

  it('is known to every command that makes masks', async () => {
    const trace = file(
      'plugin.txt',
      'vm-1 [000] .... 4.6: kvm_mmu_set_spte: gfn 10 spte e00000455299b77 (rwxu) level 1 at 1a1080\n',
    );
    const annotated = await spte(`annotate ${context} --plugin ${dsm} ${trace}`);
    expect(annotated.out).toContain('[dsm/shared-writable');
    const summary = await json(`annotate ${context} --plugin ${dsm} --summary ${trace} ${trace} --jobs 2`);
    expect(JSON.stringify(summary)).toContain('dsm/shared-writable');
    const made = await spte(`make ${context} --plugin ${guard} --gfn 0x10 --pfn 0x455299`);
    expect(made.code).toBe(0);
    const compared = await spte(`compare 6.8 7.3 --vendor vmx --plugin ${dsm}`);
    expect(compared.code).toBe(0);
    const clean = await spte(
      `annotate ${context} --ept --ad --plugin ${dsm} --ignore dsm/shared-writable --check ${trace}`,
    );
    expect(clean.code).toBe(0);
  });

  it.each([
    ['nosuch', 'cannot be loaded: Cannot find'],
    [
      file('none.mjs', 'export const a = 1;'),
      'exports no vendor, policy or overlay, nor a function without arguments that makes one; it exports a',
    ],
    [file('empty.mjs', ''), 'it exports nothing'],
    [file('broken.mjs', 'export const'), 'cannot be loaded: '],
    [file('broken.json', '{'), 'is no JSON: '],
    [join(folder, 'missing.json'), 'no such file'],
    [file('huge.json', ' '.repeat((1 << 20) + 1)), 'bytes, more than 1048576'],
    [file('wrong.json', '{"name":"a","evil":1}'), 'evil must be left out'],
    [file('null.json', 'null'), 'the plugin must be an object, got null'],
    [
      file('slip.mjs', "export default { name: 'a', apiVersion: 2, jugde: () => [], judge: () => [] }"),
      'is judge meant?',
    ],
  ])('refuses %s', async (word, text) => {
    const { err, code: status } = await spte(`decode ${context} --plugin ${word} 0x1`);
    expect(err).toContain(text);
    expect(err.trimEnd()).not.toContain('\n');
    expect(status).toBe(2);
  });

  it('a warning of a plugin is one', async () => {
    const trace = file(
      'warned.txt',
      'vm-1 [000] .... 4.6: kvm_mmu_set_spte: gfn 10 spte a00000455299975 (rwxu) level 1 at 1a1080\n',
    );
    const checked = await spte(`annotate ${context} --plugin ${dsm} --check ${trace}`);
    expect(checked.out).toContain('warning: shared, and clean');
  });
});

describe('the schema of plugins of data', () => {
  const schema: unknown = JSON.parse(
    readFileSync(join(repository, 'packages/core/schemas/plugin.json'), 'utf8'),
  );
  const validate = new Ajv2020().compile(schema as object);

  it.each([
    [data, true],
    [{ name: 'a' }, true],
    [{ name: 'a/b' }, false],
    [{}, false],
    [{ name: 'a', masks: { user: '0x4' } }, true],
    [{ name: 'a', masks: { user: '4' } }, false],
    [{ name: 'a', masks: { other: '0x4' } }, false],
    [{ name: 'a', fields: [{ ...data.fields[0], bits: '59:59' }] }, true],
    [{ name: 'a', fields: [{ ...data.fields[0], evil: 1 }] }, false],
    [{ name: 'a', version: 'a\u001b[31m' }, false],
    [{ name: 'a', kernels: { since: '6.16', before: '7.0' } }, true],
    [{ name: 'a', kernels: { since: 'new' } }, false],
  ])('says what core takes: %j', (plugin, fits) => {
    let made = true;
    try {
      vendorFromData(plugin, svm());
    } catch {
      made = false;
    }
    expect([validate(plugin), made]).toEqual([fits, fits]);
  });
});

/** A format, as text of a module that imports nothing. */
function formatText(): string {
  const one = (name: string, high: number, low: number): string =>
    `{ name: '${name}', high: ${high}, low: ${low}, owner: 'hardware', meaning: '${name}', mask: ${((1n << BigInt(high - low + 1)) - 1n) << BigInt(low)}n, shift: ${low}n }`;
  const address = one('address', 51, 12);
  const present = one('present', 0, 0);
  const writable = one('writable', 1, 1);
  return `{ name: 'odd', table: [${present}, ${writable}], leaf: [${present}, ${writable}], permissions: { read: ${present}, write: ${writable} }, address: ${address}, accessed: ${one('accessed', 5, 5)}, dirty: ${one('dirty', 6, 6)} }`;
}
