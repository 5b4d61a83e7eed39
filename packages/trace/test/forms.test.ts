// SPDX-License-Identifier: GPL-2.0-only
import { hierarchyBlocks, parseLine, readTrace, readTraceSync, traceReader } from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { pattern } from '../src/events/pattern.ts';
import { entriesOf, recordsOf } from './runs.ts';

const SET = 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';

describe('where a line comes from', () => {
  it.each([
    ['          vmtest-222     [000] ...1.     6.041284: ', 'vmtest', 222, 0, '6.041284'],
    ['       CPU 0/KVM-1234    [063] d..1.  9999.041284: ', 'CPU 0/KVM', 1234, 63, '9999.041284'],
    ['           <...>-77      (  1200) [003] ....  6.04: ', '<...>', 77, 3, '6.04'],
    ['           a-b-c-77      (-----) [003] ....   6.04: ', 'a-b-c', 77, 3, '6.04'],
    ['          vmtest-202   [000]    11.635329: ', 'vmtest', 202, 0, '11.635329'],
    [' CPU 3/KVM  4711 [007]  5213.123456:   kvmmmu:', 'CPU 3/KVM', 4711, 7, '5213.123456'],
    ['qemu-kvm  4711/4720  [007]  5213.123456: kvmmmu:', 'qemu-kvm', 4720, 7, '5213.123456'],
    ['> vm-6434 [059] .... 234.587042: ', 'vm', 6434, 59, '234.587042'],
    ['> > > vm-6434 [059] .... 234.587042: ', 'vm', 6434, 59, '234.587042'],
    ['', null, null, null, null],
    ['kvmmmu:', null, null, null, null],
    ['  234.587042: ', null, null, null, '234.587042'],
    ['x [y] 234.587042: ', null, null, null, '234.587042'],
    ['12] 234.587042: ', null, null, null, '234.587042'],
    ['name [001] 234.5: ', 'name', null, 1, '234.5'],
    ['name-x [001] 234.5: ', 'name-x', null, 1, '234.5'],
    ['name1 [001] 234.5: ', 'name1', null, 1, '234.5'],
    ['77 [001] 234.5: ', null, 77, 1, '234.5'],
    [' [001] 234.5: ', null, null, 1, '234.5'],
    ['x) [001] 234.5: ', 'x)', null, 1, '234.5'],
    ['vm-99999999999 [001] 234.5: ', 'vm-99999999999', null, 1, '234.5'],
    ['[    5.123456] vmtest-222 0d..1 6041284us : ', null, null, null, null],
    ['no time: ', null, null, null, null],
    [`${'x'.repeat(300)}-1 [001] 234.5: `, null, null, null, null],
  ])('%j is read from its end', (header, task, pid, cpu, timestamp) => {
    const record = parseLine(header + SET, 7);
    expect(record).toMatchObject({ line: 7, event: 'kvm_mmu_set_spte', task, pid, cpu, timestamp });
    expect(record?.fields).toEqual({
      gfn: '0x10',
      spte: '0x797fe67',
      access: 'rwxu',
      level: 1,
      at: '0x1a1080',
    });
  });

  it.each([
    ['[  123.456789] ', '123.456789', null, null],
    ['[  123.456789][ T4321] ', '123.456789', 4321, null],
    ['<4>[  123.456789][   C12] kvm: ', '123.456789', null, 12],
    ['Nov 22 19:15:03 host kernel: ', null, null, null],
    ['> kvm: ', null, null, null],
  ])('%j is that of a log', (header, timestamp, pid, cpu) => {
    const record = parseLine(`${header}------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000`);
    expect(record).toMatchObject({ event: 'get_mmio_spte', form: 'log', timestamp, pid, cpu, task: null });
  });
});

describe('what an event prints', () => {
  const page = (access: string) => ({ gen: 0, gfn: '0x14b600', level: 1, gpte_size: 8, quadrant: 0, access });
  const PAGE = 'sp gen 0 gfn 14b600 l1 8-byte q0';
  it.each([
    ['kvm_mmu_set_spte: gfn 1 spte 6000001c6e00b77 (rwxu) level 1', { gfn: '0x1', access: 'rwxu' }, ['spte']],
    [
      'mark_mmio_spte: sptep:ffff888006db2000 gfn d0000 access 7 gen a',
      { sptep: '0xffff888006db2000', gen: '0xa' },
      [],
    ],
    ['mark_mmio_spte: sptep:(____ptrval____) gfn d0 access 7 gen a', { sptep: '(____ptrval____)' }, []],
    ['handle_mmio_page_fault: addr:0 gfn d0000 access 6', { addr: '0x0', gfn: '0xd0000', access: '0x6' }, []],
    [
      'check_mmio_spte: spte 80000d0057 kvm_gen a spte-gen b valid 0',
      { kvm_gen: '0xa', 'spte-gen': '0xb', valid: 0 },
      ['spte'],
    ],
    [
      'fast_page_fault: vcpu 4 gva 20fe612 error_code F sptep 00000000fd98c937 old 0x61000034d4fe877 new 61000034d4fe877 spurious 1 fixed 0',
      { vcpu: 4, error_code: 'F', old: '0x61000034d4fe877', new: '0x61000034d4fe877', spurious: 1, fixed: 0 },
      ['old', 'new'],
    ],
    [
      'fast_page_fault: vcpu 0 gva 1 error_code  sptep 00 old 0x0 new 0 spurious 0 fixed 0',
      { error_code: '', sptep: '0x00' },
      ['old', 'new'],
    ],
    [
      'fast_page_fault: vcpu 0 gva 1 error_code sptep 00 old 0x0 new 0 spurious 0 fixed 0',
      { error_code: '', sptep: '0x00' },
      ['old', 'new'],
    ],
    [
      'fast_page_fault: vcpu 0 gva 1 error_code P|W|U|0x100000000 sptep 00 old 0 new 0 spurious 0 fixed 0',
      { error_code: 'P|W|U|0x100000000' },
      ['old', 'new'],
    ],
    [
      'kvm_tdp_mmu_spte_changed: as id 1 gfn 0 level 4 old_spte 2c583e907 new_spte 5a0',
      { as_id: 1, level: 4, old_spte: '0x2c583e907', new_spte: '0x5a0' },
      ['old', 'new'],
    ],
    ['kvm_mmu_split_huge_page: gfn 400 spte 600ee7 level 2 errno -12', { errno: -12 }, ['spte']],
    ['kvm_mmu_spte_requested: gfn 10 pfn 797f level 1', { gfn: '0x10', pfn: '0x797f', level: 1 }, []],
    ['kvm_mmu_spte_requested: gfn 10 pfn 336 level 1 access f', { access: '0xf' }, []],
    [
      `kvm_mmu_get_page: ${PAGE} direct wux nxe ad root 0 sync new`,
      {
        ...page('wux'),
        direct: true,
        invalid: false,
        nxe: 'nxe',
        ad: 'ad',
        root_count: 0,
        sync: 'sync',
        created: 'new',
      },
      [],
    ],
    [
      `kvm_mmu_get_page: ${PAGE} r-ux invalid !nxe !ad root 1 unsync existing`,
      {
        ...page('r-ux'),
        direct: false,
        invalid: true,
        nxe: '!nxe',
        ad: '!ad',
        root_count: 1,
        sync: 'unsync',
        created: 'existing',
      },
      [],
    ],
    [`kvm_mmu_prepare_zap_page: ${PAGE} --- nxe ad root 0 sync\0`, { ...page('---'), sync: 'sync' }, []],
    [`kvm_mmu_sync_page: ${PAGE} wux nxe ad root 0 unsync`, page('wux'), []],
    [`kvm_mmu_unsync_page: ${PAGE} wux nxe ad root 0 sync`, page('wux'), []],
    [
      'kvm_mmu_get_page:     new sp gfn 0 4 q0 direct wux !pae nxe wp smm root 0 sync',
      { created: 'new', gfn: '0x0', level: 4, pae: '!pae', smm: true },
      [],
    ],
    ['kvm_mmu_prepare_zap_page: 2 q0 direct wux !pae nxe wp root 0 sync', { level: 2, smm: false }, []],
    [
      'kvm_mmu_get_page:     new sp gfn 0 4 q0 direct wux invalid !pae !nxe wp smep root 0 sync',
      { created: 'new', invalid: true, wp: 'wp', smep: true, smap: false, smm: false },
      [],
    ],
    [
      'kvm_mmu_sync_page: 1 q0 wux !pae nxe wp smep smap smm root 0 unsync',
      { smep: true, smap: true, smm: true, sync: 'unsync' },
      [],
    ],
    // Exits and faults, oldest first; then as trace-cmd's plugin has them.
    [
      'kvm_exit: vcpu 0 reason EPT_VIOLATION rip 0xfff info 182 80000b0e',
      { vcpu: 0, reason: 'EPT_VIOLATION', rip: '0xfff', info1: '0x182', info2: '0x80000b0e' },
      [],
    ],
    [
      'kvm_exit: vcpu 1 reason PF excp rip 0x2000 info1 0x02 info2 0x110000 intr_info 0x00000000 error_code 0x00000000',
      { reason: 'PF excp', info1: '0x02', intr_info: '0x00000000', error_code: '0x00000000' },
      [],
    ],
    [
      'kvm_exit: vcpu 1 reason hlt rip 0x2 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0 requests 0x4000',
      { reason: 'hlt', requests: '0x4000' },
      [],
    ],
    ['kvm_exit: vcpu 1 reason  rip 0x2 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0', { reason: '' }, []],
    ['kvm_exit: vcpu 1 reason rip 0x2 info 0 0', { reason: '' }, []],
    [
      'kvm_exit: vcpu 1 reason INVALID_STATE FAILED_VMENTRY rip 0x2 info 0 0',
      { reason: 'INVALID_STATE FAILED_VMENTRY' },
      [],
    ],
    ['kvm_exit: vcpu 1 reason a ripe rip 0x2 info 0 0', { reason: 'a ripe', rip: '0x2' }, []],
    [
      'kvm_exit:   reason EXIT_NPF rip 0x2000 info 200000006 10000',
      { reason: 'EXIT_NPF', info1: '0x200000006' },
      [],
    ],
    ['kvm_page_fault: address 600000 error_code 18a', { address: '0x600000', error_code: '0x18a' }, []],
    [
      'kvm_page_fault: vcpu 0 rip 0x2000 address 0x0000000000100000 error_code 0x181',
      { vcpu: 0, rip: '0x2000', address: '0x0000000000100000', error_code: '0x181' },
      [],
    ],
    [
      'kvm_mmu_pagetable_walk: addr fffffe0000201040 pferr 2 W',
      { addr: '0xfffffe0000201040', error_code: 'W' },
      [],
    ],
    ['kvm_mmu_pagetable_walk: addr 100000 pferr 0 ', { pferr: '0x0', error_code: '' }, []],
    ['kvm_mmu_pagetable_walk: addr 100000 pferr 0', { pferr: '0x0', error_code: '' }, []],
    ['kvm_mmu_paging_element: pte 800000000292b063 level 4', { pte: '0x800000000292b063' }, ['guest']],
    ['kvm_mmu_walker_error: pferr 11 P|F', { pferr: '0x11', error_code: 'P|F' }, []],
    ['kvm_mmu_set_accessed_bit: gpa 10000', { gpa: '0x10000' }, []],
    ['kvm_mmu_set_dirty_bit: gpa 16040', { gpa: '0x16040' }, []],
    ['kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 1 used_pages 1f', { gen: 1, used_pages: '0x1f' }, []],
    [
      'kvm_mmio_spte: (kvm_tdp_mmu_map+0x6f5/0x7a0 [kvm] <- make_mmio_spte) spte=0x380000d0000057',
      {},
      ['spte'],
    ],
    ['kvm_acctrack_old: (mark_spte_for_access_track+0x0/0xe0 [kvm]) old=0x10000007000075', {}, ['old']],
    ['kvm_acctrack_new: (x) new=0x10000007000075', { place: 'x', new: '0x10000007000075' }, ['new']],
    [
      'kvm_changed_spte: (x) as_id=0 gfn=0x0 old_spte=0x0 new_spte=0x6dba027 level=4',
      { as_id: 0, gfn: '0x0', level: 4 },
      ['old', 'new'],
    ],
    [
      'kvm_svm_root: (x+0x0/0x70 [kvm_amd]) vcpu=0xffff888006d55300 root=0x6dbb000 level=4',
      { root: '0x6dbb000' },
      [],
    ],
    ['kvm_vmx_root: (x) vcpu=0xffff888006d55300 root=0x6dbb000 level=4', { level: 4 }, []],
    ['kvm_eptp: (x <- construct_eptp) eptp=0x58605e', { eptp: '0x58605e' }, []],
  ])('%s', (line, fields, roles) => {
    const record = parseLine(line);
    expect(record?.form).toBe('text');
    expect(record?.fields).toMatchObject(fields);
    expect(record?.sptes.map(({ role }) => role)).toEqual(roles);
  });

  it.each([
    [
      'kvm_mmu_set_spte: gfn=10 spte=4518e67 sptep=17f080 level=1 r=1 x=1 u=1',
      { gfn: '0x10', sptep: '0x17f080', r: 1 },
      ['spte'],
    ],
    [
      'kvm_mmu_get_page: [FAILED TO PARSE] mmu_valid_gen=0 gfn=512 role=14212 created=1',
      { gfn: '0x200', role: 14212, created: 1 },
      [],
    ],
    [
      'kvm_tdp_mmu_spte_changed:  gfn=0 old_spte=0 new_spte=181827 level=4 as_id=0',
      { as_id: 0 },
      ['old', 'new'],
    ],
    [
      'kvm_mmio_spte: __probe_func=ffffffffc057c3b0 __probe_ret_ip=ffffffffc057fa27 spte=0x80000d0000057',
      {},
      ['spte'],
    ],
    [
      'fast_page_fault: vcpu_id=0 cr2_or_gpa=10000 error_code=7 sptep=0xff old_spte=0x4518e65 new_spte=4518e67 ret=4',
      { error_code: '7', ret: 4 },
      ['old', 'new'],
    ],
    // The rest of a line that is cut is lost, what is there counts.
    ['check_mmio_spte: kvm_gen=a spte_gen=a spte=80000d0000057 new_in_8.0', { spte_gen: '0xa' }, ['spte']],
    ['check_mmio_spte: kvm_gen=a spte_gen=', { kvm_gen: '0xa' }, []],
  ])('raw: %s', (line, fields, roles) => {
    const record = parseLine(line);
    expect(record?.form).toBe('raw');
    expect(record?.fields).toMatchObject(fields);
    expect(record?.sptes.map(({ role }) => role)).toEqual(roles);
  });

  it.each([
    [
      'get_mmio_spte: reserved bits set on MMU-present spte, addr 0xfffff000, hierarchy:',
      'get_mmio_spte',
      { addr: '0xfffff000' },
      [],
    ],
    [
      'walk_shadow_page_get_mmio_spte: detect reserved bits on spte, addr 0xb80a0, dump hierarchy:',
      'get_mmio_spte',
      {},
      [],
    ],
    [
      'kvm: ------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000',
      'get_mmio_spte',
      { rsvd_bits: '0xffff000000000000' },
      ['hierarchy'],
    ],
    ['------ spte 0x1db00000000b83b6 level 1.', 'get_mmio_spte', { level: 1 }, ['hierarchy']],
    [
      'spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000',
      'make_spte',
      { level: 2 },
      ['spte'],
    ],
    [
      'as_id: 0 gfn: 100200 old_spte: 600000112400bf3 new_spte: 6000001126009f3 level: 2',
      'handle_changed_spte',
      { gfn: '0x100200' },
      ['old', 'new'],
    ],
    [
      'SPTE 6000001126009f3 (@ 00000000fd98c937) for gfn 1f shadow-present at free',
      'kvm_mmu_check_sptes_at_free',
      { gfn: '0x1f' },
      ['spte'],
    ],
    [
      'kvm: MMU-writable SPTE is not Host-writable: 400000000000000',
      'check_spte_writable_invariants',
      {},
      ['spte'],
    ],
    [
      'kvm: Writable SPTE is not MMU-writable: 2',
      'check_spte_writable_invariants',
      { spte: '0x2' },
      ['spte'],
    ],
  ])('log: %s', (line, event, fields, roles) => {
    const record = parseLine(line);
    expect(record).toMatchObject({ event, form: 'log', fields });
    expect(record?.sptes.map(({ role }) => role)).toEqual(roles);
  });

  it.each([
    'kvm_entry: vcpu 0, rip 0x2000',
    'kvm_exit: vcpu 0 reason npf',
    `kvm_exit: vcpu 0 reason ${'x '.repeat(128)}rip 0x1 info 0 0`,
    'kvm_exit: TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x0000000000000000',
    'kvm_mmu_set_spte',
    'kvm_mmu_set_spte: ',
    'kvm_mmu_set_spte: gfn 10 spte',
    'kvm_mmu_set_spte: gfn 10 spte zz (rwxu) level 1',
    'kvm_mmu_set_spte: gfn 11111111111111111 spte 0 (rwxu) level 1',
    'kvm_mmu_set_spte: foo=1',
    'kvm_mmu_set_spte: foo bar=1',
    `kvm_mmu_prepare_zap_page: sp gen 0 gfn 0 l1 8-byte q0 ${'w'.repeat(400)} nxe ad root 0 sync`,
    'kvm_mmu_split_huge_page: gfn 400 spte 600ee7 level 99999999999 errno 0',
    'kvm_mmu_split_huge_page: gfn 400 spte 600ee7 level - errno 0',
    'kvm_mmu_walker_error:pferr',
    'kvm_mmu_sync_page: gfn=x',
    'kvm_mmu_sync_page: gfn=111111111111111111111',
    'spte',
    '------ spte zz level 1.',
    ': : : a: _: 5: kvm_mmu_set_spte : x',
    '',
    '>',
  ])('nothing: %s', (line) => {
    expect(parseLine(line)).toBeNull();
  });

  it('has no level that a page table has not', () => {
    expect(parseLine('kvm_mmu_split_huge_page: gfn 400 spte 600ee7 level 0 errno 0')?.sptes).toEqual([
      { role: 'spte', value: 0x600ee7n, level: null },
    ]);
    expect(
      parseLine('kvm_mmu_split_huge_page: gfn 400 spte 600ee7 level 6 errno 0')?.sptes[0]?.level,
    ).toBeNull();
    expect(
      parseLine('kvm_mmu_split_huge_page: gfn 400 spte ffffffffffffffff level 5 errno 0')?.sptes[0],
    ).toEqual({
      role: 'spte',
      value: 0xffff_ffff_ffff_ffffn,
      level: 5,
    });
  });

  it('is named in a table that refuses what it does not know', () => {
    expect(() => pattern('gfn {gfn:z}')).toThrow('no such kind of field: "z"');
    expect(() => pattern('gfn {gfn}')).toThrow(TypeError);
  });
});

describe('lines that belong together', () => {
  const WALK = [
    '[ 12.5] kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0xfffff000, hierarchy:',
    '[ 12.5] kvm: ------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000',
    '[ 12.6] unrelated',
    '[ 12.5] kvm: ------ spte = 0xfffffc4465825 level = 1, rsvd bits = 0xffff000000000000',
    SET,
    '------ spte 0xfcd210107 level 4.',
    '------ spte 0x1004c40107 level 3.',
  ];

  it('make up the walk of an address, root first', () => {
    const records = recordsOf(WALK.join('\n'));
    expect(records.map(({ block }) => block)).toEqual([1, 1, 1, null, 6, 6]);
    const blocks = hierarchyBlocks(records);
    expect(blocks.map(({ line, addr }) => [line, addr])).toEqual([
      [1, '0xfffff000'],
      [6, null],
    ]);
    expect(blocks.map(({ entries }) => entries.map(({ sptes }) => sptes[0]?.level))).toEqual([
      [2, 1],
      [4, 3],
    ]);
  });

  it('are four where a present leaf was replaced: one record, in a block', () => {
    const SAID = [
      'Invalid SPTE change: cannot replace a present leaf',
      'SPTE with another present leaf SPTE mapping a',
      'different PFN!',
      'as_id: 0 gfn: 100200 old_spte: 600000112400bf3 new_spte: 6000001126009f3 level: 2',
    ];
    const read = (lines: readonly string[]) => {
      const records: unknown[] = [];
      const reader = traceReader(({ line, record }) => {
        if (record !== null) records.push([line, record.event, record.block]);
      });
      reader.push(lines.join('\n'));
      reader.end();
      return { records, damaged: reader.counts.damaged, passed: reader.counts.passed };
    };
    const logged = SAID.map((line, i) => `[   12.5${i}] kvm: ${line}`);
    for (const lines of [SAID, logged]) {
      expect(read(lines)).toEqual({ records: [[4, 'handle_changed_spte', 1]], damaged: 0, passed: 3 });
      // Twice, and alone.
      expect(read([...lines, '', ...lines, lines[3] ?? '']).records).toEqual([
        [4, 'handle_changed_spte', 1],
        [9, 'handle_changed_spte', 6],
        [10, 'handle_changed_spte', null],
      ]);
      expect(read(lines.slice(1)).records).toEqual([[3, 'handle_changed_spte', 1]]);
    }
    // A walk between is another block.
    const between = [...SAID.slice(0, 3), WALK[1] ?? '', SAID[3] ?? ''];
    expect(read(between).records.map((record) => (record as unknown[])[2])).toEqual([4, null]);
    expect(hierarchyBlocks(recordsOf(SAID.join('\n')))).toEqual([]);
  });

  it('are joined where a mail wrapped them', () => {
    const text = [
      '> vm-6434 [059] .... 234.587042: kvm_tdp_mmu_spte_changed: as id 0 gfn',
      '> ffc00 level 2 old_spte 800000010bc97907',
      '> new_spte 80000000000005a0',
      'I think that is fine.',
    ].join('\n');
    const entries = entriesOf(text);
    expect(entries.map(({ line, partOf }) => [line, partOf])).toEqual([
      [1, null],
      [2, 1],
      [3, 1],
      [4, null],
    ]);
    expect(entries[0]?.record).toMatchObject({
      line: 1,
      timestamp: '234.587042',
      fields: { new_spte: '0x80000000000005a0' },
    });
    expect(entries.map(({ text }) => text).join('\n')).toBe(text);
  });

  it('are joined in a log as well', () => {
    const text = ['> kvm: ------ spte = 0x8913827 level = 2,', '> rsvd bits = 0xffff000000000000', SET].join(
      '\n',
    );
    expect(entriesOf(text).map(({ record }) => record?.block)).toEqual([1, undefined, null]);
  });

  it('are let go where the rest does not come', () => {
    const cut = 'kvm_tdp_mmu_spte_changed: as id 0 gfn';
    const alone = (...lines: string[]) => {
      const reader = traceReader(() => undefined);
      reader.push(lines.join('\n'));
      reader.end();
      return reader.counts;
    };
    expect(alone(cut)).toMatchObject({ lines: 1, recognised: 0, continued: 0, passed: 1, damaged: 1 });
    expect(alone(cut, SET)).toMatchObject({ lines: 2, recognised: 1, passed: 1, damaged: 1 });
    expect(alone(cut, 'Hello')).toMatchObject({ lines: 2, recognised: 0, passed: 2, damaged: 1 });
    expect(alone(cut, cut, SET)).toMatchObject({ lines: 3, recognised: 1, passed: 2, damaged: 2 });
    // No more than a few lines are tried.
    expect(alone('kvm_tdp_mmu_spte_changed: as', 'id', '0', 'gfn', '1', 'level', '2')).toMatchObject({
      passed: 7,
    });
    expect(alone('kvm_tdp_mmu_spte_changed: as', 'id', 'gfn')).toMatchObject({ passed: 3, damaged: 1 });
    expect(alone('kvm_mmu_set_spte: rubbish')).toMatchObject({ passed: 1, damaged: 1 });
    expect(alone('', '', '')).toMatchObject({ lines: 2, passed: 2, damaged: 0 });
  });
});

describe('a stream', () => {
  it('comes back whole: carriage returns, bytes that are no UTF-8, and a last line without an end', async () => {
    const bytes = new Uint8Array([0xff, 0xfe, 10, ...new TextEncoder().encode(`${SET}\r\nüber`)]);
    async function* chunks() {
      for (const byte of bytes) yield await Promise.resolve(new Uint8Array([byte]));
    }
    const found = [];
    for await (const entry of readTrace(chunks())) found.push(entry);
    expect(found.map(({ text, newline }) => [text, newline])).toEqual([
      ['\ufffd\ufffd', true],
      [`${SET}\r`, true],
      ['über', false],
    ]);
    expect(found[1]?.record?.fields['at']).toBe('0x1a1080');
  });

  it('may be empty', () => {
    expect([...readTraceSync([])]).toEqual([]);
    expect([...readTraceSync(['', new Uint8Array()])]).toEqual([]);
  });
});
