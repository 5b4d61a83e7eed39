// SPDX-License-Identifier: GPL-2.0-only
import { realDump } from '@spte/testing/dumps';
import { Btf, BtfError, KernelError, openKernel, placeOf, Struct, StructType, Types } from '@spte/vmcore';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FREE, type MadeType, madeBtf, madeKernel } from './made-kernel.ts';

/** Types of every kind; ids count from 1. */
const TYPES: readonly MadeType[] = [
  ['int', 1, 4, [0x0100_0020]], // 1, signed
  ['u64', 1, 8, [0x40]], // 2
  ['char', 1, 1, [0x0200_0008]], // 3
  ['', 2, 1], // 4, pointer to int
  ['', 3, 0, [3, 1, 16]], // 5, char[16]
  ['inner', 4, 16, ['a', 2, 0], ['b', 1, 64], ['c', 1, 96]], // 6
  ['', 5, 8, ['word', 2, 0], ['half', 1, 0]], // 7, anonymous union
  ['color', 6, 4], // 8
  ['forward', 7, 0], // 9
  ['inner_t', 8, 6], // 10
  ['', 9, 10], // 11, volatile
  ['', 10, 11], // 12, const
  ['', 11, 4], // 13, restrict
  ['func', 12, 15], // 14
  ['', 13, 1], // 15
  ['var', 14, 1, [0]], // 16
  ['.data', 15, 0], // 17
  ['double', 16, 8], // 18
  ['decl', 17, 6, [0]], // 19
  ['tag', 18, 12], // 20
  ['wide', 19, 8], // 21
  ['', 3, 0, [6, 1, 3]], // 22, inner[3]
  ['', 3, 0, [2, 1, 0]], // 23, u64[]
  ['flags', 4, 4, ['low', 1, 0, 3], ['high', 2, 3, 6], ['', 1, 16, 2], ['whole', 2, 32, 0]], // 24
  [
    'outer', // 25
    4,
    256,
    ['name', 5, 0],
    ['', 7, 128],
    ['pointer', 13, 192],
    ['tagged', 20, 256],
    ['list', 22, 384],
    ['flags', 24, 768],
    ['color', 8, 832],
    ['wide', 21, 896],
    ['real', 18, 960],
    ['tail', 23, 1024],
    ['rows', 26, 1024],
  ],
  ['', 3, 0, [27, 1, 2]], // 26, inner[2][3]
  ['', 3, 0, [6, 1, 3]], // 27
];

const btf = new Btf(madeBtf(TYPES));

/** A struct in a made kernel, with bytes that count from 1. */
function outer(): Struct {
  const { dump, write } = madeKernel({ btf: madeBtf(TYPES) });
  write(
    FREE,
    Uint8Array.from({ length: 256 }, (_, i) => i + 1),
  );
  write(FREE, new TextEncoder().encode('a name\0'));
  write(FREE + 48n, Uint8Array.of(...Array(8).fill(0xff), 0xfe, 0xff, 0xff, 0xff));
  write(FREE + 96n, Uint8Array.of(0b1010_1101, 0b1));
  const kernel = openKernel(dump);
  return kernel.struct('outer', FREE);
}

describe('type information', () => {
  it('has structs with their members, wherever they are', () => {
    const type = new Types(btf).get('outer');
    expect([type.name, type.bytes]).toEqual(['struct outer', 256]);
    expect(type.memberNames().slice(0, 4)).toEqual(['name', 'word', 'half', 'pointer']);
    expect(type.offsetOf('half')).toBe(16n);
    expect(type.offsetOf('tagged.b')).toBe(40n);
    expect(type.offsetOf('list[2].c')).toBe(92n);
    expect(type.offsetOf('rows[1][2].b')).toBe(216n);
    expect(type.offsetOf('tail[5]')).toBe(168n);
    for (const path of ['none', 'name.x', 'list[3]', 'word[0]', 'tagged.none', 'real.x']) {
      expect(type.find(path)).toBeNull();
    }
    expect(() => type.place('none')).toThrow('struct outer has no member none in this kernel');
    expect(btf.sizeOf(26)).toBe(96);
    expect(btf.sizeOf(4)).toBe(8);
    expect(btf.nameOf(24)).toBe('flags');
    expect(new Types(btf).find('color')).toBeNull();
    expect(new Types(btf).get('flags').memberNames()).toEqual(['low', 'high', 'whole']);
    const union = new StructType(btf, btf.type(7));
    expect([union.name, union.memberNames()]).toEqual(['union (anonymous)', ['word', 'half']]);
  });

  it('reads members as wide as they are', () => {
    const struct = outer();
    expect(struct.text('name')).toBe('a name');
    expect(struct.get('word')).toBe(0x1817_1615_1413_1211n);
    expect(struct.number('half')).toBe(0x1413_1211);
    expect(struct.get('pointer')).toBe(0x201f_1e1d_1c1b_1a19n);
    expect([struct.get('list[0].a'), struct.get('list[0].b')]).toEqual([0xffff_ffff_ffff_ffffn, -2n]);
    expect([struct.get('flags.low'), struct.get('flags.high')]).toEqual([-3n, 0b1_10101n]);
    expect(struct.get('flags.whole')).toBe(0x6c6b_6a69_6867_6665n);
    expect(struct.number('color')).toBe(0x6c6b_6a69);
    expect(struct.get('wide')).toBe(0x7877_7675_7473_7271n);
    expect([struct.has('word'), struct.has('none')]).toEqual([true, false]);
    expect(struct.addressOf('flags')).toBe(FREE + 96n);
    expect(struct.inner('tagged').get('b')).toBe(0x2c2b_2a29n);
    expect([struct.countOf('list'), struct.countOf('tail')]).toEqual([3, 0]);
    expect(struct.inner('word').type.name).toBe('struct u64');
    expect(() => struct.get('tagged')).toThrow('struct outer: member tagged is no number');
    expect(() => struct.get('real')).toThrow(KernelError);
    expect(() => struct.text('word')).toThrow('member word is no array of characters');
    expect(() => struct.text('tail')).toThrow('member tail is no array of characters');
    expect(() => struct.countOf('word')).toThrow('member word is no array');
  });

  it('names anonymous types', () => {
    const types = new Types(
      new Btf(
        madeBtf([
          ['', 5, 8, ['word', 2, 0]],
          ['u64', 1, 8, [0x40]],
          ['box', 4, 8, ['', 1, 0]],
        ]),
      ),
    );
    const kernel = openKernel(madeKernel().dump);
    const box = new Struct(kernel.memory, types.get('box'), FREE);
    expect(box.get('word')).toBe(0n);
  });

  it('of a module continues that of the kernel', () => {
    const kernel = openKernel(realDump('svm61-two'));
    const base = kernel.types.btf;
    const split = kernel.moduleTypes('kvm') as Types;
    expect(split.get('kvm').bytes).toBe(40_504);
    expect([kernel.types.find('tdp_iter'), split.get('tdp_iter').bytes]).toEqual([null, 104]);
    expect(split.get('list_head').bytes).toBe(16);
    expect(split.get('kvm').offsetOf('vm_list')).toBeGreaterThan(0n);
    expect(split.btf.nameOf(1)).toBe(base.nameOf(1));
    const list = split.get('list_head').type;
    expect([...split.btf.members(list)].map(({ name }) => name)).toEqual(['next', 'prev']);
    // Members of the kernel's types, asked of the module's: an array, an integer.
    const uts = new Struct(
      kernel.memory,
      split.get('new_utsname'),
      (kernel.symbols.address('init_uts_ns') as bigint) + 4n - 4n,
    );
    expect(uts.text('sysname')).toBe('Linux');
    expect(split.get('task_struct').find('comm')).not.toBeNull();
    expect(
      new Struct(
        kernel.memory,
        split.get('task_struct'),
        kernel.symbols.address('init_task') as bigint,
      ).number('pid'),
    ).toBe(0);
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'not BTF: it does not begin with 9f eb'],
    ['another magic', madeBtf([]).map((byte) => byte ^ 1), 'not BTF'],
    ['types that are cut off', madeBtf([['int', 1, 4]]), 'BTF type 1 is cut off'],
    ['a kind that is not known', madeBtf([['x', 20, 4]]), 'BTF type 1 is of kind 20: unknown'],
    ['no kind', madeBtf([['x', 0, 4]]), 'BTF type 1 is of kind 0: unknown'],
    ['less than it claims', madeBtf(TYPES).subarray(0, -1), 'BTF claims'],
  ])('is refused: %s', (_, bytes, message) => {
    expect(() => new Btf(bytes)).toThrow(BtfError);
    expect(() => new Btf(bytes)).toThrow(message);
  });

  it('is refused when half a type is left', () => {
    const bytes = madeBtf([['a', 8, 1]]);
    new DataView(bytes.buffer).setUint32(12, 8, true);
    expect(() => new Btf(bytes)).toThrow('BTF type 1 is of kind 0');
  });

  it('that runs in circles is refused', () => {
    const circle = new Btf(
      madeBtf([
        ['a', 8, 2],
        ['', 10, 1],
        ['', 3, 0, [3, 1, 2]],
        ['self', 4, 8, ['', 4, 0]],
        ['bad', 4, 8, ['x', 99, 0]],
      ]),
    );
    expect(() => circle.resolve(1)).toThrow('BTF type 1 is of itself');
    expect(() => circle.sizeOf(3)).toThrow('BTF type 3 is of itself');
    expect(() => placeOf(circle, circle.type(4), 'x')).toThrow('has anonymous members without end');
    expect(() => placeOf(circle, circle.type(5), 'x')).toThrow('BTF has no type 99');
    expect(new StructType(circle, circle.type(4)).memberNames()).toEqual([]);
  });

  it('whatever is in it, is read or refused by a BtfError', () => {
    const whole = madeBtf(TYPES);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.constantFrom('name', 'list[2].c', 'rows[1][1].a', 'word', 'tail[9]'),
        (changes, path) => {
          const bytes = whole.slice();
          for (const [at, byte] of changes) bytes[at] = byte;
          try {
            new Types(new Btf(bytes)).find('outer')?.find(path);
          } catch (error) {
            expect(error).toBeInstanceOf(BtfError);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
