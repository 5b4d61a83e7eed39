// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { exits } from '@spte/testing/exits';
import { sampled } from '@spte/testing/sampled';
import {
  type AnnotationTally,
  annotationCounter,
  createAnnotator,
  type NdjsonOptions,
  ndjsonAnnotator,
  type TraceCounts,
  traceReader,
} from '@spte/trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutatedLine } from './mutations.ts';
import { bytesOf, encrypting, mmuOfRun, pushAll, traces } from './runs.ts';

interface Annotated {
  readonly text: string;
  readonly counts: TraceCounts;
  readonly tally: AnnotationTally;
}

function fast(mmu: Mmu, bytes: Uint8Array, size: number, options: NdjsonOptions = {}): Annotated {
  let text = '';
  const reader = ndjsonAnnotator(
    mmu,
    (lines) => {
      text += new TextDecoder().decode(lines);
    },
    { exits, ...options },
  );
  pushAll((chunk) => reader.push(chunk), bytes, size);
  reader.end();
  const tally = reader.tally();
  // Nothing is counted twice.
  expect(reader.tally()).toEqual(tally);
  return { text, counts: reader.counts, tally };
}

function slow(mmu: Mmu, bytes: Uint8Array, size: number): Annotated {
  let text = '';
  const annotate = createAnnotator(mmu, { exits });
  const counter = annotationCounter();
  const reader = traceReader(({ record }) => {
    if (record === null) return;
    const line = annotate(record);
    counter.add(line);
    text += `${JSON.stringify(line)}\n`;
  });
  pushAll((chunk) => reader.push(chunk), bytes, size);
  reader.end();
  return { text, counts: reader.counts, tally: counter.tally() };
}

const MMUS = ['vmx73-ept-ad', 'svm61-shadow', 'vmx510-ept-noad', 'vmx61-himmio-ept-ad'].map(mmuOfRun);

const MMU = MMUS[0] as Mmu;
const SET = 'vm-1 [000] 6.041284: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';

/** A leaf's value, with a number in bits 63:52 and 11:9. */
const attributes = (n: number): bigint =>
  BigInt.asUintN(64, BigInt(n) << 52n) | (BigInt(n >> 12) << 9n) | 0x797f067n;

it('lines of the kernel log are refined before they are counted, and no others', () => {
  const log = 'spte = 0x8000000102800ee7, level = 2, rsvd bits = 0x800f0000001fe000';
  const refine: NdjsonOptions['refine'] = (line, { form }, text) => ({
    ...line,
    event: `${form} ${text.length}`,
    sptes: line.sptes.map((spte) => ({ ...spte, findings: [] })),
    checks: [],
  });
  const bytes = bytesOf(`${SET}\n${log}\n`);
  const { text, tally } = fast(MMU, bytes, 64, { refine });
  const [first, second] = text.split('\n');
  expect(first).toBe(fast(MMU, bytes, 64).text.split('\n')[0]);
  expect(second).toContain(`"event":"log ${log.length}"`);
  expect(tally.findings).toBe(fast(MMU, bytesOf(`${SET}\n`), 64).tally.findings);
  expect(fast(MMU, bytes, 64).tally.findings).toBeGreaterThan(tally.findings);
});

describe('NDJSON', () => {
  it.each(traces)('%s %s: is that of the annotator', (run, _file, text) => {
    const bytes = bytesOf(text);
    // That of the run, and that of another, with which much is wrong.
    const other = MMUS[traces.findIndex(([, , found]) => found === text) % MMUS.length] as Mmu;
    for (const mmu of [mmuOfRun(run), other]) {
      expect(fast(mmu, bytes, 5000)).toEqual(slow(mmu, bytes, 5000));
    }
  });

  it('begins with members that are asked for', () => {
    const text = `${SET}\nkvm_mmu_set_dirty_bit: gpa 1 é\n`;
    let written = '';
    const annotator = ndjsonAnnotator(
      MMU,
      (lines) => {
        written += new TextDecoder().decode(lines);
      },
      { members: { file: 'ü"' } },
    );
    annotator.push(bytesOf(text));
    annotator.end();
    const lines = written.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^\{"file":"ü\\"","line":\d,"event":/);
    expect(lines.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual([1, 2]);
  });

  it.each([
    ['checks', (i: number) => `797fe67 (${(i % 17_000).toString(36)})`],
    ['entries', (i: number) => `${attributes(i % 9000).toString(16)} (rwxu)`],
  ])('of more %s than can be kept is right: all are forgotten, and begun anew', (_what, spte) => {
    const lines = Array.from(
      { length: 18_000 },
      (_, i) => `vm-1 [000] .... 4.6: kvm_mmu_set_spte: gfn 10 spte ${spte(i)} level 1`,
    );
    const bytes = bytesOf(lines.join('\n'));
    expect(fast(MMU, bytes, 1 << 20)).toEqual(slow(MMU, bytes, 1 << 20));
  });

  it('remembers the MMIO SPTEs of many tasks as the annotator does', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => [
      `vm-${i} [000] .... 4.614802: check_mmio_spte: spte 380000d0000057 kvm_gen a spte-gen a valid 1`,
      i % 2 === 0 ? '' : `vm-${i >> 1} [000] .... 4.7: handle_mmio_page_fault:addr:0 gfn d0000 access 6`,
    ]).flat();
    // Without a task, and not for the kernel.
    lines.push(
      'check_mmio_spte: spte 380000d0000057 kvm_gen a spte-gen a valid 1 é',
      'handle_mmio_page_fault: addr:0 gfn d0000 access 6',
    );
    const bytes = bytesOf([...lines, ...lines.toReversed()].join('\n'));
    expect(fast(MMU, bytes, 1 << 20)).toEqual(slow(MMU, bytes, 1 << 20));
  });

  it('of more than is written at once is whole', () => {
    const fields = (count: number) => Array.from({ length: count }, (_, i) => `a${i}=${i}`).join(' ');
    const foreign = Array.from({ length: 600 }, () => `é ${SET}`);
    const lines = [
      SET,
      `kvm_mmu_set_spte: gfn=1 ${fields(30)}`,
      `kvm_mmu_set_spte: gfn=1 ${fields(30_000)}`,
      ...foreign,
    ];
    const bytes = bytesOf([...lines, `kvm_mmu_set_spte: gfn=1 7=1`, SET].join('\n'));
    expect(fast(MMU, bytes, 1 << 20)).toEqual(slow(MMU, bytes, 1 << 20));
  });

  it.each(Object.entries(encrypting))('of entries with and without encryption: %s', (_name, mmu) => {
    const values = [0x1827n, 0x1907n, 0x797fe67n, 0x8000_0000_0797_fe67n, 0x56n, 0x5a0n, 0n];
    const bits = [0n, mmu.masks.meMask, mmu.masks.meMask & -mmu.masks.meMask];
    const lines = bits.flatMap((bit) =>
      values.flatMap((value) =>
        [1n, 2n, 3n].map((pfn) => {
          const spte = ((value ^ (pfn << 13n)) | bit).toString(16);
          return `vm-1 [000] 6.0: kvm_mmu_set_spte: gfn 10 spte ${spte} (rwxu) level ${1n + (pfn & 1n)} at 1a1080\nkvm_mmio_spte: (x) spte=0x${spte}`;
        }),
      ),
    );
    // Each first sight in both orders.
    const bytes = bytesOf([...lines, ...lines.toReversed()].join('\n'));
    const reversed = bytesOf([...lines.toReversed(), ...lines].join('\n'));
    for (const text of [bytes, reversed]) expect(fast(mmu, text, 5000)).toEqual(slow(mmu, text, 5000));
  });

  it('of more exits than can be kept is right: all are forgotten, and begun anew', () => {
    const lines = Array.from({ length: sampled(16_500, 18_000) }, (_, i) => [
      `vm-1 [000] .... 4.6: kvm_exit: vcpu 0 reason ${i % 2 === 0 ? 'CR_ACCESS' : `R${i % 17_000}`} rip 0x${i.toString(16)} info1 0x${(i % 17_000).toString(16)} info2 0x0 intr_info 0x0 error_code 0x0`,
      `vm-${i % 2} [000] .... 4.6: kvm_page_fault: address ${i.toString(16)} error_code ${i.toString(16)}`,
    ]).flat();
    const bytes = bytesOf(lines.join('\n'));
    expect(fast(MMU, bytes, 1 << 20)).toEqual(slow(MMU, bytes, 1 << 20));
  });

  it('of a reason that is longer than any is right', () => {
    const lines = ['A'.repeat(31), 'A'.repeat(32), 'A b c', '"', '\u0001', '@rip'].map(
      (reason) => `vm-1 [000] 4.6: kvm_exit: vcpu 0 reason ${reason} rip 0x1 info 1 2`,
    );
    const bytes = bytesOf([...lines, ...lines].join('\n'));
    expect(fast(MMU, bytes, 1 << 20)).toEqual(slow(MMU, bytes, 1 << 20));
  });

  it('of lines with names never seen is learned, until there is no room', () => {
    const lines = Array.from(
      { length: 3000 },
      (_, i) => `vm-1 [000] 1.5: kvm_mmu_set_spte: gfn=1 spte=${i} x${i >> 1}=1`,
    );
    const bytes = bytesOf(lines.join('\n'));
    expect(fast(MMU, bytes, 1 << 16)).toEqual(slow(MMU, bytes, 1 << 16));
  });

  it('of mutated lines is that of the annotator, with and without WebAssembly', { timeout: 1e7 }, () => {
    fc.assert(
      fc.property(
        fc.array(mutatedLine, { maxLength: 20 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom(...MMUS),
        (lines, size, mmu) => {
          const bytes = bytesOf([...lines, ...lines].join('\n'));
          const expected = slow(mmu, bytes, size);
          expect(fast(mmu, bytes, size)).toEqual(expected);
          expect(fast(mmu, bytes, size, { wasm: false })).toEqual(expected);
        },
      ),
      { numRuns: Number(process.env['SPTE_FUZZ_RUNS'] ?? sampled(12, 40)) },
    );
  });
});
