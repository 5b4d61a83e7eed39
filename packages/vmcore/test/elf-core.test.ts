// SPDX-License-Identifier: GPL-2.0-only

import { sampled } from '@spte/testing/sampled';
import {
  bytesMemory,
  disjointSegments,
  elfCoreMemory,
  ImageError,
  imageFormat,
  type PhysicalMemory,
  readExactly,
  segmentedMemory,
} from '@spte/vmcore';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildElf, type ElfOptions, type ElfSegment } from './elf.ts';

const load = (paddr: bigint, ...bytes: number[]): ElfSegment => ({ paddr, bytes: Uint8Array.from(bytes) });
const open = (segments: readonly ElfSegment[], options: ElfOptions = {}) =>
  elfCoreMemory(bytesMemory(buildElf(segments, options)));
const read = (memory: PhysicalMemory, address: bigint, length: number): number[] | null => {
  const bytes = memory.read(address, length);
  return bytes === null ? null : [...bytes];
};

describe('memory in an array', () => {
  it('has holes around it', () => {
    const memory = bytesMemory(Uint8Array.from([1, 2, 3, 4]), 0x1000n);
    expect(read(memory, 0x1000n, 4)).toEqual([1, 2, 3, 4]);
    expect(read(memory, 0x1002n, 2)).toEqual([3, 4]);
    expect(read(memory, 0x1001n, 4)).toBeNull();
    expect(read(memory, 0xfffn, 1)).toBeNull();
    expect(read(memory, (1n << 64n) - 1n, 1)).toBeNull();
    expect(read(bytesMemory(Uint8Array.from([9])), 0n, 1)).toEqual([9]);
  });
});

describe('memory that gives another number of bytes', () => {
  it('is refused', () => {
    const wrong: PhysicalMemory = { read: () => new Uint8Array(3) };
    expect(() => readExactly(wrong, 0x1000n, 4)).toThrow(
      'memory.read(0x1000, 4) must return 4 bytes or null, got 3 bytes',
    );
    expect(readExactly(bytesMemory(new Uint8Array(8)), 0n, 8)?.byteLength).toBe(8);
    expect(readExactly(bytesMemory(new Uint8Array(8)), 1n, 8)).toBeNull();
  });
});

/** Reads a core that may be anything; says what happened that must not. */
function outcome(file: Uint8Array, address: bigint): string {
  try {
    const memory = elfCoreMemory(bytesMemory(file));
    const lengths = [address, 0x1000n, 0x3000n].map((at) => memory.read(at, 32)?.length ?? 32);
    return lengths.every((length) => length === 32) ? 'fine' : `read ${lengths.join()} bytes of 32`;
  } catch (error) {
    return error instanceof ImageError ? 'fine' : String(error);
  }
}

describe('an ELF core', () => {
  it('has each segment at its physical address', () => {
    const memory = open([load(0x100000n, 5, 6, 7), load(0x1000n, 1, 2, 3, 4)]);
    expect(memory.segments.map(({ address, bytes }) => [address, bytes])).toEqual([
      [0x1000n, 4n],
      [0x100000n, 3n],
    ]);
    expect(read(memory, 0x1001n, 2)).toEqual([2, 3]);
    expect(read(memory, 0x100000n, 3)).toEqual([5, 6, 7]);
    expect(read(memory, 0x1003n, 2)).toBeNull();
    expect(read(memory, 0xfffn, 2)).toBeNull();
    expect(read(memory, 0x2000n, 1)).toBeNull();
    expect(read(memory, 0x200000n, 1)).toBeNull();
  });

  it('is read across segments that touch', () => {
    const memory = open([load(0x1000n, 1, 2), load(0x1002n, 3), load(0x1003n, 4, 5)]);
    expect(read(memory, 0x1000n, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(read(memory, 0x1001n, 3)).toEqual([2, 3, 4]);
    expect(read(memory, 0x1001n, 5)).toBeNull();
  });

  it('takes the lower of two segments that overlap, and the rest of the other', () => {
    const memory = open([load(0x1002n, 9, 9, 9, 9), load(0x1000n, 1, 2, 3, 4), load(0x1001n, 7, 7)]);
    expect(read(memory, 0x1000n, 6)).toEqual([1, 2, 3, 4, 9, 9]);
    expect(read(open([load(0x1000n, 1), load(0x1000n, 2, 3)]), 0x1000n, 2)).toEqual([1, 3]);
  });

  it('leaves out anything that is not memory', () => {
    const note: ElfSegment = { ...load(0x1000n, 1), type: 4 };
    const virtual = load((1n << 64n) - 1n, 1);
    const wraps: ElfSegment = { ...load((1n << 64n) - 16n, 1), filesz: 32n };
    const filtered: ElfSegment = { ...load(0x2000n, 1, 2), memsz: 4096n };
    const memory = open([note, virtual, wraps, load(0x3000n), filtered]);
    expect(memory.segments).toHaveLength(1);
    expect(read(memory, 0x2001n, 2)).toBeNull();
  });

  it('has a hole where the file is cut short', () => {
    const file = buildElf([load(0x1000n, 1, 2, 3, 4), load(0x1004n, 5, 6)]);
    const memory = elfCoreMemory(bytesMemory(file.subarray(0, -1)));
    expect(read(memory, 0x1000n, 4)).toEqual([1, 2, 3, 4]);
    expect(read(memory, 0x1004n, 2)).toBeNull();
    expect(read(memory, 0x1003n, 3)).toBeNull();
  });

  it('may claim more than there is', () => {
    const huge: ElfSegment = { ...load(0x1000n, 1, 2), filesz: 1n << 60n };
    const memory = open([huge, { ...load(0x2000n, 3), filesz: (1n << 64n) - 1n }]);
    expect(read(memory, 0x1000n, 2)).toEqual([1, 2]);
    expect(read(memory, 1n << 59n, 4096)).toBeNull();
  });

  it('says in a section header how many program headers it has, when they are many', () => {
    const segments = Array.from({ length: 1200 }, (_, i) => load(BigInt(i) * 0x1000n, i & 255));
    const memory = open(segments, { extended: true });
    expect(memory.segments).toHaveLength(1200);
    expect(read(memory, 1199n * 0x1000n, 1)).toEqual([1199 & 255]);
    expect(open(segments, { phentsize: 64 }).segments).toHaveLength(1200);
  });

  it.each<[string, (view: DataView<ArrayBuffer>) => void, string]>([
    [
      'another magic',
      (view) => view.setUint8(1, 0x46),
      'not an ELF file: it does not begin with 7f 45 4c 46',
    ],
    ['32 bits', (view) => view.setUint8(4, 1), 'an ELF of class 1 and data 1; only ELF64 (2)'],
    ['big endian', (view) => view.setUint8(5, 2), 'an ELF of class 2 and data 2; only ELF64 (2)'],
    ['small headers', (view) => view.setUint16(54, 55, true), 'ELF phentsize is 55'],
    ['large headers', (view) => view.setUint16(54, 1025, true), 'ELF phentsize is 1025'],
    [
      'headers beyond the file',
      (view) => view.setBigUint64(32, 1n << 62n, true),
      'ELF program header at offset 0x4000000000000000 is cut off',
    ],
    ['more headers than bytes', (view) => view.setUint16(56, 9, true), 'ELF program header at offset 0x40'],
    [
      'a count that is nowhere',
      (view) => {
        view.setUint16(56, 0xffff, true);
        view.setBigUint64(40, 1n << 40n, true);
      },
      'ELF section header 0 at offset 0x10000000000 is cut off',
    ],
  ])('is refused with %s', (_, damage, message) => {
    const file = buildElf([load(0x1000n, 1)]);
    damage(new DataView(file.buffer));
    const damaged = bytesMemory(file);
    expect(() => elfCoreMemory(damaged)).toThrow(ImageError);
    expect(() => elfCoreMemory(damaged)).toThrow(message);
  });

  it('is refused when it ends within its header', () => {
    const file = buildElf([load(0x1000n, 1)]).subarray(0, 63);
    expect(() => elfCoreMemory(bytesMemory(file))).toThrow('ELF file header at offset 0x0 is cut off');
  });

  it('is refused when it claims billions of headers, before any of them is read', () => {
    const file = buildElf([load(0x1000n, 1)], { extended: true });
    const view = new DataView(file.buffer);
    const section = Number(view.getBigUint64(40, true));
    view.setUint32(section + 44, 0xffff_ffff, true);
    expect(() => elfCoreMemory(bytesMemory(file))).toThrow('ELF claims 4294967295 program headers');
    view.setUint32(section + 44, (1 << 20) + 1, true);
    expect(() => elfCoreMemory(bytesMemory(file))).toThrow(
      'ELF claims 1048577 program headers; more than 1048576 are refused',
    );
    view.setUint32(section + 44, 1 << 20, true);
    expect(() => elfCoreMemory(bytesMemory(file))).toThrow('ELF program header at offset 0x40 is cut off');
  });

  it('may have headers of 56 to 1,024 bytes', () => {
    for (const phentsize of [56, 1024]) {
      expect(open([load(0x1000n, 1)], { phentsize }).segments).toHaveLength(1);
    }
  });

  it('never breaks in another way, whatever its headers say', () => {
    const whole = buildElf([load(0x1000n, 1, 2, 3, 4), load(0x3000n, 5)], { extended: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(whole.length),
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        (changes, length, address) => {
          const file = whole.slice(0, length);
          for (const [at, byte] of changes) if (at < length) file[at] = byte;
          expect(outcome(file, address)).toBe('fine');
        },
      ),
      { numRuns: sampled(500, 2000) },
    );
  });
});

describe('segments', () => {
  it('agree with a map of every byte', () => {
    const anySegment = fc.record({
      address: fc.bigInt({ min: 0n, max: 40n }),
      offset: fc.bigInt({ min: 0n, max: 40n }),
      bytes: fc.bigInt({ min: 1n, max: 20n }),
    });
    const file = Uint8Array.from({ length: 50 }, (_, i) => i);
    fc.assert(
      fc.property(fc.array(anySegment, { maxLength: 6 }), (segments) => {
        const disjoint = disjointSegments(segments);
        const memory = segmentedMemory(bytesMemory(file), disjoint);
        const byHand = new Map<bigint, bigint>();
        for (const { address, offset, bytes } of segments.toSorted((a, b) => Number(a.address - b.address))) {
          for (let i = 0n; i < bytes; i++) {
            if (!byHand.has(address + i)) byHand.set(address + i, offset + i);
          }
        }
        for (let at = 0n; at < 64n; at++) {
          const offset = byHand.get(at);
          const expected = offset === undefined || offset >= 50n ? null : [Number(offset)];
          expect(read(memory, at, 1)).toEqual(expected);
        }
      }),
    );
  });
});

describe('the format of an image', () => {
  const format = (...bytes: number[]) => imageFormat(bytesMemory(Uint8Array.from(bytes)));
  const text = (words: string) => format(...new TextEncoder().encode(words));

  it('is told by its first bytes', () => {
    expect(format(0x7f, 0x45, 0x4c, 0x46, 2)).toBe('elf');
    expect(format(0x28, 0xb5, 0x2f, 0xfd)).toBe('zstd');
    expect(format(0x1f, 0x8b)).toBe('gzip');
    expect(text('KDUMP   x')).toBe('kdump');
    expect(text('DISKDUMP')).toBe('kdump');
    expect(text('makedumpfile')).toBe('flattened');
  });

  it('is raw where nothing is known of it', () => {
    expect(format()).toBe('raw');
    expect(format(0x7f)).toBe('raw');
    expect(text('anything at all')).toBe('raw');
  });
});
