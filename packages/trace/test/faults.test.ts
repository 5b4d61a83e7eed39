// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { exits } from '@spte/testing/exits';
import { createAnnotator, ndjsonAnnotator, readTraceSync } from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { bytesOf, mmuOfRun } from './runs.ts';

/** Lines of real traces, each behind those before it, with what they mean. */
interface FaultLine {
  readonly run: string;
  readonly lineNumber: number;
  readonly lines: readonly string[];
  readonly explains: Readonly<Record<string, unknown>>;
}

const PATH = new URL('./fixtures/fault-lines.json.gz', import.meta.url);
const FAULTS = JSON.parse(gunzipSync(readFileSync(PATH)).toString()) as readonly FaultLine[];

/** Machines of both vendors: lines say themselves whose they are. */
const others = ['vmx73-ept-ad', 'svm61-shadow'].map(mmuOfRun);

describe('an exit or a fault of a real trace', () => {
  it('is there 42 times', () => {
    expect(FAULTS).toHaveLength(42);
  });

  it.each(FAULTS)('$run line $lineNumber: means what was found by hand', ({ run, lines, explains }) => {
    for (const mmu of [mmuOfRun(run), ...others]) {
      const annotate = createAnnotator(mmu, { exits });
      const records = [...readTraceSync([lines.join('\n')])].map(({ record }) => record);
      const said = records.map((record) => (record === null ? null : annotate(record)));
      expect(said.at(-1)?.explains).toMatchObject(explains);
      let written = '';
      const fast = ndjsonAnnotator(mmu, (bytes) => (written += new TextDecoder().decode(bytes)), { exits });
      fast.push(bytesOf(`${lines.join('\n')}\n`));
      fast.end();
      const jsonLines = said.filter((line) => line !== null).map((line) => JSON.stringify(line));
      expect(written.trimEnd().split('\n')).toEqual(jsonLines);
    }
  });
});
