// SPDX-License-Identifier: GPL-2.0-only
import { annotate, createAnnotator, createChecker, traceReader } from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { entriesOf, mmuOfRun, recordsOf, traces } from './runs.ts';

/** Events of the system kvmmmu, the probes of these runs, and what the system kvm says of exits and faults. */
const OURS =
  /: +(kvm_mmu_\w+|\w*mmio_spte|\w*_page_fault|kvm_exit|kvm_tdp_mmu_spte_changed|kvm_(acctrack|changed|svm|vmx|eptp)\w*):/;

describe('a trace of a real kernel', () => {
  it('is there for 21 runs, one of them by trace-cmd in three ways', () => {
    expect(new Set(traces.map(([run]) => run)).size).toBe(21);
    expect(traces).toHaveLength(23);
  });

  it.each(traces)('%s %s: every line about page tables is recognised', (_run, _file, text) => {
    const entries = entriesOf(text);
    expect(entries.map(({ text }) => text).join('\n')).toBe(text.trimEnd());
    const missed = entries.filter(({ record, text }) => record === null && OURS.test(text));
    expect(missed).toEqual([]);
    const taken = entries.filter(({ record, text }) => record !== null && !OURS.test(text));
    expect(taken).toEqual([]);
    expect(entries.filter(({ record }) => record !== null).length).toBeGreaterThan(60);
  });

  it.each(traces)('%s %s: the kernel printed what its values give', (run, _file, text) => {
    const checker = createChecker(mmuOfRun(run));
    const checks = recordsOf(text).flatMap((record) => checker.check(record));
    expect(checks.filter(({ agree }) => !agree)).toEqual([]);
    expect(checks.length).toBeGreaterThan(10);
  });

  it.each(traces)('%s %s: no entry of a healthy kernel has a finding', (run, _file, text) => {
    const mmu = mmuOfRun(run);
    const annotator = createAnnotator(mmu);
    for (const record of recordsOf(text)) {
      const line = annotator(record);
      expect(line.sptes.flatMap(({ findings }) => findings)).toEqual([]);
      // What is remembered is what would be found anew.
      expect(line.sptes).toEqual(annotate(record, mmu).sptes);
      expect(line.sptes.map(({ kind }) => kind)).not.toContain('unknown');
    }
  });

  it.each(traces)('%s %s: every record says who, where and when', (_run, _file, text) => {
    for (const record of recordsOf(text)) {
      expect(record.task).toMatch(/^[a-z]/);
      expect(record.cpu).toBe(0);
      expect(record.pid).toBeGreaterThan(1);
      expect(record.timestamp).toMatch(/^\d+\.\d{6}$/);
    }
  });

  it('is the same with plugins, without, and raw, but for the names of fields', () => {
    const reports = traces
      .filter(([run]) => run === 'svm61-tracecmd')
      .map(([, file, text]) => [file, text] as const);
    const shape = (text: string) =>
      new Set(
        recordsOf(text).map(({ event, timestamp, sptes }) =>
          [timestamp, event, ...sptes.map(({ value }) => value)].join(' '),
        ),
      );
    const [raw = new Set(), plain = new Set()] = ['raw', 'noplugins'].map((way) =>
      shape(reports.find(([file]) => file.includes(`-${way}`))?.[1] ?? ''),
    );
    // Each was thinned by its own forms: those lines that both kept.
    expect([...raw].filter((line) => plain.has(line)).length).toBeGreaterThan(100);
  });

  it('is read by pieces of any size', () => {
    const [, , text = ''] = traces[0] ?? [];
    const whole = entriesOf(text);
    for (const size of [1, 7, 100, 4096]) {
      const found: unknown[] = [];
      const reader = traceReader((entry) => found.push(entry));
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      reader.end();
      expect(found).toEqual(whole);
      expect(reader.counts.lines).toBe(whole.length);
    }
  });
});
