// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { coreVariants, layouts } from '@spte/core';
import { l1tfVariants } from '@spte/l1tf';
import { mmioVariants } from '@spte/mmio';
import { vmxVariants } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';
import catalogue from '../data/commits.json' with { type: 'json' };

const known = new Set(catalogue.map(({ commit }) => commit));

const variants = [...coreVariants, ...mmioVariants, ...vmxVariants, ...l1tfVariants];
const inRows = [
  ...layouts.flatMap(({ commits }) => commits),
  ...variants.flatMap(({ rows }) => rows.flatMap(({ commits = [] }) => commits)),
];

const packages = fileURLToPath(new URL('../..', import.meta.url));

/** What the comments of the packages name, as `upstream commit 52918ed5fcf0`, also across the end of a line. */
const inComments = readdirSync(packages)
  .flatMap((name) => {
    const sources = `${packages}${name}/src`;
    return readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((file) => `${sources}/${file}`);
  })
  .filter((file) => file.endsWith('.ts') && !file.includes('/generated/'))
  .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/upstream commit[\s/*]+([0-9a-f]{7,40})\b/g)])
  .map(([, commit]) => commit as string);

describe('the upstream commits that rows and comments name', () => {
  it('are those of the catalogue, all of them', () => {
    expect(new Set([...inRows, ...inComments])).toEqual(known);
    expect(inRows.length).toBeGreaterThan(0);
    expect(inComments.length).toBeGreaterThan(0);
  });

  it('have twelve hex digits and a source each, and stand in the catalogue once, in order', () => {
    for (const { commit, source } of catalogue) {
      expect(commit).toMatch(/^[0-9a-f]{12}$/);
      expect(source).toMatch(/^errata catalogue, entry [a-z0-9-]+, fix$/);
    }
    const commits = catalogue.map(({ commit }) => commit);
    expect(commits).toEqual([...known].toSorted());
  });
});
