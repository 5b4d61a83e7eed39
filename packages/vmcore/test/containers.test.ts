// SPDX-License-Identifier: GPL-2.0-only
import {
  buildKdump,
  flatten,
  joined,
  type KdumpOptions,
  type MemoryImage,
  noteOf,
  recordHead,
} from '@spte/testing/kdump';
import {
  bytesMemory,
  type Dump,
  flattenedFile,
  ImageError,
  openDump,
  type PhysicalMemory,
} from '@spte/vmcore';
import { nodeDecoders } from '@spte/vmcore/node';
import { decompress } from 'fzstd';
import { describe, expect, it } from 'vitest';
import { buildElf } from './elf.ts';

const PAGE = 4096;
const decoders = {
  ...nodeDecoders(),
  zstd: (input: Uint8Array, size: number) => decompress(input, new Uint8Array(size)),
};

/** A page that tells its number. */
const pageOf = (pfn: number): Uint8Array =>
  Uint8Array.from({ length: PAGE }, (_, i) => (i * pfn + pfn) & 255);

/** Forty pages beyond the first block of the bitmaps and some below; every third is zero. */
const image: MemoryImage = {
  present: [
    [2, 12],
    [20, 30],
    [32_760, 32_790],
  ],
  page: (pfn) => (pfn % 3 === 0 ? null : pfn % 5 === 0 ? new Uint8Array(PAGE).fill(pfn & 255) : pageOf(pfn)),
  vmcoreinfo: 'OSRELEASE=6.1.0\nPAGESIZE=4096\n',
};
const filtered = [12, 13, 31];

const open = (files: Uint8Array | readonly Uint8Array[], options = {}): Dump =>
  openDump(
    (files instanceof Uint8Array ? [files] : files).map((file) => bytesMemory(file)),
    { decoders, ...options },
  );
const kdump = (options: KdumpOptions = {}) => buildKdump(image, { filtered, ...options });

const PFNS = [...Array(40).keys(), ...Array.from({ length: 50 }, (_, i) => 32_750 + i)];

/** What is there of each page: its bytes are right, or why not. */
function readAll(dump: Dump): Map<string, number> {
  const counts = new Map<string, number>();
  for (const pfn of PFNS) {
    const { bytes, gap } = dump.readPage(pfn);
    const isRight = bytes !== null && Buffer.compare(bytes, image.page(pfn) ?? new Uint8Array(PAGE)) === 0;
    const what = gap?.reason ?? (isRight ? 'right' : 'wrong');
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return counts;
}

const whole = { right: 50, filtered: 3, 'not-ram': 37 };

describe('a kdump', () => {
  it.each(['stored', 'zlib', 'lzo', 'snappy', 'zstd', 'mixed'] as const)(
    'with pages that are %s',
    (codec) => {
      const dump = open(kdump({ codec }));
      expect(Object.fromEntries(readAll(dump))).toEqual(whole);
      expect(dump).toMatchObject({
        container: 'kdump',
        complete: true,
        notes: [],
        vmcoreinfo: image.vmcoreinfo,
      });
      expect([...dump.runs()]).toEqual([
        { start: 2, end: 12 },
        { start: 20, end: 30 },
        { start: 32_760, end: 32_768 },
        { start: 32_768, end: 32_790 },
      ]);
    },
  );

  it.each([1, 2, 3, 4, 5, 6])('of version %s', (version) => {
    const dump = open(kdump({ version }));
    expect(Object.fromEntries(readAll(dump))).toEqual(whole);
    expect(dump.vmcoreinfo).toBe(version < 3 ? null : image.vmcoreinfo);
    expect(open(kdump({ version, inNote: true })).vmcoreinfo).toBe(version < 4 ? null : image.vmcoreinfo);
  });

  it('is read across pages, and not across what is not there', () => {
    const dump = open(kdump());
    expect(dump.read(0x2ffen, 4)).toEqual(joined([pageOf(2).subarray(-2), new Uint8Array(2)]));
    expect(dump.read(0x4ff0n, 0x20)?.length).toBe(0x20);
    expect(dump.read(0xbff0n, 0x20)).toBeNull();
    expect(dump.read(0xc000n, 8)).toBeNull();
  });

  it('says why a page is not there', () => {
    const gaps = (dump: Dump, pfn: number) => dump.readPage(pfn).gap?.text;
    expect(gaps(open(kdump()), 12)).toBe('left out of the dump (makedumpfile -d 31)');
    expect(gaps(open(kdump()), 14)).toBe('not RAM');
    expect(gaps(open(kdump({ codec: 'zlib' }), { decoders: {} }), 2)).toBe(
      'compressed by zlib, and no decoder was given',
    );
    expect(open(kdump()).readPage(1e12).gap?.reason).toBe('not-ram');
  });

  it('that ran out of room says so', () => {
    expect(open(kdump({ status: 9 }))).toMatchObject({
      complete: false,
      notes: ['the dump is incomplete: its writer ran out of room'],
    });
  });

  const changed = (change: (view: DataView, file: Uint8Array) => void, options: KdumpOptions = {}) => {
    const file = kdump(options);
    change(new DataView(file.buffer), file);
    return file;
  };
  const DESCRIPTORS = PAGE * 6;

  it.each<[string, (view: DataView, file: Uint8Array) => void, string]>([
    ['no bytes', (view) => view.setUint32(DESCRIPTORS + 8, 0, true), 'its descriptor claims 0 bytes'],
    ['too many', (view) => view.setUint32(DESCRIPTORS + 8, 4097, true), 'its descriptor claims 4097 bytes'],
    ['too few', (view) => view.setUint32(DESCRIPTORS + 8, 4095, true), 'it has 4095 bytes, not 4096'],
    ['another codec', (view) => view.setUint32(DESCRIPTORS + 12, 1, true), 'zlib cannot decode it ('],
  ])('has a page that is damaged: %s', (_, change, text) => {
    const { gap } = open(changed(change)).readPage(2);
    expect(gap?.reason).toBe('damaged');
    expect(gap?.text).toContain(text);
  });

  it('has a page whose data are not there', () => {
    const { gap } = open(changed((view) => view.setBigUint64(DESCRIPTORS, 1n << 60n, true))).readPage(2);
    expect(gap).toEqual({ reason: 'cut-off', text: 'the file ends before its data' });
  });

  it('is cut off anywhere', () => {
    const file = kdump();
    for (const length of [463, 464, 4096, 4199, 8]) {
      const short = bytesMemory(file.subarray(0, length));
      expect(() => openDump([short])).toThrow(/^the kdump is cut off in its (sub-)?header$/);
    }
    expect(openDump([bytesMemory(file.subarray(0, 7))]).container).toBe('raw');
    const pageGap = (length: number) => open(file.subarray(0, length)).readPage(32_789).gap;
    expect(pageGap(2 * PAGE)?.text).toBe('the file ends within its bitmaps');
    expect(pageGap(5 * PAGE)?.text).toBe('the file ends within its bitmaps');
    expect(pageGap(DESCRIPTORS)?.text).toBe('the file ends before its descriptor');
    expect([...open(file.subarray(0, 5 * PAGE)).runs()]).toHaveLength(3);
    const first = open(file.subarray(0, 4 * PAGE));
    expect([first.readPage(2).gap?.reason, [...first.runs()]]).toEqual(['cut-off', []]);
  });

  it('is cut off between the two blocks of a bitmap, and counts nothing beyond', () => {
    const file = kdump();
    const holes: PhysicalMemory = {
      read: (at, length) => (at === BigInt(4 * PAGE) ? null : bytesMemory(file).read(at, length)),
    };
    expect(openDump([holes]).readPage(32_789).gap?.reason).toBe('cut-off');
  });

  it.each<[string, KdumpOptions | ((view: DataView) => void), string]>([
    ['another version', { version: 7 }, 'a kdump of version 7; 1 to 6 are read'],
    ['no version', { version: 0 }, 'a kdump of version 0'],
    ['arm64', { machine: 'aarch64' }, 'a kdump of machine "aarch64"; only x86_64 is read'],
    ['32 bits', { machine: 'i686\u001b[31m' }, 'a kdump of machine "i686?[31m"'],
    ['large blocks', (view) => view.setInt32(428, 65_536, true), 'the block size of the kdump is 65536'],
    ['no sub-header', (view) => view.setInt32(432, 0, true), 'the kdump claims 0 blocks of sub-header'],
    [
      'an endless one',
      (view) => view.setInt32(432, -1, true),
      'the kdump claims 4294967295 blocks of sub-header',
    ],
    [
      'one bitmap',
      (view) => view.setInt32(436, 1, true),
      'the kdump claims 1 blocks of bitmaps; 2 to 1048576',
    ],
    ['endless ones', (view) => view.setInt32(436, -1, true), 'the kdump claims 4294967295 blocks of bitmaps'],
  ])('is refused with %s', (_, how, message) => {
    const file = typeof how === 'function' ? changed(how) : kdump(how);
    expect(() => open(file)).toThrow(ImageError);
    expect(() => open(file)).toThrow(message);
  });

  it('may claim a text that is not there', () => {
    const text = (change: (view: DataView) => void) => open(changed(change)).vmcoreinfo;
    expect(text((view) => view.setBigUint64(PAGE + 40, 1n << 40n, true))).toBeNull();
    expect(text((view) => view.setBigUint64(PAGE + 32, 1n << 60n, true))).toBeNull();
  });
});

describe('a split dump', () => {
  const parts = [kdump({ part: [0, 24] }), kdump({ part: [24, 24] }), kdump({ part: [24, 32_790] })] as const;

  it('is put together from its parts in any order', () => {
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
    ]) {
      const dump = open(order.map((index) => parts[index] as Uint8Array));
      expect(Object.fromEntries(readAll(dump))).toEqual(whole);
      expect(dump).toMatchObject({ complete: true, notes: [], container: 'kdump' });
    }
  });

  it('says what is missing when a part is', () => {
    const dump = open(parts[0]);
    expect(Object.fromEntries(readAll(dump))).toEqual({
      right: 14,
      'other-part': 36,
      filtered: 3,
      'not-ram': 37,
    });
    expect(dump.notes).toEqual(['a part of the split dump is missing: pages 24 to 32789']);
    expect(dump.complete).toBe(false);
    expect(dump.readPage(25).gap?.text).toBe(
      'in a part of the split dump that was not given (pages 24 to 32789)',
    );
    expect(open([parts[2], parts[1]]).notes).toEqual(['a part of the split dump is missing: pages 0 to 23']);
  });

  it('has older headers with 32 bits', () => {
    const old = [kdump({ part: [0, 24], version: 5 }), kdump({ part: [24, 32_790], version: 5 })];
    expect(Object.fromEntries(readAll(open(old)))).toEqual(whole);
    expect(open(kdump({ part: [0, 24], version: 1 })).complete).toBe(true);
  });

  it('is incomplete when a part is, and says so once', () => {
    const short = parts.map((_, index) => kdump({ part: index === 0 ? [0, 24] : [24, 32_790], status: 9 }));
    expect(open(short)).toMatchObject({
      complete: false,
      notes: ['the dump is incomplete: its writer ran out of room'],
    });
  });

  it('is refused when its files are no parts of one dump', () => {
    expect(() => open([parts[0], kdump()])).toThrow('one of them is not a part of a split dump');
    expect(() => open([parts[0], new Uint8Array(PAGE)])).toThrow('one of them is not a part of a split dump');
    const other = buildKdump({ ...image, vmcoreinfo: 'OSRELEASE=6.2\n' }, { filtered, part: [24, 32_790] });
    expect(() => open([parts[0], other])).toThrow('the files are parts of different dumps');
    expect(() => openDump([])).toThrow('no file was given');
  });
});

describe('a flattened file', () => {
  it('holds a kdump or an ELF core', () => {
    const dump = open(flatten(kdump()));
    expect(Object.fromEntries(readAll(dump))).toEqual(whole);
    expect(dump).toMatchObject({ container: 'flattened', complete: true, vmcoreinfo: image.vmcoreinfo });
    const elf = open(flatten(buildElf([{ paddr: 0x2000n, bytes: pageOf(2) }]), 100));
    expect([elf.container, elf.readPage(2).bytes]).toEqual(['flattened', pageOf(2)]);
  });

  it('may be a part of a split dump', () => {
    const parts = [flatten(kdump({ part: [0, 24] })), flatten(kdump({ part: [24, 32_790] }))];
    const dump = open(parts);
    expect([dump.container, dump.complete]).toEqual(['flattened', true]);
    expect(Object.fromEntries(readAll(dump))).toEqual(whole);
  });

  it('that is cut off says so, and has what is there', () => {
    const file = flatten(kdump(), 10_000, true);
    const dump = open(file.subarray(0, -10_020));
    expect(dump.complete).toBe(false);
    expect(dump.notes).toEqual(['the flattened file has no end: it is cut off']);
    expect(() => open(file.subarray(0, 4100))).toThrow(
      'neither a kdump nor an ELF core: it is damaged or cut off',
    );
    expect(() => open(file.subarray(0, 4000))).toThrow('the flattened file is cut off in its header');
  });

  const head = flatten(new Uint8Array(0)).subarray(0, PAGE);
  const put = (...pieces: readonly (readonly [offset: bigint, size: bigint, ...bytes: number[]])[]) =>
    bytesMemory(
      joined([
        head,
        ...pieces.flatMap(([offset, size, ...bytes]) => [recordHead(offset, size), Uint8Array.from(bytes)]),
      ]),
    );

  it('takes the later of records that overlap, and zero where there is none', () => {
    const file = flattenedFile(
      put([4n, 3n, 1, 2, 3], [9n, 2n, 4, 5], [5n, 1n, 9], [0n, 5n, 6, 6, 6, 6, 6], [-1n, -1n]),
    );
    expect([...(file.read(0n, 11) as Uint8Array)]).toEqual([6, 6, 6, 6, 6, 9, 3, 0, 0, 4, 5]);
    expect(file.read(1n, 11)).toBeNull();
    expect(file.isCutOff).toBe(false);
  });

  it('does not take for zero what was cut off', () => {
    const file = flattenedFile(put([4n, 2n, 1, 2], [9n, 2n, 4]));
    expect(file.isCutOff).toBe(true);
    expect([...(file.read(4n, 2) as Uint8Array)]).toEqual([1, 2]);
    expect([file.read(3n, 2), file.read(9n, 2)]).toEqual([null, null]);
  });

  it.each<[string, PhysicalMemory, string]>([
    [
      'goes back before its start',
      put([-2n, 1n, 0]),
      'record 0 of the flattened file claims 1 bytes at offset -2',
    ],
    ['has no bytes', put([0n, 1n, 0], [0n, 0n]), 'record 1 of the flattened file claims 0 bytes'],
    ['is too large', put([1n << 60n, 1n << 60n]), 'claims 1152921504606846976 bytes at offset'],
    [
      'goes back too often',
      put(...Array.from({ length: 65 }, (_, i): [bigint, bigint, number] => [BigInt(100 - i), 1n, 0])),
      'the flattened file goes back more than 64 times',
    ],
  ])('is refused when a record %s', (_, file, message) => {
    expect(() => flattenedFile(file)).toThrow(message);
  });

  it('is refused when its records have no end', () => {
    let at = 0n;
    const record = recordHead(at, 1n);
    const view = new DataView(record.buffer);
    const endless: PhysicalMemory = {
      read(_, length) {
        if (length === PAGE) return head;
        view.setBigInt64(0, at++);
        return record;
      },
    };
    expect(() => flattenedFile(endless)).toThrow(
      'has more than 2097152 records: put it in order with `makedumpfile -R OUT < IN`',
    );
  });
});

describe('an ELF core as a dump', () => {
  const bytes = joined([pageOf(2), pageOf(3)]);

  it('has the pages of its segments, and says what it leaves out', () => {
    const dump = open(
      buildElf([
        { paddr: 0x2000n, bytes },
        { paddr: 0x8000n, bytes: pageOf(8), memsz: 0x3000n },
      ]),
    );
    expect(dump.readPage(3).bytes).toEqual(pageOf(3));
    expect(dump.readPage(9).gap).toEqual({
      reason: 'filtered',
      text: 'left out of the dump: filtered, or all zero',
    });
    expect(dump.readPage(11).gap?.reason).toBe('not-ram');
    expect([...dump.runs()]).toEqual([
      { start: 2, end: 4 },
      { start: 8, end: 9 },
    ]);
    expect(dump).toMatchObject({ container: 'elf', complete: true, vmcoreinfo: null, notes: [] });
  });

  it('has the text of the kernel in a note', () => {
    const note = { paddr: 0n, bytes: noteOf('OSRELEASE=6.1\n'), type: 4 };
    const memory = { paddr: 0x2000n, bytes };
    expect(open(buildElf([note, memory])).vmcoreinfo).toBe('OSRELEASE=6.1\n');
    expect(open(buildElf([{ ...note, filesz: 40n }, memory])).vmcoreinfo).toBe('OSRELEASE=6.1\n');
    expect(open(buildElf([{ ...note, filesz: 20n }, memory])).vmcoreinfo).toBeNull();
    const cut = buildElf([memory, note]);
    expect(open(cut.subarray(0, -3)).vmcoreinfo).toBeNull();
    expect(open(cut.subarray(0, -40)).vmcoreinfo).toBeNull();
    const named = buildElf([
      memory,
      { ...note, bytes: noteOf('x').map((byte) => (byte === 0x56 ? 0x57 : byte)) },
    ]);
    expect(open(named).vmcoreinfo).toBeNull();
  });

  it('that is cut off says so', () => {
    const dump = open(buildElf([{ paddr: 0x2000n, bytes }]).subarray(0, -1));
    expect(dump.complete).toBe(false);
    expect(dump.notes).toEqual(['the file is cut off: not all of the memory that its headers name is in it']);
    expect(dump.readPage(2).bytes).toEqual(pageOf(2));
    expect(dump.readPage(3).gap).toEqual({
      reason: 'cut-off',
      text: 'the file ends before it, or has a part of it only',
    });
  });

  it('is whole, in whatever order its segments stand', () => {
    const dump = open(
      buildElf([
        { paddr: 0x8000n, bytes },
        { paddr: 0x2000n, bytes: pageOf(2) },
      ]),
    );
    expect([dump.complete, dump.readPage(2).bytes, dump.readPage(8).bytes]).toEqual([
      true,
      pageOf(2),
      pageOf(2),
    ]);
  });

  it('is /proc/kcore where it has segments that are no memory', () => {
    const virtual = { paddr: (1n << 64n) - 1n, bytes: pageOf(1) };
    const dump = open(buildElf([virtual, { paddr: 0x2000n, bytes }]));
    expect([dump.container, dump.readPage(2).bytes]).toEqual(['kcore', pageOf(2)]);
  });

  it('is refused without memory, and of another machine', () => {
    expect(() => open(buildElf([]))).toThrow('an ELF core with no memory in it: QEMU writes such');
    const file = buildElf([{ paddr: 0x2000n, bytes }]);
    new DataView(file.buffer).setUint16(18, 183, true);
    expect(() => open(file)).toThrow('an ELF of machine 183 (arm64); only x86-64 (62) is read');
    new DataView(file.buffer).setUint16(18, 999, true);
    expect(() => open(file)).toThrow('an ELF of machine 999; only x86-64');
  });
});

describe('raw memory', () => {
  it('has as many pages as the file', () => {
    const dump = open(joined([pageOf(1), pageOf(2), new Uint8Array(7)]), { format: 'raw' });
    expect([...dump.runs()]).toEqual([{ start: 0, end: 2 }]);
    expect(dump.readPage(1).bytes).toEqual(pageOf(2));
    expect(dump.readPage(2).gap).toEqual({ reason: 'not-ram', text: 'beyond the end of the image' });
    expect(dump.read(PAGE + 1 > 0 ? 4097n : 0n, 2)).toEqual(pageOf(2).subarray(1, 3));
  });
});

describe('a file that is known and cannot be read', () => {
  it.each([
    ['\u001f\u008b', 'gzip: decompress it first'],
    ['\u00fd7zXZ\0', 'xz: decompress it first, with `xz -d`'],
    ['BZh9', 'bzip2: decompress it first'],
    ['\u0004\u0022\u004d\u0018', 'lz4: decompress it first'],
    [
      'LibvirtQemudSave',
      'a migration stream of libvirt, not an image of memory: dump again with `virsh dump --memory-only`',
    ],
    ['LibvirtQemudPart', 'a migration stream of libvirt'],
    ['QEVM', 'a migration stream of QEMU'],
    ['EMiL', 'an image in the LiME format'],
    ['PAGEDU64', 'a crash dump of Windows'],
    ['PAGEDUMP', 'a crash dump of Windows'],
    ['\u00d2\u00be\u00d2\u00be', 'a suspended state or snapshot of VMware'],
  ])('%j is refused by name', (start, message) => {
    const file = joined([Uint8Array.from(start, (letter) => letter.charCodeAt(0)), new Uint8Array(64)]);
    expect(() => open(file)).toThrow(ImageError);
    expect(() => open(file)).toThrow(message);
  });
});
