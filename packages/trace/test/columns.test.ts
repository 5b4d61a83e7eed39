// SPDX-License-Identifier: GPL-2.0-only

import { sampled } from '@spte/testing/sampled';
import {
  type ColumnBatch,
  type ColumnOptions,
  columnReader,
  type TraceCounts,
  type TraceRecord,
  traceReader,
} from '@spte/trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printedTime } from '../src/text/time.ts';
import { mutatedLine } from './mutations.ts';
import { bytesOf, pushAll, traces } from './runs.ts';

type Row = Readonly<Record<string, unknown>>;

/** Hex without what columns do not keep. */
const plainHex = (value: unknown): unknown =>
  typeof value === 'string' && /^0x[0-9a-f]{1,16}$/i.test(value) ? `0x${BigInt(value).toString(16)}` : value;

/** The rows of a batch as records have them. */
function rowsOf(batch: ColumnBatch): Row[] {
  const { words } = batch;
  const word = (id: number | undefined) => (id === -1 ? null : (words[id as number] ?? 'no such word'));
  const said = (value: number | undefined) => (value === -1 ? null : value);
  return Array.from({ length: batch.rows }, (_, row) => ({
    line: batch.lines[row],
    event: batch.event,
    form: batch.form,
    task: word(batch.tasks[row]),
    pid: said(batch.pids[row]),
    cpu: said(batch.cpus[row]),
    time: { time: batch.times[row], digits: batch.timeDigits[row] },
    fields: batch.columns.map(({ name, kind, values }) => {
      const value = values[row];
      if (kind === 'hex') return [name, `0x${(value as bigint).toString(16)}`];
      if (kind === 'word') return [name, plainHex(word(value as number))];
      return [name, kind === 'switch' ? value === 1 : value];
    }),
    sptes: batch.columns.flatMap(({ role }) => role ?? []),
    block: batch.blocks[row] === 0 ? null : batch.blocks[row],
  }));
}

function rowOf({ line, event, form, task, pid, cpu, timestamp, fields, sptes, block }: TraceRecord): Row {
  return {
    line,
    event,
    form,
    task,
    pid,
    cpu,
    time: printedTime(timestamp),
    block,
    fields: Object.entries(fields).map(([name, value]) => [name, plainHex(value)]),
    sptes: sptes.map(({ role }) => role),
  };
}

interface Reading {
  readonly rows: readonly Row[];
  readonly counts: TraceCounts;
}

function byColumns(bytes: Uint8Array, size: number, options: ColumnOptions = {}): Reading {
  const rows: Row[] = [];
  const { push, end, counts } = columnReader((batch) => {
    const found = rowsOf(batch);
    expect(found.map(({ line }) => line)).toEqual(Array.from(batch.lines.toSorted()));
    rows.push(...found);
  }, options);
  pushAll(push, bytes, size);
  end();
  return { rows: rows.toSorted((a, b) => Number(a['line']) - Number(b['line'])), counts };
}

function byRecords(bytes: Uint8Array, size: number): Reading {
  const rows: Row[] = [];
  const reader = traceReader(({ record }) => {
    if (record !== null) rows.push(rowOf(record));
  });
  pushAll((chunk) => reader.push(chunk), bytes, size);
  reader.end();
  return { rows, counts: reader.counts };
}

describe('columns', () => {
  it.each(traces)('%s %s: are the records', (_run, _file, text) => {
    const bytes = bytesOf(text);
    for (const size of [bytes.length, 1000]) {
      expect(byColumns(bytes, size)).toEqual(byRecords(bytes, size));
    }
  });

  it('are handed out when there are 256 rows of a form, when asked for, and at the end', () => {
    const batches: [event: string, rows: number, first: number | undefined][] = [];
    const reader = columnReader(({ event, rows, lines }) => batches.push([event, rows, lines[0]]));
    reader.push(bytesOf('kvm_mmu_set_dirty_bit: gpa 1\n'.repeat(300)));
    expect(batches).toEqual([['kvm_mmu_set_dirty_bit', 256, 1]]);
    reader.push(bytesOf('kvm_mmu_set_accessed_bit: gpa 1\nkvm_mmu_set_accessed_bit: g'));
    reader.flush();
    expect(batches.slice(1)).toEqual([
      ['kvm_mmu_set_accessed_bit', 1, 301],
      ['kvm_mmu_set_dirty_bit', 44, 257],
    ]);
    reader.push(bytesOf('pa 2'));
    reader.end();
    expect(batches.slice(3)).toEqual([['kvm_mmu_set_accessed_bit', 1, 302]]);
    expect(reader.counts).toEqual({
      lines: 302,
      recognised: 302,
      continued: 0,
      passed: 0,
      damaged: 0,
      lost: 0,
      lostMarks: 0,
    });
  });

  it('keep the halves of words, decimals beyond 32 bits, and times to the last digit', () => {
    const text = [
      'vm-1 [000] 900719925.740993123: kvm_mmu_split_huge_page: gfn ffffffffffffffff spte 8000000000000001 level -0 errno -9999999999',
      'vm-1 [000] 123456789012345678: kvm_mmu_set_dirty_bit: gpa 0',
      'vm-1 [000] 1234567890123456789: kvm_mmu_set_dirty_bit: gpa 0',
      'kvm_mmu_set_dirty_bit: gpa 0',
    ].join('\n');
    const found: unknown[] = [];
    const reader = columnReader(({ times, timeDigits, columns }) => {
      found.push([...times], [...timeDigits], ...columns.map(({ values }) => [...values]));
    });
    reader.push(bytesOf(text));
    reader.end();
    expect(found).toEqual([
      [900719925740993123n],
      [9],
      [18446744073709551615n],
      [9223372036854775809n],
      [-0],
      [-9999999999],
      [123456789012345678n, 0n, 0n],
      [0, 255, 255],
      [0n, 0n, 0n],
    ]);
  });

  it.each([true, false])(
    'of more words and names than there is room for are the records (WebAssembly: %s)',
    (wasm) => {
      const raw = 'vm-1 [000] 1.5: kvm_mmu_set_spte: gfn=1 spte=2';
      const lines = Array.from({ length: 6000 }, (_, i) => [
        `task ${i >> 3}-1 [000] 1.5: kvm_mmio_spte: (place ${i} ${'x'.repeat(100)}) spte=0x${i}`,
        `tâche-1 [000] 1.5: kvm_mmio_spte: (place ${i} ${'x'.repeat(100)}) spte=0x${i}`,
        i > 600 ? '' : `${raw} field${i}=3`,
      ]).flat();
      const tasks = Array.from({ length: 3000 }, (_, i) => `é${i}-1 [000] 1.5: kvm_mmu_set_dirty_bit: gpa 1`);
      const odd = [
        `${raw} ${Array.from({ length: 200 }, (_, i) => `n${i}=${i}`).join(' ')}`,
        `vm-1 [000] 1.5: kvm_mmu_walker_error: pferr 1 ${'P|'.repeat(500)}`,
        `vm-1 [000] 1.5: kvm_mmu_walker_error: pferr 1 ${'P|'.repeat(500_000)}`,
      ];
      const bytes = bytesOf([...lines, ...tasks, ...odd, ...lines.slice(0, 100)].join('\n'));
      expect(byColumns(bytes, 1 << 18, { wasm })).toEqual(byRecords(bytes, 1 << 18));
    },
  );

  it('of fields in an order of their own, twice, or hidden, are the records', () => {
    const set = 'vm-1 [000] 1.5: kvm_mmu_set_spte: gfn=1 spte=2';
    const lines = [
      `${set} 7=1 b=2`,
      `${set} __proto__=1`,
      `${set} a=1 a=2`,
      `${set} a=1`,
      `${set} a=`,
      `${set} level=7`,
      'vm-1 [000] 1.5: kvm_mmu_get_page: [FAILED TO PARSE] mmu_valid_gen=0 gfn=99999999999999999999 role=1',
      'vm-1 [000] 1.5: mark_mmio_spte: sptep:(____ptrval____) gfn d0000 access 7 gen a',
      '[ 12.5][   C12] spte = 0x8913827, level = 2, rsvd bits = 0x0',
    ];
    const bytes = bytesOf([...lines, ...lines].join('\n'));
    expect(byColumns(bytes, 1000)).toEqual(byRecords(bytes, 1000));
  });

  it('of lines longer than the memory for input are the records', () => {
    const set = 'vm-1 [000] 6.041284: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';
    const text = [
      set,
      'x'.repeat(700_000),
      set,
      `${set} ${'y'.repeat(300_000)}`,
      set,
      ' '.repeat(3_000_000),
      set,
    ].join('\n');
    const bytes = bytesOf(text);
    for (const size of [1 << 16, 300_000]) {
      expect(byColumns(bytes, size).rows).toEqual(byRecords(bytes, size).rows);
    }
  });

  it('are the records of mutated lines, with and without WebAssembly', { timeout: 1e7 }, () => {
    fc.assert(
      fc.property(
        fc.array(mutatedLine, { maxLength: 20 }),
        fc.integer({ min: 1, max: 3000 }),
        (lines, size) => {
          const bytes = bytesOf(lines.join('\n'));
          const expected = byRecords(bytes, size);
          expect(byColumns(bytes, size)).toEqual(expected);
          expect(byColumns(bytes, size, { wasm: false })).toEqual(expected);
        },
      ),
      { numRuns: Number(process.env['SPTE_FUZZ_RUNS'] ?? sampled(12, 40)) },
    );
  });
});
