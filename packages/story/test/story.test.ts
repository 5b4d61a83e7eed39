// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Events, line, NPF, NPF_EXIT, SET, tell, trace, type Who } from './tell.ts';

const outcomes = (...events: Events): object => tell(trace(...events)).faults.outcomes;

const EPT_EXIT =
  'kvm_exit: vcpu 0 reason EPT_VIOLATION rip 0x2000 info1 0x19c info2 0 intr_info 0 error_code 0';
const NX = 'kvm_page_fault: vcpu 0 rip 0x2000 address 0x403000 error_code 0x19c';
const PF_EXIT = 'kvm_exit: vcpu 0 reason PF excp rip 0x2000 info1 0x2 info2 0x5000 intr_info 0 error_code 0';
const PF = 'kvm_page_fault: vcpu 0 rip 0x2000 address 0x5000 error_code 0x2';
const change = (gfn: string, level: number, before: string, after: string): string =>
  `kvm_tdp_mmu_spte_changed: as id 0 gfn ${gfn} level ${level} old_spte ${before} new_spte ${after}`;
const fast = (spurious: number, fixed: number, after = '797fe67'): string =>
  `fast_page_fault: vcpu 0 gva 10000 error_code W sptep ffff888001a1080 old 797fe65 new ${after} spurious ${spurious} fixed ${fixed}`;
const MMIO = 'kvm_mmio: mmio write len 1 gpa 0x10000 val 0x5';

describe('what became of a fault', () => {
  it.each([
    ['mapped', [SET]],
    ['silent', ['kvm_mmu_set_spte: gfn 11 spte 797fe67 (rwxu) level 1 at 1a1080']],
    ['mapped', ['kvm_mmu_set_spte: gfn 0 spte 797fe67 (rwxu) level 2 at 1a1080']],
    ['fast-fixed', [fast(0, 1), SET]],
    ['fast-spurious', [fast(1, 0)]],
    ['silent', [fast(0, 0)]],
    ['mmio-installed', ['mark_mmio_spte: sptep:ffff gfn 10 access 7 gen 5', MMIO]],
    ['emulated', [MMIO]],
    ['emulated', ['kvm_mmu_pagetable_walk: addr 2000 pferr 10 F']],
    ['guest-fault', ['kvm_mmu_walker_error: pferr 3 P|W']],
    ['retry-own-invalidation', ['kvm_unmap_hva_range: mmu notifier unmap range: 0x1000 -- 0x2000']],
    ['retry-own-invalidation', ['kvm_set_spte_hva: mmu notifier set pte hva: 0x1000']],
    ['retry-own-invalidation', [change('10', 1, '797fe67', '0')]],
    ['split', [change('0', 2, '7200ce7', '8000000000000000')]],
    ['silent', [change('10', 1, 'garbled', '0')]],
  ])('%s', (outcome, events) => {
    expect(outcomes(NPF_EXIT, NPF, ...events, 'kvm_entry: vcpu 0, rip 0x2000')).toEqual({ [outcome]: 1 });
  });

  it('an MMIO entry is met', () => {
    const exit = NPF_EXIT.replace('0x100000006', '0x10000000e');
    const fault = NPF.replace('0x100000006', '0x10000000e');
    const hit = 'handle_mmio_page_fault: addr:0 gfn 10 access 7';
    expect(outcomes(exit, fault, hit)).toEqual({ 'mmio-hit': 1 });
    expect(outcomes(exit, fault, MMIO)).toEqual({ 'mmio-cached': 1 });
    expect(outcomes(NPF_EXIT, NPF, hit)).toEqual({ silent: 1 });
  });

  it('shadow paging: the address is virtual, and any entry will do', () => {
    const walk = (addr: string, pferr: string): string =>
      `kvm_mmu_pagetable_walk: addr ${addr} pferr ${pferr}`;
    const { faults } = tell(trace(PF_EXIT, PF, SET));
    expect(faults).toMatchObject({
      byAddressKind: { shadow: 1 },
      byStage: { 'shadow:None': 1 },
      outcomes: { mapped: 1 },
    });
    expect(outcomes(PF_EXIT, PF, walk('5000', '2 W'), walk('2000', '10 F'))).toEqual({ emulated: 1 });
    expect(outcomes(PF_EXIT, PF, walk('5000', '2 W'), walk('3000', '10 F'))).toEqual({ emulated: 1 });
    expect(outcomes(PF_EXIT, PF, walk('2000', '10 F'))).toEqual({ silent: 1 });
    expect(outcomes(PF_EXIT, PF, walk('5000', '2 W'), walk('9000', '10 F'))).toEqual({ silent: 1 });
    expect(outcomes(PF_EXIT, PF, walk('5000', '2 W'), walk('2000', '2 W'))).toEqual({ silent: 1 });
  });

  it('a race is lost only where there is another CPU', () => {
    const asked = 'kvm_mmu_spte_requested: gfn 10 pfn 2fae7 level 1';
    const alone = [NPF_EXIT, NPF, asked, NPF_EXIT, NPF, asked, NPF_EXIT, NPF, asked] as const;
    expect(tell(trace(...alone))).toMatchObject({
      faults: { outcomes: { silent: 3 } },
      repeatedFaults: { count: 1, list: [{ lastOutcome: 'silent', outcomes: { silent: 3 } }] },
    });
    const other = ['kvm_entry: vcpu 1, rip 0x2000', { pid: 8, cpu: 1 }] as const;
    expect(tell(trace(...alone, other))).toMatchObject({
      faults: { outcomes: { 'requested-not-set': 3 } },
      repeatedFaults: { list: [{ lastOutcome: 'requested-not-set' }] },
    });
  });

  it('says what it heard, in the order of the windows', () => {
    const heard: string[] = [];
    tell(trace(NPF_EXIT, NPF, SET, NPF_EXIT, NPF), {}, ({ outcome, settledBy }) =>
      heard.push(`${outcome} ${settledBy?.line ?? 'never'}`),
    );
    expect(heard).toEqual(['mapped 3', 'silent never']);
  });
});

describe('faults', () => {
  it('are told apart without their exit', () => {
    const ept = 'kvm_page_fault: vcpu 0 rip 0x2000 address 0x10000 error_code 0x182';
    expect(tell(trace(ept)).faults).toMatchObject({ byAccess: { w: 1 }, byStage: { 'tdp:final': 1 } });
    expect(tell(trace('kvm_page_fault: address 10000 error_code 6'), { vendor: 'svm' }).faults).toMatchObject(
      {
        byAccess: { w: 1 },
        byStage: { 'tdp:None': 1 },
      },
    );
    expect(tell(trace('kvm_page_fault: address 10000 error_code 2')).faults.byStage).toEqual({
      'tdp:None': 1,
    });
    expect(tell(trace(NPF.replace('0x100000006', '0x200000006'))).faults.byStage).toEqual({ 'tdp:walk': 1 });
  });
});

describe('loops', () => {
  const again = [NPF_EXIT, NPF];

  it('are three faults in a row that change nothing, and the one behind them', () => {
    const unmap = 'kvm_unmap_hva_range: mmu notifier unmap range: 0x1000 -- 0x2000';
    const other = [unmap, { pid: 30, task: 'kcompactd0' }] as const;
    const own = [unmap, {}] as const;
    const { repeatedFaults } = tell(trace(other, own, ...again, ...again, ...again, SET));
    expect(repeatedFaults).toMatchObject({
      count: 1,
      longest: 3,
      list: [
        {
          task: 7,
          vcpu: 0,
          count: 3,
          lastOutcome: 'mapped',
          lastUnmapByAnotherTask: { task: 'kcompactd0-30', start: '0x1000' },
        },
      ],
    });
    expect(
      tell(trace(...again, ...again, ...again)).repeatedFaults.list[0]?.lastUnmapByAnotherTask,
    ).toBeNull();
  });

  it('a near miss is none: two of them, another address between, one that was mapped', () => {
    const another = NPF.replace('0x10000 ', '0x11000 ');
    for (const events of [
      [...again, ...again],
      [...again, ...again, NPF_EXIT, another, ...again],
      [...again, ...again, SET, ...again, ...again],
    ])
      expect(tell(trace(...events)).repeatedFaults).toMatchObject({ count: 0, longest: 2 });
  });
});

describe('huge pages', () => {
  const huge = (access: string): string =>
    `kvm_mmu_set_spte: gfn 400 spte 7200ce7 (${access}) level 2 at 1a1080`;
  const small = 'kvm_mmu_set_spte: gfn 403 spte 7203c67 (rwxu) level 1 at 1a1080';

  it('are split for execution: by a change, or where a small page is set in one without execution', () => {
    expect(tell(trace(EPT_EXIT, NX, change('400', 2, '7200ce7', '8000000000000000'))).nxSplits).toMatchObject(
      {
        count: 1,
        list: [{ line: 2, address: '0x403000', by: 'leaf-replaced' }],
      },
    );
    expect(tell(trace(huge('rw-u'), EPT_EXIT, NX, small)).nxSplits.list[0]?.by).toBe('remembered-leaf');
  });

  it('near misses: execution was allowed, a read, another range, no access in the line', () => {
    const read = NX.replace('0x19c', '0x199');
    for (const events of [
      [huge('rwxu'), EPT_EXIT, NX, small],
      [huge('rw-u'), huge('rwxu'), EPT_EXIT, NX, small],
      [huge('rw-u'), EPT_EXIT, read, small],
      [EPT_EXIT, NX, small],
      [EPT_EXIT, NX, 'kvm_mmu_set_spte: gfn=0x403 level=1'],
    ])
      expect(tell(trace(...events)).nxSplits.count).toBe(0);
  });

  it('come back by the recovery', () => {
    const zap = 'kvm_mmu_prepare_zap_page: sp gen 0 gfn 400 l1 8-byte q0 direct wux nxe ad root 0 sync';
    const task = 'kvm-nx-lpage-re';
    expect(tell(trace([zap, { pid: 9, task }], zap)).nxRecoveryZaps).toBe(1);
    const split = 'kvm_mmu_split_huge_page: gfn 400 spte 7200ce7 level 2 errno 0';
    expect(tell(trace(split, split.replace('errno 0', 'errno -11'))).hugeSplitLines).toEqual({
      total: 2,
      errno0: 1,
    });
  });
});

describe('changes of entries', () => {
  it.each([
    ['nonpresent', 1, '0', '5a0'],
    ['map', 1, '0', '797fe67'],
    ['link', 2, '0', '9468827'],
    ['zap', 1, '797fe67', '0'],
    ['unlink', 2, '9468827', '0'],
    ['split', 2, '7200ce7', '9468827'],
    ['collapse', 2, '9468827', '7200ce7'],
    ['otherPage', 1, '797fe67', '798fe67'],
    ['otherTable', 2, '9468827', '9469827'],
    ['same', 1, '797fe67', '797fe67'],
    ['otherBits', 1, '797fe67', '8000000797fe67'],
    ['writeProtect', 1, '797fe67', '797fe65'],
    ['writeAllow', 1, '797fe65', '797fe67'],
  ])('%s', (kind, level, before, after) => {
    expect(tell(trace(NPF_EXIT, change('10', level, before, after))).sptesChanged).toEqual({ [kind]: 1 });
  });

  it('accessed and dirty bits stand elsewhere for each vendor', () => {
    const of = (exit: string, before: string, after: string): object | null =>
      tell(trace(exit, change('10', 1, before, after))).sptesChanged;
    expect(of(NPF_EXIT, '797fe67', '797fe47')).toEqual({ age: 1 });
    expect(of(NPF_EXIT, '797fe67', '797fe27')).toEqual({ dirtyClear: 1 });
    expect(of(EPT_EXIT, '797fb77', '797fa77')).toEqual({ age: 1 });
    expect(of(EPT_EXIT, '797fb77', '797f977')).toEqual({ dirtyClear: 1 });
    expect(of(EPT_EXIT, '797f877', '797f870')).toEqual({ age: 1 });
    expect(of(EPT_EXIT, '797f870', '797f877')).toEqual({ unage: 1 });
  });

  it('of 5.10 are those of a probe', () => {
    const probe = (before: string, after: string): string =>
      `kvm_changed_spte: (__handle_changed_spte+0x0/0x500 [kvm]) as_id=0 gfn=0x10 old_spte=${before} new_spte=${after} level=1`;
    const { sptesChanged } = tell(
      trace(probe('0x0', '0x7200c67'), probe('0x7200c67', '0x5a0'), probe('0x0', '0x30000000000000')),
    );
    expect(sptesChanged).toEqual({ map: 1, nonpresent: 1, zap: 1 });
    expect(tell(trace(NPF_EXIT)).sptesChanged).toBeNull();
  });
});

describe('dirty logging', () => {
  const protect = (gfn: string): string => change(gfn, 1, '797fe67', '797fe65');

  it('sweeps end at an exit and at 15 ms, and leave out the work of a fault', () => {
    const lines = [
      line(protect('10'), 0),
      line(protect('11'), 15),
      line(protect('12'), 31),
      line(NPF_EXIT, 32),
      line(protect('13'), 33),
      line('kvm_mmu_set_spte: gfn 13 spte 797fe65 (r-xu) level 1 at 1a1080', 34),
      line(change('14', 1, '797fe67', '797fe27'), 35),
    ];
    expect(tell(lines.join('\n')).dirtySweeps).toMatchObject({
      count: 3,
      writeProtect: 3,
      dirtyClear: 1,
      list: [
        {
          line: 1,
          task: 'qemu-7',
          writeProtect: 2,
          gfnMin: '0x10',
          gfnMax: '0x11',
          pages: 2,
          levels: { 1: 2 },
        },
        { line: 3, writeProtect: 1 },
        { line: 7, dirtyClear: 1 },
      ],
    });
  });

  it('a page that was protected again before its fix was printed', () => {
    expect(tell(trace(fast(0, 1, '797fe65'))).fastFixedButProtectedAgain).toEqual([
      { time: '0.000000', task: 7, gfn: '0x10' },
    ]);
  });

  it('rings', () => {
    const push = 'kvm_dirty_ring_push: ring 0: dirty 0x1 reset 0x0 slot 1 offset 0x10 (used 1)';
    expect(tell(trace(push, push)).dirtyRingPushes).toEqual({ 7: 2 });
  });
});

describe('MMIO', () => {
  it('is counted by page, which the exit says, or a line behind it', () => {
    const misconfig =
      'kvm_exit: vcpu 0 reason EPT_MISCONFIG rip 0x2000 info1 0 info2 0 intr_info 0 error_code 0';
    const read = 'kvm_mmio: mmio unsatisfied-read len 1 gpa 0x10000 val 0x0';
    const check = (valid: number): string =>
      `check_mmio_spte: spte 600000800d0000f kvm_gen 1 spte-gen 1 valid ${valid}`;
    const { mmio } = tell(
      trace(misconfig, check(1), read, read.replace('unsatisfied-', ''), misconfig, check(0), SET, misconfig),
    );
    expect(mmio).toMatchObject({
      exits: 3,
      exitsByGfn: { unknown: 2, '0x10': 1 },
      gfnFrom: { kvm_mmio: 1, unknown: 2 },
      checks: 2,
      stale: 1,
      lines: 2,
      accessesByGfn: { '0x10': { read: 1, write: 0, unsatisfiedRead: 1 } },
    });
  });

  it('under shadow paging is a page fault with a reserved bit', () => {
    const exit = (code: string, event = '0x80000b0e'): string =>
      `kvm_exit: vcpu 0 reason EXCEPTION_NMI rip 0x2000 info1 0x5000 info2 0 intr_info ${event} error_code ${code}`;
    expect(tell(trace(exit('0x9'), MMIO)).mmio.exits).toBe(1);
    expect(tell(trace(exit('0x1'), MMIO)).mmio.exits).toBe(0);
    expect(tell(trace(exit('0x9', '0x80000306'), MMIO)).mmio.exits).toBe(0);
    expect(tell(trace(PF_EXIT.replace('info1 0x2', 'info1 0xa'), MMIO)).mmio.exits).toBe(1);
  });

  it('of raw mode has types by number', () => {
    const raw = (type: number): string => `kvm_mmio: type=${type} len=1 gpa=0x10000 val=0x0`;
    expect(tell(trace(raw(0), raw(1), raw(2), raw(9), 'kvm_mmio: what')).mmio).toMatchObject({
      lines: 5,
      accessesByGfn: { '0x10': { read: 1, write: 1, unsatisfiedRead: 2 } },
    });
  });
});

describe('raw mode', () => {
  const exit = (reason: number, isa = 2): string =>
    `kvm_exit: exit_reason=${reason} guest_rip=0x2000 isa=${isa} info1=0x100000006 info2=0x10000 intr_info=0x0 error_code=0x0 vcpu_id=3`;

  it('has reasons by number, of which the vendor knows the names', () => {
    expect(tell(trace(exit(0x400), exit(-1), exit(0x3ff), exit(12, 1)))).toMatchObject({
      vcpus: [3],
      exitReasons: { npf: 1, HLT: 1, '0x3ff': 1, invalid_guest_state: 1 },
    });
    expect(tell(trace(exit(12, 1)), { exits: [] }).exitReasons).toEqual({ '0xc': 1 });
  });

  it.each([
    [[5, 10], 3],
    [[6, 1], 4],
    [[6, 12], 5],
  ] as const)('of %j: what fast_page_fault returns', (kernel, fixed) => {
    const fault = (ret: number): string =>
      `fast_page_fault: vcpu_id=3 cr2_or_gpa=0x10000 error_code=2 sptep=0xffff old_spte=0x797fe65 new_spte=0x797fe67 ret=${ret}`;
    const said = (ret: number): object => tell(trace(NPF_EXIT, NPF, fault(ret)), { kernel }).faults.outcomes;
    expect(said(fixed)).toEqual({ 'fast-fixed': 1 });
    expect(said(fixed + 1)).toEqual({ 'fast-spurious': 1 });
    expect(said(fixed - 1)).toEqual({ silent: 1 });
  });
});

describe('notifiers, generations', () => {
  it('are counted by task', () => {
    const story = tell(
      trace(
        'kvm_age_hva: mmu notifier age hva: 0x1000 -- 0x2000',
        'kvm_age_page: hva 7fbc59608000 gfn 8 level 1 OLD',
        'kvm_age_page: hva=0x1000 gfn=0x8 level=1 referenced=1',
        'kvm_age_page: hva=0x1000 gfn=0x8 level=1 referenced=0',
        'kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 1 used_pages 0',
        'kvm_mmu_zap_all_fast: mmu_valid_gen=0 mmu_used_pages=0',
      ),
    );
    expect(story).toMatchObject({
      notifiers: { kvm_age_hva: { total: 1, byTask: { 'qemu-7': 1 } }, kvm_age_page: { total: 3 } },
      agePage: { OLD: 2, YOUNG: 1 },
      zapAlls: { count: 2, generations: { 0: 1, 1: 1 } },
    });
  });
});

describe('losses', () => {
  it('make a fault unknown only where nothing else tells, on a CPU of its task', () => {
    const lost = (cpu: number): string => `CPU:${cpu} [LOST 5 EVENTS]`;
    const story = (...lines: string[]) => tell(lines.join('\n'));
    const cut = story(line(NPF_EXIT, 1), line(NPF, 2), lost(0), line(NPF_EXIT, 3));
    expect(cut).toMatchObject({
      faultsCutByLoss: 1,
      faults: { outcomes: { 'unknown-lost': 1 } },
      lost: {
        marks: 1,
        events: 5,
        byCpu: { 0: 1 },
        list: [{ line: 3, cpu: 0, events: 5, after: '0.002000', before: '0.003000' }],
      },
    });
    expect(story(line(NPF_EXIT, 1), line(NPF, 2), lost(1), line(NPF_EXIT, 3))).toMatchObject({
      faultsCutByLoss: 0,
      faults: { outcomes: { silent: 1 } },
    });
    expect(story(line(NPF_EXIT, 1), line(NPF, 2), lost(0), line(SET, 3))).toMatchObject({
      faultsCutByLoss: 1,
      faults: { outcomes: { mapped: 1 } },
    });
    const moved = line('kvm_entry: vcpu 0', 3, { cpu: 1 });
    expect(
      story(line(NPF_EXIT, 1), line(NPF, 2), lost(1), lost(1), moved).lost.list.map(({ before }) => before),
    ).toEqual(['0.003000', '0.003000']);
    const perf = '  qemu 7 what PERF_RECORD_LOST lost 3';
    expect(story(line(NPF, 2), perf)).toMatchObject({
      faultsCutByLoss: 1,
      lost: { byCpu: {}, list: [{ cpu: null, events: 3, after: null, before: null }] },
    });
  });

  it('of the head of a buffer', () => {
    const text = [
      '# entries-in-buffer/entries-written: 5/9   #P:2',
      line(NPF, 1),
      '##### CPU 1 buffer started ####',
      line(NPF, 2, { cpu: 1, pid: 8 }),
    ];
    expect(tell(text.join('\n'))).toMatchObject({
      header: { inBuffer: 5, written: 9, cpus: 2 },
      buffersStarted: [{ line: 3, cpu: 1, time: '0.002000' }],
    });
  });
});

describe('order', () => {
  it('is that of the time, however late a line comes', () => {
    const lines = [line(NPF_EXIT, 1), line(SET, 3), line(NPF, 2), line('kvm_entry: vcpu 1', 1, { pid: 8 })];
    expect(tell(lines.join('\n'))).toMatchObject({
      outOfOrderLines: 2,
      outOfOrderWithinTask: 1,
      faults: { outcomes: { mapped: 1 } },
      timeRange: { first: '0.001000', last: '0.003000', seconds: 0.002 },
    });
    expect(tell('').timeRange).toEqual({ first: null, last: null, seconds: 0 });
    expect(tell('CPU:0 [LOST 5 EVENTS]\nkvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1').lines).toBe(0);
  });

  it('any interleaving of tasks gives the same joins', () => {
    const task = fc.array(fc.constantFrom(NPF_EXIT, NPF, SET, MMIO, change('10', 1, '797fe67', '797fe65')), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.array(task, { maxLength: 4 }), fc.infiniteStream(fc.nat(3)), (tasks, turns) => {
        const queues = tasks.map((events, pid) =>
          events.map((event) => [event, { pid: pid + 1, cpu: pid }] as const),
        );
        const mixed: (readonly [string, Who])[] = [];
        for (const turn of turns) {
          const left = queues.filter((queue) => queue.length > 0);
          const next = left[turn % Math.max(1, left.length)]?.shift();
          if (next === undefined) break;
          mixed.push(next);
        }
        const inTurn = tasks.flatMap((events, pid) =>
          events.map((event) => [event, { pid: pid + 1, cpu: pid }] as const),
        );
        const joined = (story: ReturnType<typeof tell>): object => ({
          outcomes: story.faults.outcomes,
          mmio: story.mmio,
          loops: story.repeatedFaults.count,
          changes: story.sptesChanged,
        });
        expect(joined(tell(trace(...mixed)))).toEqual(joined(tell(trace(...inTurn))));
      }),
    );
  });

  it('lines in whose place events are lost make outcomes unknown, and no other', () => {
    const sign = fc.constantFrom(SET, MMIO, fast(0, 1), fast(1, 0), 'kvm_entry: vcpu 0, rip 0x2000');
    const fault = sign.map((event) => [NPF_EXIT, NPF, event]);
    const events = fc.array(fault, { minLength: 1, maxLength: 8 }).map((faults) => faults.flat());
    fc.assert(
      fc.property(events, fc.nat(), (all, place) => {
        const lines = trace(...all).split('\n');
        const at = place % lines.length;
        const cut = lines.map((text, index) => (index === at ? 'CPU:0 [LOST 1 EVENTS]' : text)).join('\n');
        const outcomesOf = (text: string): Map<number, string> => {
          const found = new Map<number, string>();
          tell(text, {}, ({ fault, outcome }) => found.set(fault.record.line, outcome));
          return found;
        };
        const whole = outcomesOf(lines.join('\n'));
        for (const [number, outcome] of outcomesOf(cut))
          expect([whole.get(number), 'unknown-lost']).toContain(outcome);
      }),
    );
  });
});

describe('bounds', () => {
  it('more tasks, pages and loops than are kept are counted, and said', () => {
    const lines: string[] = [];
    for (let pid = 1; pid <= 5000; pid++) {
      lines.push(line(NPF, pid, { pid }), line(NPF, pid, { pid }), line(NPF, pid, { pid }));
    }
    const story = tell(lines.join('\n'));
    expect(story.repeatedFaults.count).toBe(5000);
    expect(story.faults.total).toBe(15_000);
    expect(story.incomplete).toEqual(['tasks']);
  });

  it('a window that ran on very many CPUs', () => {
    const moves = Array.from({ length: 80 }, (_, cpu) => `qemu-7 [${cpu}] ..... 1.0: kvm_entry: vcpu 0`);
    expect(tell([line(NPF, 1), ...moves].join('\n')).byCpu).toHaveProperty('79');
  });
});
