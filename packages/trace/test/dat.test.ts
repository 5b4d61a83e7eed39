// SPDX-License-Identifier: GPL-2.0-only

import { sampled } from '@spte/testing/sampled';
import type { TraceRecord } from '@spte/trace';
import { type DatCounts, openDat } from '@spte/trace/dat';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cmdlinesOf,
  formatsOf,
  gunzip,
  headerInfoOf,
  type Layout,
  PAGE,
  pageOf,
  pages,
  parts,
  u32,
  version6,
  version7,
} from './dat-files.ts';
import { recordsOf } from './runs.ts';

function read(file: Uint8Array): { records: TraceRecord[]; counts: DatCounts } {
  const records: TraceRecord[] = [];
  const events = openDat(file, { decompress: gunzip }).records();
  for (;;) {
    const { done, value } = events.next();
    if (done === true) return { records, counts: value };
    records.push(value);
  }
}

/** What the text of the same events says; its first line names the CPUs. Some of its hex has zeros before it. */
const expected = recordsOf(parts.raw).map((record) => ({
  ...record,
  line: record.line - 1,
  fields: Object.fromEntries(
    Object.entries(record.fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(/^0x0+(?=.)/, '0x') : value,
    ]),
  ),
}));

describe('a trace.dat', () => {
  it.each([
    ['version 6', version6()],
    ['version 6 without options', version6({ options: false })],
    ['version 7', version7()],
    ['version 7, compressed', version7({ compressed: true })],
  ])('of %s gives the records of `trace-cmd report -R`', (_name, file) => {
    const { records, counts } = read(file);
    expect(records.length).toBeGreaterThan(1000);
    expect(records).toEqual(expected.slice(0, records.length));
    expect(counts.recognised).toBe(records.length);
    expect(counts.events).toBeGreaterThan(records.length);
  });

  it('says where it was recorded, and by which clock', () => {
    expect(openDat(version6({ clock: 'mono' })).file).toMatchObject({
      version: 6,
      compression: 'none',
      uname: 'Linux box',
      clock: 'mono',
    });
    expect(openDat(version7({ clock: 'boot' })).file).toMatchObject({
      version: 7,
      compression: 'none',
      clock: 'boot',
    });
    expect(openDat(version6({ options: false })).file).toMatchObject({ uname: null, clock: 'local' });
  });

  it('puts the events of all CPUs in the order of their time', () => {
    for (const file of [
      version6({ cpus: 3 }),
      version7({ cpus: 3 }),
      version7({ cpus: 3, compressed: true }),
    ]) {
      const { records } = read(file);
      const withoutCpu = ({ cpu: _, ...rest }: TraceRecord) => rest;
      expect(records.map(withoutCpu)).toEqual(expected.slice(0, records.length).map(withoutCpu));
      expect(new Set(records.map(({ cpu }) => cpu)).size).toBe(3);
    }
  });

  it('gives what there is where it is cut off in its records', () => {
    const whole = version6({ cpus: 2 });
    const { records } = read(whole);
    const cut = read(whole.subarray(0, whole.length - PAGE - 100));
    expect(cut.counts.missing).toBe(PAGE + 100);
    expect(cut.records.length).toBeGreaterThan(records.length / 2);
    expect(cut.records.map((record) => ({ ...record, line: 0 }))).toEqual(
      records
        .map((record) => ({ ...record, line: 0 }))
        .filter((record) =>
          cut.records.some((other) => other.timestamp === record.timestamp && other.cpu === record.cpu),
        ),
    );
    expect(read(whole).counts.missing).toBe(0);
    // Nothing of the second CPU is there.
    const half = read(whole.subarray(0, whole.length - pages.length / 2 - PAGE));
    expect(new Set(half.records.map(({ cpu }) => cpu))).toEqual(new Set([0]));
  });

  it('is read from wherever its bytes are, a few at a time', () => {
    for (const file of [version6({ cpus: 3 }), version7({ cpus: 3 }), version7({ compressed: true })]) {
      let most = 0;
      let given = 0;
      const source = {
        size: file.length,
        read(into: Uint8Array, offset: number) {
          most = Math.max(most, into.length);
          given += into.length;
          expect(offset + into.length).toBeLessThanOrEqual(file.length);
          into.set(file.subarray(offset, offset + into.length));
        },
      };
      const trace = openDat(source, { decompress: gunzip });
      const { records } = read(file);
      expect([...trace.records()]).toEqual(records);
      expect(most).toBeLessThanOrEqual(1 << 18);
      expect(given).toBeLessThan(file.length + (1 << 20));
    }
  });

  it('may hold CPUs without a record', () => {
    const data = [Buffer.alloc(0), pages, Buffer.alloc(0)];
    expect(read(version6({ data })).records.length).toBeGreaterThan(1000);
    expect(read(version7({ data, compressed: true })).records.length).toBeGreaterThan(1000);
    expect(read(version7({ data: [] })).records).toEqual([]);
  });
});

describe('instances of ftrace beside the top one', () => {
  const half = (pages.length / PAGE) >> 1;
  const [first, second, rest] = [
    pages.subarray(0, half * PAGE),
    pages.subarray(half * PAGE, (half + 1) * PAGE),
    pages.subarray((half + 1) * PAGE),
  ];
  const instances = [
    { name: 'guest', data: [second] },
    { name: 'other', data: [Buffer.alloc(0), rest], counted: true },
  ];
  const withoutCpu = ({ cpu: _, ...record }: TraceRecord) => record;

  it.each([
    ['version 6', version6({ data: [first], instances })],
    ['version 7', version7({ data: [first], instances })],
    ['version 7, compressed', version7({ data: [first], instances, compressed: true })],
  ])('are read in %s', (_name, file) => {
    const { records } = read(file);
    expect(records.length).toBeGreaterThan(1000);
    expect(records.map(withoutCpu)).toEqual(expected.slice(0, records.length).map(withoutCpu));
    const { cpus } = openDat(file, { decompress: gunzip }).file;
    expect(cpus.map(({ instance, cpu }) => [instance, cpu])).toEqual([
      ['', 0],
      ['guest', 0],
      ['other', 0],
      ['other', 1],
    ]);
  });

  it('have as many CPUs as the machine where version 6 does not say how many', () => {
    const empty = Buffer.alloc(0);
    const file = version6({ data: [first, empty], instances: [{ name: 'guest', data: [second, empty] }] });
    const { cpus } = openDat(file).file;
    expect(cpus.map(({ instance, size }) => [instance, size > 0])).toEqual([
      ['', true],
      ['', false],
      ['guest', true],
      ['guest', false],
    ]);
  });

  it('may have a clock of their own in version 7', () => {
    const layout = { data: [pageOf([2, 7, 5])], formats: formatsOf(format('')) };
    const file = version7({
      ...layout,
      clock: 'x86-tsc',
      instances: [{ name: 'a', ...layout, clock: 'boot' }],
    });
    expect(read(file).records.map(({ timestamp }) => timestamp)).toEqual(['1000000000', '1.000000']);
    expect(openDat(file).file.clock).toBe('x86-tsc');
  });

  it('are left out where the recording ended before they were written', () => {
    const unwritten = { name: 'late', data: [second], offset: 0 };
    const { records } = read(version6({ data: [first], instances: [unwritten] }));
    expect(records.length).toBe(read(version6({ data: [first] })).records.length);
  });

  it('are refused by name where no records are, or more CPUs than fit', () => {
    const wrong = version6({ data: [first], instances: [{ name: 'a\u0007b', data: [second], offset: 20 }] });
    expect(() => openDat(wrong)).toThrow(/^SPTE_TRACE_DAT: instance "a\\u0007b": /);
    const empty = Array.from({ length: 1000 }, () => Buffer.alloc(0));
    const many = Array.from({ length: 20 }, () => ({ name: 'a', data: empty }));
    const file = version6({ data: empty, instances: many, aligned: false });
    expect(openDat(file).file.cpus).toHaveLength(21 * 1000);
    // Each instance claims the places of the first.
    const start = file.indexOf('flyrecord') + 10 + 16 * empty.length;
    const place = Buffer.from(new BigUint64Array([BigInt(start)]).buffer);
    for (let at = file.indexOf(BUFFER_OPTION); at >= 0; at = file.indexOf(BUFFER_OPTION, at + 1))
      place.copy(file, at + BUFFER_OPTION.length);
    expect(() => openDat(file.subarray(0, start + 10 + 16 * empty.length))).toThrow('places of records: ');
  });
});

/** The beginning of the option of an instance with a name of one letter. */
const BUFFER_OPTION = Buffer.from([3, 0, 10, 0, 0, 0]);

/** A format of one event with the fields given. */
const format = (fields: string, name = 'kvm_mmu_set_dirty_bit') =>
  `name: ${name}\nID: 7\nformat:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n${fields}\nprint fmt: "x"\n`;
const one = (fields: string, words: readonly number[], more: Layout = {}) =>
  read(version7({ formats: formatsOf(format(fields)), data: [pageOf(words)], ...more })).records;
/** A record: header, then common fields (event 7, pid 5), then the words. */
const event = (...words: number[]) => [((words.length + 2) | (0 << 5)) >>> 0, 7, 5, ...words];

describe('a record', () => {
  it('is read by the description of its event, wherever a field is', () => {
    const fields = [
      '\tfield:u64 gpa;\toffset:8;\tsize:8;\tsigned:0;',
      '\tfield:int errno;\toffset:16;\tsize:4;\tsigned:1;',
      '\tfield:s8 odd;\toffset:20;\tsize:1;\tsigned:1;',
      '\tfield:unsigned long spte;\toffset:8;\tsize:8;\tsigned:0;',
      '\tfield:int level;\toffset:24;\tsize:4;\tsigned:1;',
      '\tfield:char comm[4];\toffset:8;\tsize:4;\tsigned:0;',
      '\tfield:u8 raw[4];\toffset:8;\tsize:4;\tsigned:0;',
      '\tfield:struct x y;\toffset:8;\tsize:12;\tsigned:0;',
      '\tfield:u64 beyond;\toffset:8000;\tsize:8;\tsigned:0;',
      '\tfield:no name;',
      '\tfield:;\toffset:1;\tsize:1;\tsigned:0;',
    ].join('\n');
    const [record] = one(fields, event(0x0062_6100, 0x8000_0000, 0xffff_fff4, 0xfe, 2), {
      cmdlines: cmdlinesOf('5 vm a\n6\n'),
    });
    expect(record).toEqual({
      line: 1,
      event: 'kvm_mmu_set_dirty_bit',
      form: 'raw',
      task: 'vm a',
      pid: 5,
      cpu: 0,
      timestamp: '1.000000',
      fields: {
        gpa: '0x8000000000626100',
        errno: -12,
        odd: '-2',
        spte: '0x8000000000626100',
        level: 2,
        comm: '',
      },
      sptes: [{ role: 'spte', value: 0x8000_0000_0062_6100n, level: 2 }],
      block: null,
    });
  });

  it('has decimals that are texts where no number can hold them', () => {
    const field = '\tfield:u64 as_id;\toffset:8;\tsize:8;\tsigned:0;';
    const decimal = (low: number, high: number) => one(field, event(low, high))[0]?.fields['as_id'];
    expect(decimal(0xffff_ffff, 0x1f_ffff)).toBe(Number.MAX_SAFE_INTEGER);
    expect(decimal(0, 0x20_0000)).toBe('9007199254740992');
    expect(decimal(0xffff_ffff, 0xffff_ffff)).toBe('18446744073709551615');
  });

  it('may have texts elsewhere in it', () => {
    const located = '\tfield:__data_loc char[] name;\toffset:8;\tsize:4;\tsigned:0;';
    const relative = '\tfield:__rel_loc char[] name;\toffset:8;\tsize:4;\tsigned:0;';
    const text = 0x0000_6968;
    expect(one(located, event((3 << 16) | 12, text))[0]?.fields).toEqual({ name: 'hi' });
    expect(one(relative, event((3 << 16) | 0, text))[0]?.fields).toEqual({ name: 'hi' });
    expect(one(located, event((2 << 16) | 12, text))[0]?.fields).toEqual({ name: 'hi' });
    expect(one(located, event((99 << 16) | 12, text))[0]?.fields).toEqual({});
    expect(one(located, [2, 7, 5])[0]?.fields).toEqual({});
  });

  it('has a task that the file may not name, and a time that its clock may not count in seconds', () => {
    const [unknown] = one('', event(), { cmdlines: cmdlinesOf('') });
    expect(unknown?.task).toBe('<...>');
    const [idle] = one('', [2, 7, 0], { clock: 'x86-tsc' });
    expect(idle).toMatchObject({ task: '<idle>', timestamp: '1000000000' });
  });

  it('is none when it ends before its pid, or its event has more fields than any has', () => {
    expect(one('', [1, 7])).toEqual([]);
    const field = '\tfield:u64 gpa;\toffset:8;\tsize:8;\tsigned:0;\n';
    expect(one(field.repeat(126), event(1, 0))).toHaveLength(1);
    expect(one(field.repeat(127), event(1, 0))).toEqual([]);
  });

  it('is none when the description of its event is longer than any', () => {
    const long = format(`# ${'x'.repeat(1 << 18)}`);
    expect(read(version7({ formats: formatsOf(long), data: [pageOf(event())] })).records).toEqual([]);
    expect(
      read(version7({ formats: formatsOf('name: kvm_mmu_set_spte'), data: [pageOf(event())] })).records,
    ).toEqual([]);
  });

  it('has a task by its pid, of no more tasks than a machine has', () => {
    const lines = Array.from({ length: 140_000 }, (_, i) => `${i + 10} t${i}\n`).join('');
    const task = (pid: number) =>
      read(
        version7({
          formats: formatsOf(format('')),
          cmdlines: cmdlinesOf(lines),
          data: [pageOf([2, 7, pid])],
        }),
      ).records[0]?.task;
    expect(task(10)).toBe('t0');
    expect(task(130_000)).toBe('t129990');
    expect(task(140_000)).toBe('<...>');
  });

  it('is none when its event is not described, or not of KVM', () => {
    const other = format('', 'sched_switch');
    const unnumbered = format('').replace('ID: 7', 'ID: y');
    const formats = formatsOf(other, 'rubbish', 'name: x\nID: y\n', unnumbered);
    expect(read(version7({ formats, data: [pageOf(event())] }))).toEqual({
      records: [],
      counts: { events: 1, recognised: 0, lost: 0, lostMarks: 0, missing: 0 },
    });
  });
});

describe('a page of the ring buffer', () => {
  const times = (words: readonly number[], used?: number) =>
    read(version7({ formats: formatsOf(format('')), data: [pageOf(words, used)] })).records.map(
      ({ timestamp }) => timestamp,
    );

  it('counts time from record to record, and may say more of it', () => {
    const after = (delta: number, ...words: number[]) => [2 | (delta << 5), 7, 5, ...words];
    expect(times([...after(1000), ...after(2000)])).toEqual(['1.000001', '1.000003']);
    expect(times([30 | (500 << 5), 1, ...after(1000)])).toEqual(['1.134219']);
    expect(times([31 | (500 << 5), 1, ...after(1000)])).toEqual(['0.134219']);
    // A record that was discarded, with its length.
    expect(times([29 | (1000 << 5), 8, 0, ...after(0)])).toEqual(['1.000001']);
    // The rest of the page is empty.
    expect(times([29, ...after(0)])).toEqual([]);
    // A length in a word of its own.
    expect(times([0, 12, 7, 5, ...after(0)])).toEqual(['1.000000', '1.000000']);
  });

  it('ends where it says something impossible', () => {
    expect(times([0, 3, 7, 5])).toEqual([]);
    expect(times([0, 0xffff_ffff, 7, 5])).toEqual([]);
    expect(times([28, 7, 5])).toEqual([]);
    expect(times([2, 7, 5], 0xfffff)).toHaveLength(1);
    expect(times([2, 7, 5, 30], undefined)).toHaveLength(1);
    const short = version7({ formats: formatsOf(format('')), data: [pageOf([2, 7, 5]).subarray(0, 10)] });
    expect(read(short).records).toEqual([]);
  });
});

describe('a file that is none', () => {
  const whole = version7();
  const six = version6();
  it.each([
    ['empty', new Uint8Array()],
    ['of text', Buffer.from('# tracer: nop\n#\n')],
    ['without an end of its version', Buffer.concat([six.subarray(0, 10), Buffer.alloc(70_000, 0x36)])],
    ['with an odd page size', Buffer.concat([six.subarray(0, 14), u32(1), six.subarray(18)])],
    ['with a huge page size', Buffer.concat([six.subarray(0, 14), u32(0xffff_ffff), six.subarray(18)])],
    ['cut in its formats', six.subarray(0, 3000)],
    ['with options in a circle', version7({ nextOptions: circle() })],
    ['with a header that is too long', version7({ headerInfo: headerInfoOf('x'.repeat((1 << 18) + 1)) })],
    ['without a header', version7({ headerInfo: headerInfoOf('x') })],
    [
      'with half a header',
      version7({ headerInfo: headerInfoOf('\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;') }),
    ],
    ['with a size beyond all numbers', Buffer.concat([whole.subarray(0, 27), Buffer.alloc(8, 0xff)])],
  ])('%s is refused by name', (_name, file) => {
    const all = (): TraceRecord[] => [...openDat(file).records()];
    expect(all).toThrow(RangeError);
    expect(all).toThrow('SPTE_TRACE_DAT: ');
  });

  it.each([
    ['of another version', Buffer.concat([six.subarray(0, 10), Buffer.from('8\0'), six.subarray(12)])],
    ['big-endian', Buffer.concat([six.subarray(0, 12), Buffer.from([1]), six.subarray(13)])],
    ['a latency trace', version6({ section: 'latency  ' })],
    ['compressed', version7({ compressed: true })],
  ])('%s is refused, though nothing is wrong with it', (_name, file) => {
    expect(() => openDat(file)).toThrow(/^SPTE_TRACE_DAT_UNSUPPORTED: /);
  });

  it('is refused where its CPUs claim more than there is, each of them all of it', () => {
    const file = version6({ data: [pages, Buffer.alloc(0)] });
    const at = file.indexOf(Buffer.from('flyrecord\0')) + 10;
    // The second CPU has the place and the size of the first.
    file.copy(file, at + 16, at, at + 16);
    expect(() => openDat(file)).toThrow(/^SPTE_TRACE_DAT: CPU data: /);
  });

  it('is refused where a block lies about its size', () => {
    const file = version7({ compressed: true });
    expect(() => openDat(file, { decompress: () => new Uint8Array(3) })).toThrow(
      'a block of 3 bytes that should have',
    );
    const at = file.indexOf(Buffer.from([0x1f, 0x8b])) - 4;
    const huge = Buffer.concat([file.subarray(0, at), u32(0xffff_ffff), file.subarray(at + 4)]);
    expect(() => openDat(huge, { decompress: gunzip })).toThrow('a block of 4294967295 bytes');
  });

  it('is refused where a block cannot be uncompressed, with the cause', () => {
    const file = version7({ compressed: true });
    const cause = new Error('checksum');
    const open = (reason: unknown): unknown => {
      try {
        return openDat(file, {
          decompress() {
            throw reason;
          },
        });
      } catch (error) {
        return error;
      }
    };
    expect(open(cause)).toMatchObject({ name: 'RangeError', cause });
    expect(String(open(cause))).toMatch(
      /^RangeError: SPTE_TRACE_DAT: a block of \d+ bytes cannot be uncompressed: checksum$/,
    );
    expect(String(open('a text'))).toMatch(/cannot be uncompressed: no reason was given$/);
  });

  it('is refused where its options point to one section many times', () => {
    const file = version7({ repeatFormats: 20_000 });
    expect(() => openDat(file)).toThrow(
      /^SPTE_TRACE_DAT: section: \d+ bytes are claimed in all, the file has \d+$/,
    );
  });

  it('is refused where its texts have more than 16 MiB', () => {
    const [zeros, large] = [new Uint8Array(0x1000), 10 << 20];
    const file = version7({ compressed: true, pack: () => Buffer.from(zeros), claim: large });
    let given = 0;
    const decompress = (_packed: Uint8Array, size: number): Uint8Array => {
      given += size;
      return new Uint8Array(size);
    };
    expect(() => openDat(file, { decompress })).toThrow('its texts have more than 16777216 bytes');
    expect(given).toBe(large);
  });

  it('is refused where its CPUs need more than 64 MiB in memory at once', () => {
    const layout = {
      formats: formatsOf(format('')),
      data: Array.from({ length: 9 }, () => pageOf([2, 7, 5])),
    };
    const file = version7({ ...layout, compressed: true });
    const sizes: number[] = [];
    // Blocks of records say that they are much larger than they are; so do the texts, which are within their bound.
    const lying = Buffer.concat([file, Buffer.alloc(1 << 20)]);
    const magic = Buffer.from([0x1f, 0x8b, 8]);
    for (let at = file.indexOf(magic), block = 0; at >= 0; at = file.indexOf(magic, at + 1), block++)
      if (block >= 3) lying.writeUInt32LE(15 << 20, at - 4);
    const decompress = (packed: Uint8Array, size: number): Uint8Array => {
      sizes.push(size);
      const block = new Uint8Array(size);
      block.set(gunzip(packed));
      return block;
    };
    expect(() => [...openDat(lying, { decompress }).records()]).toThrow(
      'its CPUs need more than 67108864 bytes in memory at once',
    );
    expect(sizes.filter((size) => size === 15 << 20)).toHaveLength(4);
  });

  it('is refused where it is small and its blocks are large', () => {
    const bomb = version7({ compressed: true, formats: formatsOf(format('')), data: [pageOf([2, 7, 5])] });
    const magic = Buffer.from([0x1f, 0x8b, 8]);
    bomb.writeUInt32LE(1 << 24, bomb.lastIndexOf(magic) - 4);
    let largest = 0;
    const decompress = (packed: Uint8Array, size: number): Uint8Array => {
      largest = Math.max(largest, size);
      return gunzip(packed);
    };
    expect(() => [...openDat(bomb, { decompress }).records()]).toThrow(
      /^SPTE_TRACE_DAT: more than 1024 times its size uncompressed$/,
    );
    expect(largest).toBeLessThan(1 << 20);
  });

  // What is out of proportion in these tests would take minutes, which is longer than a test may.
  it('may have thirty thousand CPUs', () => {
    const data = Array.from({ length: 30_000 }, () => pageOf([2, 7, 5]).subarray(0, 28));
    const file = version6({ formats: formatsOf(format('')), data, aligned: false });
    const { records } = read(file);
    // All at the same time: in the order of the CPUs.
    expect(records.map(({ cpu }) => cpu)).toEqual(data.map((_, cpu) => cpu));
  });

  it('never makes the reader hang, crash or take more than its share, whatever is changed in it', () => {
    const files = [version6({ cpus: 2 }), version7({ cpus: 2 })].map((file) => file.subarray(0, file.length));
    const change = fc.tuple(fc.nat(40_000), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0xff, 0x7f, 0x80)));
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 20 }),
        fc.nat(PAGE),
        (file, changes, cut) => {
          const changed = Buffer.from(file.subarray(0, file.length - (cut % 7 === 0 ? cut : 0)));
          for (const [at, value] of changes) changed[at % changed.length] = value;
          try {
            let left = 300;
            for (const { sptes } of openDat(changed, { decompress: gunzip }).records()) {
              expect(sptes.length).toBeLessThan(10);
              if (left-- === 0) break;
            }
          } catch (error) {
            if (!(error instanceof RangeError) || !/^SPTE_TRACE_DAT(?:_UNSUPPORTED)?: /.test(error.message))
              throw error;
          }
        },
      ),
      { numRuns: sampled(60, 200) },
    );
  });
});

/** Where the second options section of {@link version7} begins: a file whose options point there again. */
function circle(): number {
  const file = version7();
  const first = Number(file.readBigUInt64LE(27));
  // The last option of the first section points to the second.
  return Number(file.readBigUInt64LE(file.length - 8)) || first;
}
