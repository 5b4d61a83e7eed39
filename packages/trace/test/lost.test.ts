// SPDX-License-Identifier: GPL-2.0-only
import { columnReader, ndjsonAnnotator, traceReader } from '@spte/trace';
import { openDat } from '@spte/trace/dat';
import { describe, expect, it } from 'vitest';
import { PAGE, pageOf, version7 } from './dat-files.ts';
import { bytesOf, mmuOfRun } from './runs.ts';

const MMU = mmuOfRun('svm61-npt-tdp');

/** What every reader counts of a text. */
function lostIn(text: string) {
  const readers = [
    traceReader(() => undefined),
    columnReader(() => undefined),
    ndjsonAnnotator(MMU, () => undefined),
    ndjsonAnnotator(MMU, () => undefined, { wasm: false }),
  ];
  const counts = readers.map((reader) => {
    reader.push(bytesOf(text));
    reader.end();
    const { lost, lostMarks } = reader.counts;
    return { lost, lostMarks };
  });
  for (const count of counts) expect(count).toEqual(counts[0]);
  return counts[0];
}

describe('events that were lost', () => {
  it.each([
    ['CPU:1 [LOST 540 EVENTS]', 540],
    ['CPU:1 [LOST EVENTS]', 0],
    ['CPU:0 [EVENTS DROPPED]', 0],
    ['  CPU:0 [215 EVENTS DROPPED]', 215],
    ['> CPU:0 [215 EVENTS DROPPED]', 215],
    ['# entries-in-buffer/entries-written: 94012/205123   #P:2', 111111],
    ['##### CPU 1 buffer started ####', 0],
    [' vmtest  123 [001]    12.345678: PERF_RECORD_LOST lost 12', 12],
    [' vmtest  123 [001]    12.345678: PERF_RECORD_LOST_SAMPLES lost 3', 3],
  ])('are counted where a tracer says so: %s', (line, lost) => {
    expect(lostIn(`x\n${line}\nCPU:1 [LOST 1 EVENTS]\n`)).toEqual({ lost: lost + 1, lostMarks: 2 });
  });

  it.each([
    '# entries-in-buffer/entries-written: 94012/94012   #P:2',
    '# entries-in-buffer/entries-written: 9/8',
    '# tracer: nop',
    'CPU:0 [x]',
    'PERF_RECORD_MMAP lost 3',
    'x CPU:0 [LOST 1 EVENTS]',
    'PERF_RECORD_LOST',
    'CPU 0/KVM-280 [000] 7.5: sched_switch: LOST',
    'vm-1 [000] 1.5: kvm_mmu_set_dirty_bit: gpa 1 PERF_RECORD_LOST lost 3',
  ])('are not where it does not: %s', (line) => {
    expect(lostIn(`${line}\n`)).toEqual({ lost: 0, lostMarks: 0 });
  });

  it('are counted by the flags of the pages of a trace.dat', () => {
    const MISSED = 0x8000_0000;
    const STORED = 0x4000_0000;
    const withFlags = (flags: number, count?: number) => {
      const page = Buffer.from(pageOf([2, 7, 5]));
      const used = page.readUInt32LE(8);
      page.writeUInt32LE((used | flags) >>> 0, 8);
      if (count !== undefined) page.writeBigUInt64LE(BigInt(count), 16 + used);
      return page;
    };
    const countsOf = (...data: Buffer[]) => {
      const events = openDat(version7({ data: [Buffer.concat(data)] })).records();
      let next = events.next();
      while (next.done !== true) next = events.next();
      const { lost, lostMarks } = next.value;
      return { lost, lostMarks };
    };
    expect(countsOf(withFlags(0), withFlags(MISSED), withFlags(MISSED | STORED, 218))).toEqual({
      lost: 218,
      lostMarks: 2,
    });
    // A count without the flag is none, and neither is one beyond the page.
    expect(countsOf(withFlags(STORED, 218))).toEqual({ lost: 0, lostMarks: 0 });
    const full = withFlags(0);
    full.writeUInt32LE((MISSED | STORED | (PAGE - 16)) >>> 0, 8);
    expect(countsOf(full)).toEqual({ lost: 0, lostMarks: 1 });
    expect(countsOf(withFlags(MISSED).subarray(0, 10))).toEqual({ lost: 0, lostMarks: 0 });
  });
});
