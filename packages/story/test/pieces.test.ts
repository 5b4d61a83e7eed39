// SPDX-License-Identifier: GPL-2.0-only
import { createStory } from '@spte/story';
import type { TraceRecord } from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { nanoseconds, pidOf, taskOf, wordOf } from '../src/fields.ts';
import { Losses } from '../src/losses.ts';
import { Mmio } from '../src/mmio.ts';
import { Story } from '../src/story.ts';
import { storyJson } from '../src/story-json.ts';
import { Sweeps } from '../src/sweeps.ts';
import { line, NPF, NPF_EXIT, SET, tell, trace } from './tell.ts';

const record = (
  event: string,
  fields: TraceRecord['fields'] = {},
  others: Partial<TraceRecord> = {},
): TraceRecord => ({
  line: 1,
  event,
  form: 'text',
  task: 'qemu',
  pid: 7,
  cpu: 0,
  timestamp: '1.0',
  fields,
  sptes: [],
  block: null,
  ...others,
});

describe('lines that say less than the kernel prints', () => {
  const storyOf = (...records: TraceRecord[]) => {
    const story = createStory();
    for (const one of records) story.event(one);
    return story.end();
  };

  it('are counted as far as they go', () => {
    const fault = { address: '0x10000', error_code: '0x100000006' };
    const story = storyOf(
      record('kvm_exit'),
      record('kvm_exit', { reason: 'EXCEPTION_NMI', info2: '0x80000b0e' }),
      record('kvm_page_fault'),
      record('kvm_page_fault', { address: '0x10000' }),
      record('kvm_page_fault', fault, { cpu: null }),
      record('kvm_mmu_pagetable_walk'),
      record('kvm_mmu_pagetable_walk'),
      record('kvm_mmu_set_spte', { gfn: '0x10' }),
      record('kvm_mmu_zap_all_fast'),
      record('kvm_mmu_split_huge_page'),
      record('kvm_dirty_ring_push'),
      record('fast_page_fault', { fixed: 1 }, { sptes: [{ role: 'new', value: 0n, level: null }] }),
      record('fast_page_fault', { fixed: 1 }),
      record('kvm_unmap_hva_range', { start: 4096 }, { pid: 8 }),
      record('kvm_page_fault', fault),
      record('kvm_page_fault', fault),
      record('kvm_page_fault', fault),
      record('kvm_exit', {}, { timestamp: null }),
      record('kvm_exit', {}, { pid: null }),
    );
    expect(story).toMatchObject({
      exitReasons: { '': 1, EXCEPTION_NMI: 1 },
      faults: { total: 6, outcomes: { 'fast-fixed': 1, silent: 3 } },
      zapAlls: { generations: { '-1': 1 } },
      hugeSplitLines: { total: 1, errno0: 0 },
      fastFixedButProtectedAgain: [{ gfn: '0x0' }],
      repeatedFaults: { list: [{ lastUnmapByAnotherTask: { start: '0x1000', end: '0x0' } }] },
    });
  });

  it('names, numbers and times', () => {
    const nobody = record('x', {}, { task: null, pid: null });
    expect([taskOf(nobody), pidOf(nobody)]).toEqual(['<...>-0', 0]);
    expect(wordOf(record('x', { n: 5 }), 'n')).toBe(5n);
    expect(nanoseconds('9'.repeat(400))).toBeNull();
    expect(nanoseconds('1.5')).toBe(1_500_000_000);
  });
});

describe('bounds', () => {
  it('of pages, sweeps and CPUs', () => {
    const mmio = new Mmio(1);
    for (const gpa of ['0x1000', '0x2000', '0x1000'])
      mmio.take({ wait: null }, record('kvm_mmio', { type: 'read', gpa }));
    expect([mmio.lines, mmio.uncounted, mmio.accesses.size]).toEqual([3, 1, 1]);
    const full = new Story({}, () => undefined);
    full.mmio.uncounted = 1;
    expect(storyJson(full).incomplete).toEqual(['mmio.accessesByGfn']);

    const sweeps = new Sweeps(1);
    const state = { pending: null, open: null };
    const change = {
      level: 1,
      old: 0n,
      new: 0n,
      wasLeaf: true,
      isLeaf: true,
      wasPresent: true,
      isPresent: true,
    };
    for (const gfn of [1, 2]) sweeps.take(state, record('x'), { ...change, kind: 'writeProtect', gfn });
    sweeps.take(state, record('x'), { ...change, kind: 'writeProtect', gfn: null });
    sweeps.close(state);
    expect(sweeps.found.items).toMatchObject([{ writeProtect: 2, pages: 1 }]);

    const losses = new Losses(1);
    const gap = { kind: 'gap', lost: null, kept: null, cpus: null } as const;
    losses.mark(5, { ...gap, cpu: 0 });
    losses.mark(5, { ...gap, cpu: 1 });
    losses.line(0, '1.0');
    losses.line(1, '1.0');
    losses.line(0, '2.0');
    expect([losses.since(4, 0), losses.since(4, 1), losses.events]).toEqual([true, false, 0]);
    losses.mark(6, { ...gap, kind: 'head', cpu: null });
    expect(losses.head).toEqual({ inBuffer: 0, written: 0, cpus: null });
  });

  it('of lists', () => {
    const again = Array.from({ length: 16_400 }, (_, at) =>
      line(
        'fast_page_fault: vcpu 0 gva 10000 error_code W sptep ffff888001a1080 old 1 new 1 spurious 0 fixed 1',
        at,
      ),
    );
    const story = tell(again.join('\n'));
    expect(story.fastFixedButProtectedAgain).toHaveLength(1 << 14);
    expect(story.incomplete).toEqual(['fastFixedButProtectedAgain']);
  });

  it('of a buffer', () => {
    const story = createStory({}, undefined);
    story.mark(1, { kind: 'head', cpu: null, lost: 3, kept: 4, cpus: 2 });
    expect(story.end().header).toEqual({ inBuffer: 4, written: 7, cpus: 2 });
  });
});

describe('near misses', () => {
  it('a huge page that is replaced while an MMIO entry is met is no split', () => {
    const reserved = NPF.replace('0x100000006', '0x10000000e');
    const split = 'kvm_tdp_mmu_spte_changed: as id 0 gfn 0 level 2 old_spte 7200ce7 new_spte 0';
    expect(tell(trace(NPF_EXIT, reserved, split)).faults.outcomes).toEqual({ 'retry-own-invalidation': 1 });
  });

  it('a loop in which a race was lost, in the end mapped, on one CPU', () => {
    const asked = 'kvm_mmu_spte_requested: gfn 10 pfn 2fae7 level 1';
    const again = [NPF_EXIT, NPF, asked] as const;
    expect(tell(trace(...again, ...again, ...again, SET)).repeatedFaults.list).toMatchObject([
      { lastOutcome: 'mapped', outcomes: { silent: 2, mapped: 1 } },
    ]);
  });
});
