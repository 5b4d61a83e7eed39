// SPDX-License-Identifier: GPL-2.0-only
import { type Candidate, createMmu, type Mmu } from '@spte/core';
import { machine, machines } from '@spte/testing/machines';
import { mmuOfRun, traces } from '@spte/testing/runs';
import { oneIn } from '@spte/testing/sampled';
import {
  annotate,
  annotationCounter,
  createAnnotator,
  ndjsonAnnotator,
  parseLine,
  traceReader,
} from '@spte/trace';
import { describe, expect, it } from 'vitest';

const usual = machine('EPT with A/D');
const others: readonly Candidate[] = [
  { name: '52 bits', mmu: createMmu({ ...machines['EPT with A/D'], host: { physBits: 52 } }) },
  { name: 'NPT', mmu: machine('NPT') },
];

const say = (line: string, among: readonly Candidate[] = others, mmu: Mmu = usual) => {
  const record = parseLine(`x-1 [000] ..... 6.042: ${line}`);
  if (record === null) throw new Error(`not read: ${line}`);
  return createAnnotator(mmu, { others: among })(record);
};

const changed = (old: string, now: string, level = 1): string =>
  `kvm_tdp_mmu_spte_changed: as id 0 gfn 10 level ${level} old_spte ${old} new_spte ${now}`;

describe('a line that may be of several contexts', () => {
  it('has what is wrong in some of them apart', () => {
    const [spte] = say('kvm_mmu_set_spte: gfn 10 spte 600800455299b77 (rwxu) level 1 at 1a1080', [
      others[0] as Candidate,
    ]).sptes;
    expect(spte?.findings).toEqual([]);
    expect(spte?.possible).toEqual([
      { code: 'reserved-bits', bits: [47], holds: ['likeliest'], not: ['52 bits'] },
    ]);
  });

  it('shows a change that KVM does not make in any, or in some', () => {
    const moved = changed('600000112400bf3', '6000001126009f3', 2);
    expect(say(moved, []).change).toEqual({
      events: ['change-pfn'],
      allowed: false,
      objections: ['pfn-changed'],
    });
    expect(say(changed('0', '600000455299b77'), []).change).toMatchObject({ allowed: true, objections: [] });
    const record = parseLine(moved);
    expect(record && annotate(record, usual).change?.allowed).toBe(false);
    // A leaf beyond the physical addresses, which a wider machine has.
    const far = changed('0', '600800455299b77');
    expect(say(far, [others[0] as Candidate]).change).toMatchObject({
      allowed: null,
      objections: ['new-is-wrong'],
    });
  });

  it('shows no change where the new value is read again', () => {
    const line =
      'fast_page_fault: vcpu 0 gva 113000 error_code W sptep 0x1 old 0x600000455299b75 new 600000455299b77 spurious 0 fixed 1';
    expect(say(line).change).toBeUndefined();
  });

  it('has checks that agree in another context', () => {
    const line = 'kvm_mmu_set_spte: gfn 10 spte 800000000797fe67 (rw-u) level 1 at 1a1080';
    const [check] = say(line, others.slice(1)).checks;
    expect(check).toMatchObject({ field: 'access', agree: false, possible: true });
    expect(say(line, []).checks[0]?.possible).toBeUndefined();
  });

  it('counts what is possible apart, and what is wrong with a line by its code', () => {
    const counter = annotationCounter();
    const [wider, npt] = [others.slice(0, 1), others.slice(1)];
    counter.add(say('kvm_mmu_set_spte: gfn 10 spte 600800455299b77 (rwxu) level 1', wider));
    counter.add(say(changed('0', '600800455299b77'), wider));
    counter.add(say(changed('600000112400bf3', '6000001126009f3', 2), []));
    counter.add(say('kvm_mmu_set_spte: gfn 10 spte 800000000797fe67 (rw-u) level 1', npt));
    counter.add(say('kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (r-xu) level 1', []));
    const log = parseLine('spte = 0x8000000102800ee7, level = 2, rsvd bits = 0x800f0000001fe000');
    if (log !== null) counter.add(annotate(log, machine('NPT')));
    const { findingsByCode, possibleByCode, disagreements } = counter.tally();
    const counts = (by: typeof findingsByCode) =>
      Object.fromEntries(Object.entries(by).map(([code, { count }]) => [code, count]));
    expect(counts(possibleByCode)).toMatchObject({
      'reserved-bits': 2,
      'forbidden-change': 1,
      'check-disagrees': 1,
    });
    expect(counts(findingsByCode)).toEqual({
      'forbidden-change': 1,
      'check-disagrees': 2,
      'printed-reserved-bits': 1,
    });
    expect(disagreements).toBe(3);
  });
});

describe('NDJSON', () => {
  it.each(oneIn(5, traces))('%s %s: is that of the annotator in several contexts', (run, _file, text) => {
    const bytes = new TextEncoder().encode(text);
    const among = [...others, { name: 'shadow paging', mmu: machine('shadow paging') }];
    for (const mmu of [mmuOfRun(run), machine('NPT with SME')]) {
      let written = '';
      const fast = ndjsonAnnotator(mmu, (lines) => (written += new TextDecoder().decode(lines)), {
        others: among,
      });
      fast.push(bytes);
      fast.end();
      const annotator = createAnnotator(mmu, { others: among });
      const counter = annotationCounter();
      let expected = '';
      const reader = traceReader(({ record }) => {
        if (record === null) return;
        const line = annotator(record);
        counter.add(line);
        expected += `${JSON.stringify(line)}\n`;
      });
      reader.push(bytes);
      reader.end();
      expect(written).toBe(expected);
      expect(fast.tally()).toEqual(counter.tally());
    }
  });
});
