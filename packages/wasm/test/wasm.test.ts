// SPDX-License-Identifier: GPL-2.0-only
import { Arena, arrayIn, highHalf, instantiate, joinHalves, lowHalf, type WasmRuntime } from '@spte/wasm';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

/** What the README's module exports: it leaves the largest of some words where the first was. */
interface Exports {
  largest(at: number, count: number): void;
}
const MODULE =
  'AGFzbQEAAAABBgFgAn9/AAIPAQNlbnYGbWVtb3J5AgAAAwIBAAcUAgdsYXJnZXN0AAAGbWVtb3J5AgAKOgE4AgJ+AX8DQCABIARK' +
  'BEAgAyAAIARBA3RqKQMAIgJUBEAgAiEDCyAEQQFqIQQMAQsLIAAgAzcDAAs=';
const PAGE = 65_536;

const { WebAssembly: runtime } = globalThis as unknown as { readonly WebAssembly: WasmRuntime<Exports> };

class Refuses {
  readonly buffer: ArrayBuffer = new ArrayBuffer(0);

  constructor() {
    throw new RangeError('refused');
  }
}

describe('a module', () => {
  it('works on its memory', () => {
    const running = instantiate<Exports>(MODULE, 100);
    const words = new BigUint64Array(running?.memory ?? new ArrayBuffer(24), 0, 3);
    words.set([5n, 1n << 63n, 6n]);
    running?.exports.largest(0, 3);
    expect([...words]).toEqual([1n << 63n, 1n << 63n, 6n]);
  });

  it.each([
    [0, 0],
    [1, PAGE],
    [PAGE, PAGE],
    [PAGE + 1, 2 * PAGE],
  ])('asked for %i bytes, has %i', (asked, has) => {
    expect(instantiate(MODULE, asked)?.memory.byteLength).toBe(has);
  });

  it('each has a memory of its own', () => {
    expect(instantiate(MODULE, 1)?.memory).not.toBe(instantiate(MODULE, 1)?.memory);
  });

  it('does not run where the runtime has no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(instantiate(MODULE, 1)).toBeNull();
    vi.unstubAllGlobals();
    expect(instantiate(MODULE, 1)).not.toBeNull();
  });

  it('does not run where the runtime refuses the module, the memory or both together', () => {
    expect(instantiate(MODULE, 1, runtime)).not.toBeNull();
    for (const part of ['Module', 'Memory', 'Instance']) {
      expect(instantiate(MODULE, 1, { ...partsOf(runtime), [part]: Refuses })).toBeNull();
    }
  });
});

const partsOf = ({ Module, Memory, Instance }: WasmRuntime<Exports>): WasmRuntime<Exports> => ({
  Module,
  Memory,
  Instance,
});

describe('an arena', () => {
  it('gives out zeroed parts that do not meet, at multiples of 16', () => {
    const arena = new Arena(new ArrayBuffer(1024));
    const parts = [1, 16, 17, 0].map((size) => arena.take(size));
    expect(parts).toEqual([0, 16, 32, 64]);
    expect(arena.left).toBe(1024 - 64);
    expect(arena.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('has the part of the buffer that it was given, to the last byte', () => {
    const arena = new Arena(new ArrayBuffer(1024), { start: 32, end: 100 });
    expect(arena.take(60)).toBe(32);
    expect(arena.left).toBe(4);
    expect(arena.fits(5)).toBe(false);
    expect(() => arena.take(5)).toThrow(new RangeError('no room for 5 bytes: 4 bytes of the room are left'));
    expect(arena.take(4)).toBe(96);
    expect(arena.left).toBe(0);
    expect(arena.take(0)).toBe(100);
  });

  it('leaves the slack free after each part', () => {
    const arena = new Arena(new ArrayBuffer(96), { slack: 32 });
    expect([arena.take(1), arena.take(16)]).toEqual([0, 48]);
    expect(arena.left).toBe(0);
    expect(arena.fits(0)).toBe(false);
    expect(() => new Arena(new ArrayBuffer(47), { slack: 32 }).take(16)).toThrow('no room for 16 bytes');
  });

  it('holds arrays, numbers, texts and bytes', () => {
    const arena = new Arena(new ArrayBuffer(1024));
    const record = arena.record(16, { 4: 0xffff_ffff, 12: 7 });
    const words = arena.words([1, -1]);
    const text = arena.text('spte');
    const copy = arena.copy(Uint8Array.of(9, 8));
    const array = arena.array(BigUint64Array, 2);
    array.set([1n, 2n]);
    const get = (at: number, count: number): number[] =>
      Array.from({ length: count }, (_, i) => arena.get(at + 4 * i));
    expect(get(record, 4)).toEqual([0, 0xffff_ffff, 0, 7]);
    expect(get(words, 2)).toEqual([1, 0xffff_ffff]);
    expect(get(text, 2)).toEqual([0x65747073, 0]);
    expect(get(copy, 1)).toEqual([0x0809]);
    expect(array.buffer).toBe(arena.buffer);
    expect(get(array.byteOffset, 4)).toEqual([1, 0, 2, 0]);
    expect(arena.view.getUint16(text, true)).toBe(0x7073);
  });

  it('is not where an array has to stand', () => {
    const arena = new Arena(new ArrayBuffer(32));
    expect(arrayIn(arena, Uint32Array, 8)).toEqual(new Uint32Array(8));
    expect(arena.left).toBe(0);
    const outside = arrayIn(arena, Uint32Array, 8);
    expect(outside).toEqual(new Uint32Array(8));
    expect(outside.buffer).not.toBe(arena.buffer);
    expect(arrayIn(null, Uint8Array, 3)).toEqual(new Uint8Array(3));
  });
});

describe('the halves of a word', () => {
  it('are signed numbers that make it up again', () => {
    const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(u64, (word) => {
        const [high, low] = [highHalf(word), lowHalf(word)];
        expect(high).toBe(Number(BigInt.asIntN(32, word >> 32n)));
        expect(low).toBe(Number(BigInt.asIntN(32, word)));
        expect(joinHalves(high, low)).toBe(word);
        expect(joinHalves(high >>> 0, low >>> 0)).toBe(word);
      }),
    );
  });
});
