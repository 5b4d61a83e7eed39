// SPDX-License-Identifier: GPL-2.0-only
import { isDeepStrictEqual } from 'node:util';
import { makeSpte, pageRole, plainHost } from '@spte/core';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchEngine, compile, type DecodedColumns, type Entries, type Rule } from '../src/index.ts';
import { BLOCK, FRAMES, IN } from '../src/memory-layout.ts';
import { machine } from './machines.ts';

const mmu = machine('EPT with A/D', '6.8');
const leaf = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0n, pfn: 0n }).spte;
const ROOM = 1 << 20;

/** Leaves, some of them read-only, MMIO entries and empty ones. */
function someEntries(length: number): BigUint64Array<ArrayBuffer> {
  const kinds = [leaf, leaf & ~2n, mmu.masks.vmMmioValue, 0n];
  return BigUint64Array.from({ length }, (_, n) => {
    const kind = kinds[(n >> 4) & 3] as bigint;
    return kind === 0n ? 0n : kind | (BigInt(n) << 12n);
  });
}

interface Memory {
  readonly engine: BatchEngine;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const roomy = (wasm = true): Memory => {
  const engine = compile(mmu, { room: ROOM, wasm, watch: [] });
  return { engine, bytes: engine.allocate(Uint8Array, ROOM) };
};

describe.each([true, false])('with WebAssembly: %s, the room of an engine', (wasm) => {
  it('has arrays of every class, zeroed, apart from each other', () => {
    const engine = compile(mmu, { room: 1000, wasm });
    const bytes = engine.allocate(Uint8Array, 3).fill(1);
    const words = engine.allocate(Uint32Array, 3).fill(2);
    const entries = engine.allocate(BigUint64Array, 3);
    expect([bytes, words, entries]).toEqual([
      Uint8Array.of(1, 1, 1),
      Uint32Array.of(2, 2, 2),
      BigUint64Array.of(0n, 0n, 0n),
    ]);
    expect(entries.buffer).toBe(bytes.buffer);
    expect(engine.allocate(BigUint64Array, 0)).toHaveLength(0);
  });

  it('is as large as it was asked for', () => {
    const engine = compile(mmu, { room: 100, wasm });
    engine.allocate(Uint8Array, 80);
    expect(() => engine.allocate(Uint32Array, 6)).toThrow(
      new RangeError('no room for 24 bytes: 20 bytes of the room are left'),
    );
    expect(engine.allocate(Uint8Array, 20)).toHaveLength(20);
    expect(() => engine.allocate(Uint8Array, 1)).toThrow('0 bytes of the room are left');
    expect(() => compile(mmu, { wasm }).allocate(BigUint64Array, 1)).toThrow('no room for 8 bytes');
  });

  it('is no place for tables', () => {
    const { engine, bytes } = roomy(wasm);
    bytes.fill(0xa5);
    const entries = someEntries(100);
    // More tables than there is memory for.
    for (let bit = 0n; bit < 12n; bit++) {
      const rule: Rule = (_mmu, spte) => Number((spte >> bit) & 1n);
      for (const level of [1, 2, 3, 4, 5]) {
        expect(Array.from(engine.map(entries, level, rule))).toEqual(
          [...entries].map((spte) => rule(mmu, spte, level)),
        );
      }
    }
    expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
  });

  it.each([-1, 0.5, 2 ** 32])('cannot be %f bytes, nor an array as long', (room) => {
    expect(() => compile(mmu, { room, wasm })).toThrow(/^room must be an integer within 0\.\.4288675840/);
    expect(() => compile(mmu, { wasm }).allocate(Uint8Array, room)).toThrow(/^length must be an integer/);
  });
});

describe('arrays in the room', () => {
  it('are not copied', () => {
    const { engine, bytes } = roomy();
    const entries = new BigUint64Array(bytes.buffer, bytes.byteOffset, 512);
    const others = new BigUint64Array(bytes.buffer, bytes.byteOffset + entries.byteLength, 512);
    entries.set(someEntries(512));
    const block = (at: number): Uint8Array => new Uint8Array(bytes.buffer, at, 8 * BLOCK);
    const columns = engine.decode(entries, 1);
    engine.decode(entries, 1, { ...columns, frame: entries.subarray(0) });
    // Frames that overwrite their entries take the other way.
    expect(block(IN).every((byte) => byte === 0)).toBe(true);
    block(FRAMES).fill(0);
    engine.encode({ pfn: entries, access: 7, level: 1 }, others);
    expect(block(IN).every((byte) => byte === 0)).toBe(true);
    expect(block(FRAMES).every((byte) => byte === 0)).toBe(true);
  });

  it('may be overwritten by what is made of them', () => {
    const { engine, bytes } = roomy();
    const entries = new BigUint64Array(bytes.buffer, bytes.byteOffset, 1000);
    entries.set(someEntries(1000));
    const columns = engine.decode(entries.slice(), 1);
    expect(engine.decode(entries, 1, { ...columns, frame: entries }).frame).toBe(entries);
    expect(entries).toEqual(compile(mmu).decode(someEntries(1000), 1).frame);
    const request = { pfn: entries.slice(), access: 7, level: 1 };
    const made = compile(mmu).encode(request);
    expect(engine.encode({ ...request, pfn: entries }, entries)).toEqual(made);
    // One further on.
    const pfn = new BigUint64Array(bytes.buffer, bytes.byteOffset + 8, 1000);
    pfn.set(request.pfn);
    expect(engine.encode({ ...request, pfn }, entries)).toEqual(made);
    pfn.set(request.pfn);
    const further = new BigUint64Array(bytes.buffer, bytes.byteOffset + 16, 1000);
    expect(engine.encode({ ...request, pfn }, further)).toEqual(made);
  });

  const spot = fc.record({
    /** Bytes before it, in the room or in a buffer of its own. */
    offset: fc.nat({ max: 40 }),
    inRoom: fc.boolean(),
  });
  const length = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(BLOCK - 1, BLOCK, BLOCK + 8, BLOCK + 13));

  it('anywhere, mixed with others, give what copies give, and nothing beside them changes', () => {
    const { engine, bytes } = roomy();
    const plain = compile(mmu, { wasm: false });
    /** An array at a spot with bytes of 0xa5 around it; then what stood around it. */
    const at = <Column>(
      of: { new (buffer: ArrayBuffer, byteOffset: number, length: number): Column },
      { offset, inRoom }: { readonly offset: number; readonly inRoom: boolean },
      width: number,
      count: number,
      part: number,
    ): readonly [Column, () => boolean] => {
      const size = ROOM / 8;
      const whole = inRoom ? bytes.subarray(part * size, (part + 1) * size) : new Uint8Array(size);
      const start = width * offset;
      const end = start + width * count;
      whole.fill(0xa5);
      return [
        new of(whole.buffer, whole.byteOffset + start, count),
        () =>
          whole.subarray(0, start).every((byte) => byte === 0xa5) &&
          whole.subarray(end).every((byte) => byte === 0xa5),
      ];
    };
    fc.assert(
      fc.property(length, fc.tuple(spot, spot, spot, spot, spot, spot), (count, spots) => {
        const sample = someEntries(count);
        // Bytes at any offset.
        const [entries] = at(Uint8Array, spots[0], 1, 8 * count, 0);
        entries.set(new Uint8Array(sample.buffer));
        const [kind, kindAround] = at(Uint8Array, spots[1], 1, count, 1);
        const [frame, frameAround] = at(BigUint64Array, spots[2], 8, count, 2);
        const [access, accessAround] = at(Uint8Array, spots[3], 1, count, 3);
        const [flags, flagsAround] = at(Uint8Array, spots[4], 1, count, 4);
        const [generation, generationAround] = at(Uint32Array, spots[5], 4, count, 5);
        const into: DecodedColumns = { kind, frame, access, flags, generation };
        const given: Entries = entries;
        expect(isDeepStrictEqual(engine.decode(given, 1, into), plain.decode(sample, 1))).toBe(true);
        const request = { pfn: frame, access, level: 1 };
        const [made, madeAround] = at(BigUint64Array, spots[0], 8, count, 6);
        expect(isDeepStrictEqual(engine.encode(request, made), plain.encode(request))).toBe(true);
        expect(isDeepStrictEqual(engine.judge(given, 1, generation), plain.judge(sample, 1))).toBe(true);
        expect(isDeepStrictEqual(engine.classify(given, 1, kind), plain.classify(sample, 1))).toBe(true);
        const around = [kindAround, frameAround, accessAround, flagsAround, generationAround, madeAround];
        expect(around.every((untouched) => untouched())).toBe(true);
      }),
      { numRuns: sampled(15, 60) },
    );
  });
});
