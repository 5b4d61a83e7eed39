// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, decodeSpte, judgeSpte } from '@spte/core';
import { mmuConfigOf, presetOf } from '@spte/host';
import { describe, expect, it } from 'vitest';
import { maskOf } from './bit-ranges.ts';
import { cellsOf } from './cells.ts';
import { COPY_FORMS } from './copy-forms.ts';

function copied(id: string, spte: bigint, level: number, preset = 'cascade-lake'): string {
  const machine = presetOf(preset);
  if (machine === undefined) throw new Error(`no preset ${preset}`);
  const mmu = createMmu(mmuConfigOf(machine.config));
  const wrong = maskOf(judgeSpte(mmu, spte, level).flatMap(({ bits }) => bits));
  const cells = cellsOf(spte, decodeSpte(mmu, spte, level).fields, wrong);
  const form = COPY_FORMS.find((form) => form.id === id);
  if (form === undefined) throw new Error(`no form ${id}`);
  return form.text({ value: spte, cells });
}

const ENTRIES = [
  [0x600000455299b77n, 1, 'cascade-lake'],
  [0xfffffc4465825n, 1, 'milan'],
  [0x2c583e907n, 3, 'cascade-lake'],
  [0x5a0n, 1, 'cascade-lake'],
  [0n, 1, 'cascade-lake'],
  [(1n << 64n) - 1n, 2, 'milan'],
] as const;

describe('an entry is copied', () => {
  it('as a number in three notations', () => {
    expect(copied('hex', 0x5a0n, 1)).toBe('0x00000000000005a0');
    expect(copied('c', 0x5a0n, 1)).toBe('0x5a0ULL');
    for (const [spte, level, preset] of ENTRIES) {
      expect(BigInt(copied('binary', spte, level, preset).replaceAll('_', ''))).toBe(spte);
      expect(BigInt(copied('hex', spte, level, preset))).toBe(spte);
    }
  });

  it('as JSON whose fields are all of its bits', () => {
    const { spte, fields } = JSON.parse(copied('json', 0x600000455299b77n, 1)) as {
      spte: string;
      fields: { name: string; bits: string; owner: string; text: string }[];
    };
    expect(spte).toBe('0x600000455299b77');
    expect(fields.find(({ name }) => name === 'memtype')).toMatchObject({
      bits: '5:3',
      owner: 'memory',
      text: 'WB',
    });
    expect(fields.map(({ bits }) => bits).join()).toContain('51:12');
  });

  it('as a table of Markdown with as many columns in every row', () => {
    const [head, , ...rows] = copied('markdown', 0xfffffc4465825n, 1, 'milan').split('\n');
    expect(head).toBe('`0xfffffc4465825`');
    expect(new Set(rows.map((row) => row.split(/(?<!\\)\|/).length))).toEqual(new Set([7]));
  });

  it('as plain text that a mail does not wrap, with every bit in it', () => {
    for (const [spte, level, preset] of ENTRIES) {
      const lines = copied('ascii', spte, level, preset).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(72);
      const bits = lines
        .filter((line) => line.startsWith('|'))
        .join('')
        .replaceAll(/[^01]/g, '');
      expect(BigInt(`0b${bits}`)).toBe(spte);
    }
    expect(copied('ascii', 0x600000455299b77n, 1)).toContain('address 0x455299000');
    // A bit with which something is wrong has a mark.
    expect(copied('ascii', 0xfffffc4465825n, 1, 'milan')).toContain('!51');
  });

  it('as a picture whose texts are text', () => {
    for (const [spte, level, preset] of ENTRIES) {
      const svg = copied('svg', spte, level, preset);
      const values = [...svg.matchAll(/font-size="15"[^>]*>([01])</g)].map(([, value]) => value);
      expect(BigInt(`0b${values.join('')}`)).toBe(spte);
      expect(svg.match(/<[a-z]/g)?.length).toBe(
        (svg.match(/<\/[a-z]/g)?.length ?? 0) + (svg.match(/\/>/g)?.length ?? 0),
      );
    }
  });
});
