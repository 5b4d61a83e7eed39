// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { traces } from '@spte/testing/runs';
import { describe, expect, it } from 'vitest';
import { tell } from './tell.ts';

const unpacked = (path: string): string =>
  gunzipSync(readFileSync(new URL(path, import.meta.url))).toString();

type Truth = Readonly<Record<string, unknown>>;

/** What an independent reader made of the same traces. */
const TRUTHS = JSON.parse(unpacked('fixtures/truths.json.gz')) as Readonly<Record<string, Truth>>;

describe('a whole trace of one CPU', () => {
  const truth = TRUTHS['vmx61-ept-noad'] as Truth;
  const story = tell(unpacked('../../trace/test/fixtures/vmx61-ept-noad.trace.txt.gz'));

  it.each(Object.keys(truth))('%s', (name) => {
    expect(story).toMatchObject({ [name]: truth[name] });
  });
});

describe('a trace of two CPUs and two VMs in which events were lost', () => {
  const truth = TRUTHS['svm612-smp2-lost-pipe'] as Truth & {
    readonly mmio: Truth & { readonly reservedExitsByGfn: Readonly<Record<string, number>> };
    readonly lost: {
      readonly marks: number;
      readonly events: number;
      readonly byCpu: object;
      readonly list: object[];
    };
    readonly repeatedFaults: readonly { readonly start: number; readonly end: number }[];
  };
  const story = tell(unpacked('fixtures/svm612-smp2-lost-pipe.trace.txt.gz'));

  it.each([
    'lines',
    'byCpu',
    'events',
    'outOfOrderLines',
    'outOfOrderWithinTask',
    'header',
    'buffersStarted',
    'tasks',
    'vcpusOfTask',
    'exits',
    'exitReasons',
    'mappedByAnotherVcpuFirst',
    'sptesChanged',
    'nxRecoveryZaps',
    'fastFixedButProtectedAgain',
  ])('%s', (name) => {
    expect((story as unknown as Truth)[name]).toEqual(truth[name]);
  });

  it('outcomes, MMIO, losses, loops', () => {
    expect(story.faults.total).toBe(truth['faults']);
    expect(story.faults.outcomes).toEqual(truth['outcomes']);
    expect(story.mmio).toMatchObject({
      exits: truth.mmio['reservedExits'],
      installed: truth.mmio['installed'],
      lines: truth.mmio['lines'],
      exitsByGfn: truth.mmio.reservedExitsByGfn,
    });
    const { list, ...counts } = truth.lost;
    expect(story.lost).toMatchObject(counts);
    expect(story.lost.list.map(({ line, cpu, events }) => ({ line, cpu, events }))).toEqual(
      list.map((gap) => ({ ...gap, after: undefined, before: undefined })),
    );
    expect(
      story.repeatedFaults.list.map((loop) => ({
        ...loop,
        start: Number(loop.start),
        end: Number(loop.end),
      })),
    ).toMatchObject(truth.repeatedFaults);
    expect(story.dirtySweeps?.list).toEqual(truth['dirtySweeps']);
  });
});

describe('every trace of a real kernel', () => {
  it.each(traces)('%s %s: each fault has one outcome, in whatever pieces it comes', (_run, _file, text) => {
    const story = tell(text);
    const outcomes = Object.values(story.faults.outcomes).reduce((sum, many) => sum + many, 0);
    expect(outcomes).toBe(story.faults.total);
    expect(story.exits).toBe(story.events['kvm_exit'] ?? 0);
    expect(story.incomplete).toEqual([]);
  });

  it('raw mode and text are one story', () => {
    const of = (file: string) =>
      tell(traces.find(([, name]) => name === file)?.[2] ?? '', { kernel: [6, 1] });
    const { exits, exitReasons } = of('report-host-raw.txt');
    expect(Object.keys(exitReasons)).toContain('npf');
    expect(exits).toBeGreaterThan(0);
    expect(Object.keys(of('report-host-plugins.txt').exitReasons)).toContain('EXIT_NPF');
  });
});
