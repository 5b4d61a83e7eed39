// SPDX-License-Identifier: GPL-2.0-only
// What diagnostics and rules say for themselves. `vitest -u` writes the files, to be read before a commit.
import { type DiagnosticTable, observe, SPTE_DIAGNOSTIC_MEANINGS, SPTE_DIAGNOSTICS } from '@spte/core';
import { L1TF_DIAGNOSTIC_MEANINGS, L1TF_DIAGNOSTICS } from '@spte/l1tf';
import { MMIO_DIAGNOSTIC_MEANINGS, MMIO_DIAGNOSTICS } from '@spte/mmio';
import { expect, it } from 'vitest';
import { mmuFactory } from '../../vectors/src/configure.ts';
import { functions } from '../../vectors/src/functions.ts';
import { parseVector } from '../../vectors/src/vector.ts';
import { eraLines } from '../../vectors/test/corpus.ts';

const text = (lines: Iterable<string>): string => `${[...lines].join('\n')}\n`;

it('diagnostics say when they are raised', async () => {
  const tables: readonly (readonly [DiagnosticTable, Readonly<Record<string, string>>])[] = [
    [SPTE_DIAGNOSTICS, SPTE_DIAGNOSTIC_MEANINGS],
    [MMIO_DIAGNOSTICS, MMIO_DIAGNOSTIC_MEANINGS],
    [L1TF_DIAGNOSTICS, L1TF_DIAGNOSTIC_MEANINGS],
  ];
  const lines = tables.flatMap(([table, meanings]) =>
    Object.entries(table).map(
      ([code, { kind, warnOnUntil }]) =>
        `${code}: ${kind}${warnOnUntil === undefined ? '' : `, WARN_ON until ${warnOnUntil}`}: ${meanings[code] as string}`,
    ),
  );
  await expect(text(lines)).toMatchFileSnapshot('words/diagnostics.txt');
});

it('rules say why they set each bit, and what they warn about', async () => {
  const mmuOf = mmuFactory();
  const said = new Set<string>();
  for (const line of eraLines) {
    const vector = parseVector(line);
    const call = functions[vector.fn];
    if (call === undefined) continue;
    const { reasons, warnings } = observe(mmuOf(vector), (mmu) =>
      call({ mmu, args: vector.args, config: vector.config }),
    );
    for (const { rule, why } of reasons) said.add(`${rule}: ${why}`);
    for (const { code, kind } of warnings) said.add(`${vector.fn}: ${kind} ${code}`);
  }
  await expect(text([...said].toSorted())).toMatchFileSnapshot('words/reasons.txt');
});
