// SPDX-License-Identifier: GPL-2.0-only
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { version6, version7 } from '../../../packages/trace/test/dat-files.ts';
import { captured } from './machines.ts';
import { file, json, ndjson, spte, zstd } from './run.ts';

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

  it.each([11, 12, 100, 3000])('is damaged where it is cut off in its header, at byte %i', async (bytes) => {
    const dat = file('cut.dat', version6().subarray(0, bytes));
    const { code, err } = await spte(`annotate ${dat} --host ${host}`);
    expect(code).toBe(5);
    expect(err).toContain('SPTE_TRACE_DAT: ');
    const { code: both } = await spte(`annotate ${dat} ${dat} --host ${host}`);
    expect(both).toBe(5);
    expect((await spte(`annotate ${dat} missing.dat --host ${host}`)).code).toBe(2);
  });

  it('is of a version that is not read, which is no damage', async () => {
    const dat = file(
      'new.dat',
      Buffer.concat([version6().subarray(0, 10), Buffer.from('8\0'), version6().subarray(12)]),
    );
    const { code, err } = await spte(`annotate ${dat} --host ${host}`);
    expect([code, err]).toEqual([2, expect.stringContaining('only versions 6 and 7 are known')]);
  });

  it.each(['plain', 'gzip', 'piped'])(
    'gives what is there where its records are cut off, %s',
    async (how) => {
      const whole = version6();
      const cut = whole.subarray(0, whole.length - 5000);
      const path = how === 'piped' ? '-' : file('records.dat', how === 'gzip' ? gzipSync(cut) : cut);
      for (const given of [`--host ${host}`, '']) {
        const line = `annotate ${path} ${given} --summary`;
        const { code, err, out } = await spte(line, how === 'piped' ? { stdin: cut } : {});
        expect(code).toBe(5);
        expect(err).toContain('is cut off: 5000 bytes of its records are missing');
        expect(out).toMatch(/^\d{4} lines: \d{4} read/);
      }
    },
  );

  it('is the same as a file, compressed and from a pipe, and says of its machine the same', async () => {
    const whole = version7({ cpus: 2 });
    const { out } = await spte(`annotate ${file('same.dat', whole)}`);
    expect((await spte(`annotate ${file('same.dat.gz', gzipSync(whole))}`)).out).toBe(out);
    expect((await spte(`annotate ${file('same.dat.zst', zstd(whole))}`)).out).toBe(out);
    expect((await spte('annotate -', { stdin: whole })).out).toBe(out);
    expect(out.length).toBeGreaterThan(10_000);
  });
});
