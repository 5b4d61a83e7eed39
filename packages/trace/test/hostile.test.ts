// SPDX-License-Identifier: GPL-2.0-only

import { sampled } from '@spte/testing/sampled';
import { createAnnotator, parseLine, readTraceSync, traceReader } from '@spte/trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, mmuOfRun, traces } from './runs.ts';

const SAMPLE = traces.flatMap(([, , text]) => text.split('\n').slice(20, 60)).filter((line) => line !== '');
const annotator = createAnnotator(mmuOfRun('vmx73-ept-ad'));

/** Lines of real traces with characters changed, cut, doubled and spliced. */
const mutated = fc
  .tuple(
    fc.constantFrom(...SAMPLE),
    fc.constantFrom(...SAMPLE),
    fc.nat(300),
    fc.nat(300),
    fc.oneof(
      fc.string(),
      fc.constantFrom(':', '[', ']', '(', '>', ' ', '0x', '=', '-', '\0', '\r', 'f'.repeat(20)),
    ),
  )
  .map(([a, b, cut, from, piece]) => a.slice(0, cut) + piece + b.slice(from));

describe('any text', () => {
  it('is read without an error, and comes back as it was', () => {
    const lines = fc.array(fc.oneof(mutated, fc.string(), fc.string({ unit: 'binary' })));
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 50 }), (lines, size) => {
        const text = lines.join('\n');
        const found = entriesOf(text);
        expect(found.map(({ text, newline }) => (newline ? `${text}\n` : text)).join('')).toBe(text);
        const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
          text.slice(i * size, (i + 1) * size),
        );
        expect([...readTraceSync(pieces)]).toEqual(found);
        for (const { record } of found) if (record !== null) JSON.stringify(annotator(record));
      }),
      { numRuns: sampled(300, 1000) },
    );
  });

  it('of bytes is read without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const reader = traceReader(() => undefined);
        reader.push(bytes);
        reader.end();
        const { lines, recognised, continued, passed } = reader.counts;
        expect(recognised + continued + passed).toBe(lines);
      }),
    );
  });
});

describe('a long line', () => {
  const N = 400_000;
  it.each([
    ['blanks', ' '.repeat(N)],
    ['quotes', '> '.repeat(N)],
    ['colons', ':'.repeat(N)],
    ['names', 'kvm_mmu_set_spt:'.repeat(N / 16)],
    ['one name', 'a'.repeat(N)],
    ['events', 'kvm_mmu_set_spte: '.repeat(N / 18)],
    ['digits', `kvm_mmu_set_spte: gfn ${'1'.repeat(N)}`],
    ['fields', `kvm_mmu_set_spte: ${'gfn='.repeat(N / 4)}`],
    ['more fields', `kvm_mmu_set_spte: ${'gfn=1 '.repeat(N / 6)}`],
    ['equals', `kvm_mmu_set_spte: ${'='.repeat(N)}`],
    ['a name without end', `kvm_mmu_set_spte: ${'a'.repeat(N)}=1`],
    ['a word', `kvm_mmu_get_page: sp gen 0 gfn 0 l1 8-byte q0 ${'w'.repeat(N)}`],
    ['flags', `kvm_mmu_walker_error: pferr 1 ${'P|'.repeat(N / 2)}`],
    ['parentheses', `kvm_mmio_spte: ${'('.repeat(N)}`],
    ['brackets', `${'['.repeat(N)}] 1.0: kvm_mmio_spte: (x) spte=0x1`],
    ['log times', `${'[ 1.1]'.repeat(N / 6)}------ spte 0x1 level 1.`],
    ['beginnings', '------ spte '.repeat(N / 12)],
    ['more beginnings', 'spte = as_id: rsvd bits = '.repeat(N / 26)],
    ['NULs', `kvm_mmu_set_spte:${'\0'.repeat(N)}`],
  ])('of %s takes time in proportion to its length', (_name, line) => {
    // A quadratic step would take minutes, which is longer than a test may.
    expect(() => parseLine(line)).not.toThrow();
  });

  it('is passed on in pieces, and nothing of it is lost', () => {
    const long = 'x'.repeat(3_000_000);
    const entries = [...readTraceSync([long.slice(0, 5), long.slice(5), '\nkvm_mmu_set_dirty_bit: gpa 1\n'])];
    expect(entries.map(({ line, newline }) => [line, newline])).toEqual([
      [1, false],
      [1, false],
      [1, true],
      [2, true],
    ]);
    expect(
      entries
        .slice(0, 3)
        .map(({ text }) => text)
        .join(''),
    ).toBe(long);
    expect(entries[3]?.record?.event).toBe('kvm_mmu_set_dirty_bit');
  });

  it.each([
    ['none', ['x', 'x', 'x'], { recognised: 0, passed: 1 }],
    ['the first', ['kvm_mmu_set_dirty_bit: gpa 1 ', 'x', 'x'], { recognised: 1, passed: 0 }],
    ['the last', ['x', 'x', 'kvm_mmu_set_dirty_bit: gpa 1 '], { recognised: 1, passed: 0 }],
    ['two', ['kvm_mmu_set_dirty_bit: gpa 1 ', 'kvm_mmu_set_dirty_bit: gpa 2 '], { recognised: 1, passed: 0 }],
  ])('is one line, whichever piece has a record: %s', (_name, pieces, counts) => {
    const reader = traceReader(() => undefined);
    reader.push(`${pieces.map((piece) => piece.padEnd(1 << 20)).join('')}\nx\n`);
    reader.end();
    expect(reader.counts).toMatchObject({ lines: 2, ...counts, passed: counts.passed + 1 });
  });

  it('in a hundred thousand pieces is put together once', () => {
    const reader = traceReader(() => undefined);
    for (let i = 0; i < 100_000; i++) reader.push('xxxxxxxx');
    reader.end();
    expect(reader.counts).toMatchObject({ lines: 1, passed: 1 });
  });
});

describe('a damaged line', () => {
  it('does not stop the others', () => {
    const good = 'kvm_mmu_set_dirty_bit: gpa 1';
    const text = [good, 'kvm_mmu_set_spte: gfn 10 sp', good, 'CPU:0 [LOST 12 EVENTS]', '\0\0\0', good].join(
      '\n',
    );
    const records = entriesOf(text).map(({ record }) => record !== null);
    expect(records).toEqual([true, false, true, false, false, true]);
  });
});
