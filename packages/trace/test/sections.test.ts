// SPDX-License-Identifier: GPL-2.0-only
import { random } from '@spte/testing/random';
import { sampled } from '@spte/testing/sampled';
import {
  type AnnotationSightings,
  annotationCounter,
  beginsAnew,
  createAnnotator,
  MAX_LINES_APART,
  ndjsonAnnotator,
  type TraceCounts,
  type TraceEntry,
  type TraceRecord,
  traceReader,
} from '@spte/trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutatedLine } from './mutations.ts';
import { bytesOf, mmuOfRun, recordsOf, traces } from './runs.ts';

const MMU = mmuOfRun('svm61-npt-tdp');
const LEAF = 'vm-1 [000] 1.5: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';
const OTHER = 'vm-0 [001] 1.2: kvm_entry: vcpu 0, rip 0x2000';
const checkLine = (task: number): string =>
  `vm-${task} [000] 1.0: check_mmio_spte: spte 80000d0000057 kvm_gen a spte-gen a valid 1`;
const handleLine = (task: number): string =>
  `vm-${task} [000] 1.1: handle_mmio_page_fault: addr:0 gfn d0001 access 6`;

interface Read {
  readonly entries: TraceEntry[];
  readonly counts: TraceCounts;
}

function read(text: string, firstLine: number): Read {
  const entries: TraceEntry[] = [];
  const reader = traceReader((entry) => entries.push(entry), firstLine);
  reader.push(bytesOf(text));
  reader.end();
  return { entries, counts: reader.counts };
}

const sum = (a: TraceCounts, b: TraceCounts): TraceCounts => ({
  lines: a.lines + b.lines,
  recognised: a.recognised + b.recognised,
  continued: a.continued + b.continued,
  passed: a.passed + b.passed,
  damaged: a.damaged + b.damaged,
  lost: a.lost + b.lost,
  lostMarks: a.lostMarks + b.lostMarks,
});

describe('a trace that is cut before a line that begins anew', () => {
  const LOG = [
    'kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0xd0000, hierarchy:',
    'kvm: ------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000',
    'kvm: ------ spte 0x8913827 level 1.',
  ];
  const PIECES = ['> kvm_mmu_set_spte: gfn 10 spte', '> 797fe67 (rwxu)', 'level 1 at 1a1080', LEAF, ''];
  const lines = fc.array(fc.oneof(mutatedLine, fc.constantFrom(...LOG, ...PIECES)), { maxLength: 40 });

  it('is read as if it were not', () => {
    let cuts = 0;
    fc.assert(
      fc.property(lines, (some) => {
        // A line may have newlines in it.
        const all = some.join('\n').split('\n');
        const whole = read(all.join('\n'), 1);
        for (const [index, line] of all.entries()) {
          if (index === all.length - 1 || !beginsAnew(line)) continue;
          const before = read(all.slice(0, index).join('\n') + (index > 0 ? '\n' : ''), 1);
          const after = read(all.slice(index).join('\n'), index + 1);
          expect([...before.entries, ...after.entries]).toEqual(whole.entries);
          expect(sum(before.counts, after.counts)).toEqual(whole.counts);
          cuts++;
        }
      }),
      { numRuns: Number(process.env['SPTE_FUZZ_RUNS'] ?? 100) },
    );
    expect(cuts).toBeGreaterThan(100);
  });

  it('is not cut within a block, a mail or a line of more than a megabyte', () => {
    expect([...LOG, ...PIECES].map(beginsAnew)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      true,
      false,
    ]);
    expect(beginsAnew(`${LEAF}${' '.repeat((1 << 20) - LEAF.length)}`)).toBe(true);
    expect(beginsAnew(`${LEAF}${' '.repeat((1 << 20) - LEAF.length + 1)}`)).toBe(false);
  });
});

describe('a line of more than a megabyte', () => {
  it('is passed on in the same pieces, wherever the input is cut', () => {
    const text = `${LEAF}\n${'x'.repeat((1 << 20) + 5)}\n${'y'.repeat(1 << 21)}\n${LEAF}`;
    const whole = read(text, 1).entries;
    expect(whole.map(({ text, newline }) => [text.length, newline])).toEqual([
      [LEAF.length, true],
      [1 << 20, false],
      [5, true],
      [1 << 20, false],
      [1 << 20, true],
      [LEAF.length, false],
    ]);
    for (const size of [1 << 16, 700_001, 1 << 20]) {
      const found: TraceEntry[] = [];
      const reader = traceReader((entry) => found.push(entry));
      for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
      reader.end();
      expect(found).toEqual(whole);
    }
  });
});

/** What annotators say of some lines that stand after others: one by one, and as JSON, with WebAssembly and without. */
function annotateAfter(before: readonly TraceRecord[], text: string, firstLine: number) {
  const annotate = createAnnotator(MMU);
  for (const record of before) annotate(record);
  const counter = annotationCounter();
  let slow = '';
  const reader = traceReader(({ record }) => {
    if (record === null) return;
    const line = annotate(record);
    counter.add(line);
    slow += `${JSON.stringify(line)}\n`;
  }, firstLine);
  reader.push(text);
  reader.end();
  for (const wasm of [true, false]) {
    let fast = '';
    const options = { firstLine, before, wasm };
    const annotator = ndjsonAnnotator(MMU, (lines) => (fast += new TextDecoder().decode(lines)), options);
    annotator.push(bytesOf(text));
    annotator.end();
    expect(fast).toBe(slow);
    expect(annotator.counts).toEqual(reader.counts);
    expect(byName(annotator.sightings())).toEqual(byName(counter.sightings()));
    expect(annotator.tally()).toEqual(counter.tally());
  }
  return { text: slow, sightings: counter.sightings(), tally: counter.tally() };
}

/** Sightings in any order. */
const byName = (seen: AnnotationSightings) => ({
  ...seen,
  codes: new Map(seen.codes),
  fields: new Map(seen.fields),
  events: new Map(seen.events),
  kinds: new Map(seen.kinds),
});

const recordsFrom = (lines: readonly string[], firstLine: number): TraceRecord[] =>
  read(`${lines.join('\n')}\n`, firstLine).entries.flatMap(({ record }) => record ?? []);

describe('lines that are compared', () => {
  const checksOf = (lines: readonly string[]): unknown[] => {
    const { text } = annotateAfter([], lines.join('\n'), 1);
    return (JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as { checks: unknown[] }).checks;
  };
  const apart = (lines: number): string[] => [
    checkLine(1),
    ...Array.from({ length: lines - 1 }, () => OTHER),
    handleLine(1),
  ];

  it('are at most a given number of lines apart', () => {
    expect(checksOf(apart(MAX_LINES_APART))).toHaveLength(2);
    expect(checksOf(apart(MAX_LINES_APART + 1))).toEqual([]);
    // The line is not taken for that of a later one, either.
    expect(checksOf([...apart(MAX_LINES_APART + 1), handleLine(1)])).toEqual([]);
  });

  it('are those of any task, however many there are', () => {
    const half = MAX_LINES_APART / 2;
    const many = Array.from({ length: 3 * half }, (_, line) => checkLine(line + 1));
    // Each a line farther from those of its task than the one before.
    const tasks = [half + 1, half + 2, 3 * half, 1, half];
    const { text } = annotateAfter([], [...many, ...tasks.map(handleLine)].join('\n'), 1);
    const last = text.trimEnd().split('\n').slice(-tasks.length);
    const checks = last.map((line) => (JSON.parse(line) as { checks: unknown[] }).checks.length);
    expect(checks).toEqual([2, 2, 2, 0, 0]);
  });

  it('do not depend on any before the last so many: tasks that come, go, and are too many', () => {
    // A walk through more tasks than are remembered, with pairs near and far.
    const { below } = random(1);
    const lines = Array.from({ length: sampled(3, 8) * MAX_LINES_APART }, () => {
      const task = below(3) === 0 ? below(9000) : below(50);
      return [checkLine, checkLine, handleLine, () => OTHER][below(4)]?.(task) ?? OTHER;
    });
    const whole = annotateAfter([], lines.join('\n'), 1);
    expect(whole.tally.disagreements).toBeGreaterThan(1000);
    for (const start of sampled([1], [1, 3, 6]).map((times) => times * MAX_LINES_APART + 17)) {
      const lead = recordsFrom(lines.slice(start - MAX_LINES_APART, start), start - MAX_LINES_APART + 1);
      const part = annotateAfter(lead, lines.slice(start).join('\n'), start + 1);
      expect(whole.text.endsWith(part.text)).toBe(true);
      expect(part.tally.checks).toBeGreaterThan(1000);
    }
  });
});

describe('what counters of parts have seen', () => {
  const [, , text = ''] = traces.find(([run]) => run === 'svm61-shadow') ?? [];
  /** With much that is wrong, as if it were another machine's. */
  const lines = recordsOf(text).map(createAnnotator(mmuOfRun('vmx73-ept-ad')));
  const counterOf = (part: typeof lines) => {
    const counter = annotationCounter();
    for (const line of part) counter.add(line);
    return counter;
  };
  const tallyOf = (parts: readonly (typeof lines)[]): string => {
    const counter = annotationCounter();
    for (const part of parts) counter.merge(structuredClone(counterOf(part).sightings()));
    return JSON.stringify(counter.tally());
  };

  it('is what one has seen of the whole, in the same order, in whatever order it is taken in', () => {
    const { tally } = counterOf(lines);
    expect(tally().disagreements).toBeGreaterThan(10);
    expect(Object.keys(tally().findingsByCode).length).toBeGreaterThan(1);
    const whole = JSON.stringify(tally());
    fc.assert(
      fc.property(fc.array(fc.nat(lines.length), { maxLength: 6 }), fc.boolean(), (cuts, backwards) => {
        const ends = [0, ...cuts.toSorted((a, b) => a - b), lines.length];
        const parts = ends.slice(1).map((end, index) => lines.slice(ends[index], end));
        expect(tallyOf(backwards ? parts.toReversed() : parts)).toBe(whole);
      }),
    );
  });

  it('goes together with what the counter counts itself', () => {
    const counter = counterOf(lines.slice(100));
    counter.merge(counterOf(lines.slice(0, 100)).sightings());
    expect(JSON.stringify(counter.tally())).toBe(JSON.stringify(counterOf(lines).tally()));
  });

  it('keeps the order of names that are seen equally often', () => {
    const events = (...names: string[]) =>
      names.map((event, index) => ({
        line: index + 1,
        event,
        timestamp: null,
        fields: {},
        sptes: [],
        checks: [],
      }));
    const all = events('c', 'a', 'b', 'b', 'a', 'c', 'd');
    expect(tallyOf([all.slice(4), all.slice(0, 4)])).toContain('"events":{"c":2,"a":2,"b":2,"d":1}');
  });
});
