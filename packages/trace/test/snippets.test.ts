// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { judgeSpte } from '@spte/core';
import { parseLine, readTraceSync } from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { mmuOfRun } from './runs.ts';

/** Excerpts of public reports, each with its source and the values that it shows. */
interface Snippet {
  readonly id: string;
  readonly source: string;
  readonly text: string;
  readonly spte_values: readonly { readonly value: string; readonly level: number; readonly role: string }[];
}

const snippets = JSON.parse(
  readFileSync(new URL('./fixtures/snippets.json', import.meta.url), 'utf8'),
) as readonly Snippet[];

/** What other programs printed. */
const NOT_THE_KERNEL = ['amd-la57-hand-walk'];

describe('a public report', () => {
  it.each(snippets.map((snippet) => [snippet.id, snippet] as const))('%s shows its values', (id, snippet) => {
    const records = [...readTraceSync([snippet.text])].flatMap(({ record }) => record ?? []);
    const found = records.flatMap(({ sptes }) =>
      sptes.map(({ value, level }) => `0x${value.toString(16)} ${String(level)}`),
    );
    const values = snippet.spte_values.map(({ value }) => value);
    const shown = new Set(found.map((text) => text.split(' ')[0]));
    expect(values.filter((value) => !shown.has(value))).toEqual(NOT_THE_KERNEL.includes(id) ? values : []);
  });

  it.each(snippets.map((snippet) => [snippet.id, snippet] as const))(
    '%s is the same quoted in a mail',
    (_id, snippet) => {
      const quoted = snippet.text.replaceAll(/^/gm, '> > ');
      const sptes = (text: string) => [...readTraceSync([text])].map(({ record }) => record?.sptes);
      expect(sptes(quoted)).toEqual(sptes(snippet.text));
    },
  );

  it('shows entries of the guest as such', () => {
    const walk = snippets.find(({ id }) => id === 'krause-guest-walk');
    const lines = (walk?.text ?? '').split('\n');
    const roles = lines.flatMap((line) => parseLine(line)?.sptes.map(({ role }) => role) ?? []);
    expect(roles).toEqual(['guest', 'guest', 'guest', 'guest']);
  });

  it('can be judged by the reserved bits that it prints', () => {
    const record = parseLine('spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000');
    const mmu = mmuOfRun('svm61-npt-tdp');
    const rsvdBits = BigInt(String(record?.fields['rsvd_bits']));
    expect(judgeSpte(mmu, record?.sptes[0]?.value ?? 0n, 2, { rsvdBits })[0]).toMatchObject({ bits: [63] });
  });
});
