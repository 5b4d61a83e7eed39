// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { version6, version7 } from '../../../packages/trace/test/dat-files.ts';
import { captured } from './machines.ts';
import { file, json, ndjson, spte } from './run.ts';

interface Summary {
  readonly summary: Readonly<Record<string, number>>;
}

describe('spte annotate of a trace.dat', () => {
  const host = captured('svm61-tracecmd');

  it.each([
    ['6', version6()],
    ['7', version7()],
  ])(
    'reads version %s by the descriptions that the file carries, and finds nothing wrong',
    async (name, bytes) => {
      const dat = file(`v${name}.dat`, bytes);
      const { summary } = (await json(`annotate ${dat} --summary --host ${host}`)) as Summary;
      expect(summary).toMatchObject({ disagreements: 0, findings: 0, damaged: 0 });
      expect(summary['recognised']).toBeGreaterThan(10);
    },
  );

  it('gives the lines that trace-cmd makes of its events', async () => {
    const dat = file('text.dat', version6());
    const { out } = await spte(`annotate ${dat} --host ${host}`);
    expect(out).toMatch(/^vmtest-\d+ {1}\[000\] \d+\.\d+: \w+: \w+=/);
    const records = await ndjson(`annotate ${dat} --host ${host}`);
    expect(records.at(-1)).toHaveProperty('summary');
  });

  it('says what is wrong with one that is cut off', async () => {
    const dat = file('cut.dat', version6().subarray(0, 100));
    const { code, err } = await spte(`annotate ${dat} --host ${host}`);
    expect(code).toBe(2);
    expect(err).toContain('SPTE_TRACE_DAT');
  });
});
