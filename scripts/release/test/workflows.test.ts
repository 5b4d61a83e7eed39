// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './copy.ts';

const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(join(folder, name), 'utf8')] as const,
);
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

describe.each(workflows)('the workflow %s', (_name, text) => {
  it('runs scripts that are there', () => {
    const called = [...text.matchAll(/pnpm\.mjs run ([\w:]+)/g)].map(([, name = '']) => name);
    expect(called.filter((name) => !(name in scripts))).toEqual([]);
    expect(called.length).toBeGreaterThan(0);
  });

  it('says what it may do, and has no token of the registry', () => {
    expect(text).toMatch(/^permissions:/m);
    expect(text).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN/);
    expect(text.match(/runs-on:/g)).toHaveLength(text.match(/timeout-minutes:/g)?.length ?? 0);
  });
});

it('CI runs on each Node that docs/versions.md names', () => {
  const ci = workflows.find(([name]) => name === 'ci.yml')?.[1] ?? '';
  const [, versions = ''] = /node: \[(.*)\]/.exec(ci) ?? [];
  expect(readFileSync(join(root, 'docs/versions.md'), 'utf8')).toContain(
    `CI runs ${versions.replace(/, (\d+)$/, ' and $1')}`,
  );
});

it('the release asks for the identity by which a package says where it is from', () => {
  const release = workflows.find(([name]) => name === 'release.yml')?.[1] ?? '';
  expect(release).toContain('id-token: write');
  expect(readFileSync(join(root, 'scripts/release/release.mjs'), 'utf8')).toContain('provenance');
});
