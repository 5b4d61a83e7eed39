// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createVendor } from '../src/create-vendor.ts';

const into = mkdtempSync(join(tmpdir(), 'spte-create-'));
afterAll(() => rmSync(into, { recursive: true }));

it('writes a package under its name, and for a version', () => {
  const folder = join(into, createVendor('acme', { into, version: '0.3.0' }));
  expect(readdirSync(folder, { recursive: true }).map(String).toSorted()).toEqual([
    '.github',
    '.github/workflows',
    '.github/workflows/ci.yml',
    '.gitignore',
    'README.md',
    'package.json',
    'src',
    'src/index.ts',
    'test',
    'test/index.test.js',
    'test/vectors.json',
    'tsconfig.json',
  ]);
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  expect(JSON.parse(read('package.json'))).toMatchObject({
    name: 'spte-vendor-acme',
    peerDependencies: { '@spte/core': '^0.3.0' },
  });
  expect(JSON.parse(read('test/vectors.json'))).toHaveLength(5);
  expect(read('src/index.ts')).toContain("name: 'acme'");
  for (const file of ['src/index.ts', 'README.md', 'package.json'])
    expect(read(file)).not.toMatch(/NAME|VERSION/);
});

it('replaces nothing that is there', () => {
  createVendor('twice', { into, version: '0.3.0' });
  expect(() => createVendor('twice', { into, version: '0.3.0' })).toThrow(
    'spte-vendor-twice is there already',
  );
});

it.each(['Acme', '../acme', '', '1st', 'a'.repeat(42)])('refuses the name %j', (name) => {
  expect(() => createVendor(name, { into, version: '0.3.0' })).toThrow(/^NAME must be a lower-case letter/);
});
