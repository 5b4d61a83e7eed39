// SPDX-License-Identifier: GPL-2.0-only
// trace.dat: small whole files of every kind, broken.
import { gunzipSync } from 'node:zlib';
import { type Decompress, openDat } from '../../packages/trace/src/dat/index.ts';
import type { TraceRecord } from '../../packages/trace/src/index.ts';
import {
  cmdlinesOf,
  formatsOf,
  headerInfoOf,
  type Layout,
  pageOf,
  u32,
  version6,
  version7,
} from '../../packages/trace/test/dat-files.ts';
import { mutate } from './mutate.ts';
import { type Seed, seedOf } from './seed.ts';
import { ensure, type Outcome, type Target } from './target.ts';

const FIELDS = [
  'unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0',
  'int common_pid;\toffset:4;\tsize:4;\tsigned:1',
  'u64 gfn;\toffset:8;\tsize:8;\tsigned:0',
  'u64 old_spte;\toffset:16;\tsize:8;\tsigned:0',
  'int level;\toffset:24;\tsize:4;\tsigned:1',
  '__data_loc char[] name;\toffset:28;\tsize:4;\tsigned:0',
  'char comm[4];\toffset:32;\tsize:4;\tsigned:0',
];

const format = (name: string, id: number): string =>
  `name: ${name}\nID: ${id}\nformat:\n${FIELDS.map((field) => `\tfield:${field};\n`).join('')}\nprint fmt: "x"\n`;

const HEADER_PAGE = [
  'u64 timestamp;\toffset:0;\tsize:8;\tsigned:0',
  'local_t commit;\toffset:8;\tsize:8;\tsigned:1',
  'char data;\toffset:16;\tsize:4080;\tsigned:1',
];

/** Words of a record: 36 bytes of the event `id`. */
const event = (id: number, delta: number): number[] => [
  9 | (delta << 5),
  id,
  5,
  0x10,
  0,
  0x1a67,
  0x8000_0000,
  1,
  (3 << 16) | 32,
  0x6968,
];

/** A page of few bytes, with one of everything. */
const page = (...words: number[]): Buffer => pageOf(words).subarray(0, 16 + 4 * words.length);
const ring = page(
  ...event(7, 100),
  30 | (500 << 5),
  1,
  29 | (10 << 5),
  8,
  0,
  31 | (9 << 5),
  2,
  0,
  40,
  ...event(7, 0).slice(1),
  ...event(8, 5),
);

const small: Layout = {
  formats: formatsOf(format('kvm_tdp_mmu_spte_changed', 7), format('sched_switch', 8)),
  ftraceFormats: Buffer.concat([u32(0)]),
  headerInfo: headerInfoOf(HEADER_PAGE.map((field) => `\tfield: ${field};\n`).join('')),
  cmdlines: cmdlinesOf('5 vm a\n6 x\n'),
  aligned: false,
  data: [ring, Buffer.alloc(0), ring],
};
const instances = [{ name: 'guest', data: [ring, ring, ring], clock: 'mono' }];

/** Undoes both compressions of the seeds; takes no more than it is told. */
const decompress: Decompress = (packed, size) => {
  ensure(size <= 1 << 26, `a block of ${size} bytes is asked for`);
  if (packed[0] === 0x1f) return new Uint8Array(gunzipSync(packed, { maxOutputLength: Math.max(1, size) }));
  // Stored as it is, so that the numbers inside can be found and broken.
  return packed;
};
const stored = { compressed: true, pack: (data: Buffer): Buffer => data };

/** Files of a kilobyte or two; the first and the last are of the size of real ones. */
const FILES: readonly Buffer[] = [
  version6(small),
  version6({ ...small, options: false }),
  version6({ ...small, instances }),
  version6({ ...small, instances: [...instances, { name: 'late', data: [], offset: 0 }] }),
  version7(small),
  version7({ ...small, instances }),
  version7({ ...small, ...stored }),
  version7({ ...small, ...stored, instances }),
  version7({ ...small, compressed: true, instances }),
];
const LARGE_FILES: readonly Buffer[] = [version6({ cpus: 2 }), version7({ cpus: 3, compressed: true })];

/** One input in this number is as large as a real file, which takes a hundred times as long. */
const LARGE = 1000;

const readAll = (bytes: Uint8Array): { records: TraceRecord[]; events: number } => {
  const records: TraceRecord[] = [];
  const all = openDat(bytes, { decompress }).records();
  for (let next = all.next(); ; next = all.next()) {
    if (next.done === true) return { records, events: next.value.events };
    records.push(next.value);
  }
};

const ROLES: ReadonlySet<string> = new Set(['spte', 'old', 'new', 'hierarchy', 'guest']);

function checkRecord(record: TraceRecord): void {
  const { line, pid, cpu, timestamp, task, fields, sptes } = record;
  ensure(line > 0 && Number.isSafeInteger(line), 'an event has a number');
  ensure(pid !== null && Number.isInteger(pid) && Math.abs(pid) <= 0x8000_0000, 'a pid has 32 bits');
  ensure(cpu !== null && Number.isInteger(cpu) && cpu >= 0, 'a CPU has a number');
  ensure(/^\d{1,20}(\.\d{6})?$/.test(timestamp ?? ''), 'a timestamp is a number');
  ensure(typeof task === 'string', 'a task has a name');
  for (const value of Object.values(fields)) {
    ensure(typeof value !== 'number' || Number.isSafeInteger(value), 'a number is an integer');
    ensure(
      typeof value !== 'string' || value.length <= 0xffff,
      'a text is no longer than its length can say',
    );
  }
  for (const { role, value, level } of sptes) {
    ensure(ROLES.has(role), 'an SPTE has a role');
    ensure(value >= 0n && value < 1n << 64n, 'an SPTE has 64 bits');
    ensure(level === null || (level >= 1 && level <= 5), 'a level is 1 to 5');
  }
}

const seeds = (files: readonly Buffer[]): Seed[] => files.map((file) => seedOf(file, readAll));
const SEEDS = seeds(FILES);
const LARGE_SEEDS = seeds(LARGE_FILES);

/** A refusal without its numbers. */
const kindOf = (message: string): string => message.replaceAll(/-?\d+/g, 'N').slice(0, 64);

/** Reads a trace.dat to its end. Nothing but `RangeError` with the code `SPTE_TRACE_DAT` may come out of it. */
export const datTarget: Target = {
  name: 'dat',
  unit: 'files',
  input: (random) => mutate(random, random.oneIn(LARGE) ? LARGE_SEEDS : SEEDS),
  feed(input): Outcome {
    try {
      const { records, events } = readAll(input);
      ensure(events >= records.length, 'no more records than events');
      records.forEach(checkRecord);
      return { ending: records.length > 0 ? 'read, with records' : 'read, without records', count: 1 };
    } catch (error) {
      if (!(error instanceof RangeError) || !/^SPTE_TRACE_DAT(?:_UNSUPPORTED)?: /.test(error.message))
        throw error;
      return { ending: kindOf(error.message), count: 1 };
    }
  },
};
