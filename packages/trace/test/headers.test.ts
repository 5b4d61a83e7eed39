// SPDX-License-Identifier: GPL-2.0-only
// What stands before an event or a log text, as the tools of Debian 12 wrote it here: perf 6.1 (of a tracepoint that
// every machine has), trace-cmd 3.1.6, dmesg of util-linux 2.38; and the forms of journalctl by its manual.
import { parseLine } from '@spte/trace';
import { describe, expect, it } from 'vitest';

const EVENT = 'kvmmmu:kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080';

describe('perf script', () => {
  it.each([
    ['', '            perf 13309 [000] 12858.462218: ', 'perf', 13309, 0, '12858.462218'],
    [
      'of a kernel thread',
      '     migration/0    18 [000] 12858.462241: ',
      'migration/0',
      18,
      0,
      '12858.462241',
    ],
    ['of a vCPU', '       CPU 0/KVM 13310 [127] 12858.462241: ', 'CPU 0/KVM', 13310, 127, '12858.462241'],
    ['--ns', '     migration/0    18 [000] 12858.462241210: ', 'migration/0', 18, 0, '12858.462241210'],
    ['-F +pid', '            perf 13309/13309 [000] 12858.462218: ', 'perf', 13309, 0, '12858.462218'],
    ['-F +pid, padded', '     migration/0    18/18    [000] 12858.4: ', 'migration/0', 18, 0, '12858.4'],
    [
      '-F +pid --ns',
      '            node 12901/12913 [000] 12826.081977536: ',
      'node',
      12913,
      0,
      '12826.081977536',
    ],
    ['--reltime', '            perf 13309 [000]     0.000023: ', 'perf', 13309, 0, '0.000023'],
    [
      '-F comm,tid,time,event,trace',
      '            perf 13309 12858.462218: ',
      'perf',
      13309,
      null,
      '12858.462218',
    ],
    ['without CPUs', '       CPU 0/KVM 13310 12858.462241: ', 'CPU 0/KVM', 13310, null, '12858.462241'],
    ['-F comm,time,event,trace', '            perf 12858.462218: ', null, null, null, '12858.462218'],
    ['-F tid,cpu,time,event,trace', '   18 [000] 12858.462241: ', null, 18, 0, '12858.462241'],
    ['-F pid,tid,cpu,time,event,trace', '   18/19    [000] 12858.462241: ', null, 19, 0, '12858.462241'],
    ['-F tid,time,event,trace', '13309 12858.462218: ', null, 13309, null, '12858.462218'],
    ['-F cpu,time,event,trace', '[000] 12858.462218: ', null, null, 0, '12858.462218'],
    ['-F time,event,trace', '12858.462218: ', null, null, null, '12858.462218'],
    ['-F event,trace', '', null, null, null, null],
  ])('%s', (_options, header, task, pid, cpu, timestamp) => {
    const record = parseLine(header + EVENT);
    expect(record).toMatchObject({ event: 'kvm_mmu_set_spte', form: 'text', task, pid, cpu, timestamp });
    expect(record?.sptes).toEqual([{ role: 'spte', value: 0x797fe67n, level: 1 }]);
  });
});

describe('trace-cmd report', () => {
  const PAGE = 'kvm_mmu_get_page:     new sp gfn 0 4 q0 direct wux !pae nxe wp root 0 sync';
  const RAW = 'kvm_mmu_get_page:      mmu_valid_gen=0 gfn=0 role=14212 root_count=0 unsync=0 created=1';
  it.each([
    ['', '          vmtest-202   [000]    11.635329: ', PAGE, 0, '11.635329'],
    ['-t', '          vmtest-202   [000]    11.635329084: ', PAGE, 0, '11.635329084'],
    ['-l', '  vmtest-202     0...1.    11.635329: ', PAGE, 0, '11.635329'],
    ['-l, with a task switch due', '  vmtest-202    63dNh2.    11.635329: ', PAGE, 63, '11.635329'],
    ['-R -l', '  vmtest-202     0-0x0    11.635329: ', RAW, 0, '11.635329'],
    ['--raw-ts', '          vmtest-202   [000] 11635329084: ', PAGE, 0, '11635329084'],
    ['--align-ts', '          vmtest-202   [000]     0.133688: ', PAGE, 0, '0.133688'],
    ['of an instance', 'guest:           vmtest-202   [000]    11.729192: ', PAGE, 0, '11.729192'],
  ])('%s', (_options, header, event, cpu, timestamp) => {
    const record = parseLine(header + event);
    expect(record).toMatchObject({ event: 'kvm_mmu_get_page', pid: 202, cpu, timestamp });
    expect(record?.task).toMatch(/vmtest$/);
  });
});

describe('a kernel log', () => {
  const SPTE = 'kvm: ------ spte = 0x8913827 level = 2, rsvd bits = 0xffff000000000000';
  it.each([
    ['dmesg', '[   12.345678] ', '12.345678', null, null],
    ['dmesg, with callers', '[  123.456789] [ T4321] ', '123.456789', 4321, null],
    ['dmesg, in an interrupt', '[  123.456789] [    C7] ', '123.456789', null, 7],
    ['dmesg -r', '<4>[   12.345678] ', '12.345678', null, null],
    ['dmesg -r, with callers', '<6>[  123.456789][ T4321] ', '123.456789', 4321, null],
    ['dmesg -x', 'kern  :warn  : [   12.345678] ', '12.345678', null, null],
    ['dmesg -x, with callers', 'kern  :info  : [  123.456789] [ T4321] ', '123.456789', 4321, null],
    ['dmesg -d', '[  123.456789 <  111.111111>] ', '123.456789', null, null],
    ['dmesg -x -d', 'kern  :info  : [  123.456789 <  111.111111>] [ T4321] ', '123.456789', 4321, null],
    ['dmesg -t', '[ T4321] ', null, 4321, null],
    ['dmesg -T', '[Sun Nov 22 18:05:05 2026] ', null, null, null],
    ['dmesg -T, with callers', '[Sun Nov 22 18:06:56 2026] [ T4321] ', null, 4321, null],
    ['dmesg -e', '[Nov22 18:05] ', null, null, null],
    ['dmesg --time-format delta', '[<    0.000000>] ', null, null, null],
    ['dmesg --time-format iso', '2026-11-22T18:05:05,345678+00:00 ', null, null, null],
    [
      'dmesg -x --time-format iso',
      'kern  :info  : 2026-11-22T18:06:56,456789+00:00 [ T4321] ',
      null,
      4321,
      null,
    ],
    ['a serial console', '[    1.234567] ', '1.234567', null, null],
    ['a serial console with carriage returns', '\r[    1.234567][    T1] ', '1.234567', 1, null],
    ['a host up for years', '[123456789.234567] ', '123456789.234567', null, null],
    ['journalctl', 'Nov 22 19:15:03 host kernel: ', null, null, null],
    ['journalctl -o short-precise', 'Nov 22 19:15:03.123456 host kernel: ', null, null, null],
    ['journalctl -o short-iso', '2026-11-22T19:15:03+0100 host kernel: ', null, null, null],
    ['journalctl -o short-iso-precise', '2026-11-22T19:15:03.123456+01:00 host kernel: ', null, null, null],
    ['journalctl -o short-full', 'Sun 2026-11-22 19:15:03 CET host.example kernel: ', null, null, null],
    ['journalctl -o short-unix', '1795371303.123456 host kernel: ', null, null, null],
    ['journalctl -o short-monotonic', '[   12.345678] host kernel: ', '12.345678', null, null],
    ['journalctl -o short-delta', '[   12.345678 <    0.000012 >] host kernel: ', '12.345678', null, null],
    ['journalctl -o cat', '', null, null, null],
    [
      'syslog with the time of the kernel',
      'Nov 22 19:15:03 host kernel: [  123.456789] ',
      '123.456789',
      null,
      null,
    ],
    ['a container log', '2026-11-22T19:15:03.123456789Z stderr F [  123.456789] ', '123.456789', null, null],
    ['a mail', '> > [  123.456789] ', '123.456789', null, null],
  ])('of %s', (_tool, header, timestamp, pid, cpu) => {
    const record = parseLine(header + SPTE);
    expect(record).toMatchObject({ event: 'get_mmio_spte', form: 'log', timestamp, pid, cpu, task: null });
    expect(record?.sptes).toEqual([{ role: 'hierarchy', value: 0x8913827n, level: 2 }]);
  });

  it('as JSON of journalctl is read as well', () => {
    const json = JSON.stringify({
      _HOSTNAME: 'host',
      PRIORITY: '4',
      MESSAGE: SPTE,
      SYSLOG_IDENTIFIER: 'kernel',
    });
    expect(parseLine(json)?.sptes).toEqual([{ role: 'hierarchy', value: 0x8913827n, level: 2 }]);
  });
});
