// SPDX-License-Identifier: GPL-2.0-only
import { parseLine, readEvent, readLossMark } from '@spte/trace';
import { openDat } from '@spte/trace/dat';
import { describe, expect, it } from 'vitest';
import { formatsOf, pageOf, version7 } from './dat-files.ts';
import { traces } from './runs.ts';

const HEAD = 'CPU 0/KVM-13 [001] ..... 6.043: ';

describe('readEvent()', () => {
  it.each([
    [
      'kvm_mmio: mmio unsatisfied-read len 1 gpa 0xd0000000 val 0x0',
      { type: 'unsatisfied-read', len: 1, gpa: '0xd0000000', val: '0x0' },
    ],
    ['kvm_mmio:             mmio  len 1 gpa 0x10 val 0x0', { type: '', len: 1, gpa: '0x10', val: '0x0' }],
    ['kvm_mmio: type=2 len=1 gpa=0x10 val=0x5', { type: 2, len: 1, gpa: '0x10', val: '0x5' }],
    ['kvm_unmap_hva_range: mmu notifier unmap range: 0x00ff -- 0x0100', { start: '0x00ff', end: '0x0100' }],
    ['kvm_age_hva: mmu notifier age hva: 0x1 -- 0x2', { start: '0x1', end: '0x2' }],
    ['kvm_test_age_hva: mmu notifier test age hva: 0x1', { hva: '0x1' }],
    ['kvm_set_spte_hva: mmu notifier set pte hva: 0x1', { hva: '0x1' }],
    ['kvm_age_page: hva 7fbc gfn 8 level 1 OLD', { hva: '0x7fbc', gfn: '0x8', level: 1, state: 'OLD' }],
    ['kvm_entry: vcpu 0, rip 0x2000', { vcpu: 0 }],
    ['kvm:kvm_entry: vcpu 0', { vcpu: 0 }],
    ['kvm_pml_full: vcpu 2: PML full', { vcpu: 2 }],
    ['kvm_fast_mmio: fast mmio at gpa 0xfe0', { gpa: '0xfe0' }],
    [
      'kvm_dirty_ring_push: ring 1: dirty 0x2 reset 0x1 slot 1 offset 0x10 (used 1)',
      { index: 1, dirty: '0x2', reset: '0x1', slot: 1, offset: '0x10', used: 1 },
    ],
    ['kvm_mmio: mmio garbled', {}],
    ['sched_switch: prev_comm=x', {}],
  ])('%s', (text, fields) => {
    expect(readEvent(`${HEAD}${text}`, 9)).toMatchObject({
      line: 9,
      task: 'CPU 0/KVM',
      pid: 13,
      cpu: 1,
      timestamp: '6.043',
    });
    expect(readEvent(`${HEAD}${text}`)?.fields).toEqual(fields);
  });

  it('takes markers by one name, and lines that parseLine() reads as it does', () => {
    expect(readEvent(`${HEAD}print: PHASE x`)?.event).toBe('tracing_mark_write');
    const line = `${HEAD}kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080`;
    expect(readEvent(line, 3)).toEqual(parseLine(line, 3));
  });

  it.each([
    '# tracer: nop',
    'kvm_entry: vcpu 0',
    '6.043: kvm_entry: vcpu 0',
    'qemu-1 6.043: kvm_entry: vcpu 0',
    `${'x'.repeat(300)}-1 [000] 6.043: kvm_entry: vcpu 0`,
  ])('knows no tracer by %s', (text) => {
    expect(readEvent(text)).toBeNull();
  });

  it('reads every event of every real trace', () => {
    const lines = traces.flatMap(([, , text]) => text.split('\n'));
    const unread = lines.filter((line) => !/^#|^cpus=|^$/.test(line) && readEvent(line) === null);
    expect(unread).toEqual([]);
  });
});

describe('readLossMark()', () => {
  const none = { cpu: null, lost: null, kept: null, cpus: null };

  it.each([
    ['CPU:1 [LOST 540 EVENTS]', { kind: 'gap', cpu: 1, lost: 540 }],
    ['CPU:0 [EVENTS DROPPED]', { kind: 'gap', cpu: 0 }],
    ['# entries-in-buffer/entries-written: 5/9   #P:2', { kind: 'head', lost: 4, kept: 5, cpus: 2 }],
    ['# entries-in-buffer/entries-written: 9/9', { kind: 'head', lost: 0, kept: 9 }],
    ['##### CPU 1 buffer started ####', { kind: 'start', cpu: 1 }],
    [' vm 123 [001] 12.3: PERF_RECORD_LOST lost 12', { kind: 'gap', cpu: 1, lost: 12 }],
    ['PERF_RECORD_LOST lost 12', { kind: 'gap', lost: 12 }],
  ])('%s', (text, mark) => {
    expect(readLossMark(text)).toEqual({ ...none, ...mark });
  });
});

describe('a trace.dat', () => {
  it('gives other events when asked, with their fields', () => {
    const common =
      '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n';
    const fields =
      '\tfield:u32 type;\toffset:8;\tsize:4;\tsigned:0;\n\tfield:u32 gpa;\toffset:12;\tsize:4;\tsigned:0;\n';
    const format = `name: kvm_mmio\nID: 7\nformat:\n${common}\n${fields}\nprint fmt: "x"\n`;
    const file = version7({ formats: formatsOf(format), data: [pageOf([4, 7, 5, 2, 0x1000])] });
    expect([...openDat(file).records()]).toEqual([]);
    expect([...openDat(file, { others: true }).records()]).toMatchObject([
      { event: 'kvm_mmio', pid: 5, fields: { type: 2, gpa: '0x1000' } },
    ]);
  });

  it('says where events were lost', () => {
    const page = Buffer.from(pageOf([2, 7, 5]));
    page.writeUInt32LE((page.readUInt32LE(8) | 0x8000_0000) >>> 0, 8);
    const counted = Buffer.from(page);
    const used = page.readUInt32LE(8) & 0xfff;
    counted.writeUInt32LE((0xc000_0000 | used) >>> 0, 8);
    counted.writeBigUInt64LE(218n, 16 + used);
    const heard: (number | null)[][] = [];
    const onLost = (cpu: number, lost: number | null) => heard.push([cpu, lost]);
    const data = [Buffer.concat([page, counted])];
    for (const record of openDat(version7({ data }), { onLost }).records()) expect(record).toBeNull();
    expect(heard).toEqual([
      [0, null],
      [0, 218],
    ]);
  });
});
