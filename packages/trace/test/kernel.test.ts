// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { TRACE_EVENTS } from '../src/events/trace-events.ts';
import { Arena, COLUMN_KINDS, createKernel, type Wasm } from '../src/wasm/kernel.ts';

const kernel = new URL('../assembly/kernel.ts', import.meta.url);
const source = (name: string): string => readFileSync(new URL(name, kernel), 'utf8');
const compiler = new URL('../../../scripts/wasm.mjs', import.meta.url);
interface Compiler {
  readonly kernelModule: (path: string) => Promise<string>;
}

/** The numbers that a source gives to names. */
const constants = (text: string): Record<string, number> =>
  Object.fromEntries<number>(
    [...text.matchAll(/const (\w+): \w+ = (\d+);/g)].map(([, name = '', value]) => [name, Number(value)]),
  );

describe('the kernel', () => {
  it('is what its source compiles to', { timeout: 60_000 }, async () => {
    const { kernelModule } = (await import(compiler.href)) as Compiler;
    const generated = readFileSync(new URL('../src/generated/kernel.ts', import.meta.url), 'utf8');
    expect(generated).toBe(await kernelModule(kernel.pathname));
  });

  it('knows how columns hold their values', () => {
    const { BITS, NUMBER, TEXT } = constants(source('columns.ts'));
    expect({ hex: BITS, decimal: NUMBER, word: TEXT }).toMatchObject({
      hex: COLUMN_KINDS.hex,
      decimal: COLUMN_KINDS.decimal,
      word: COLUMN_KINDS.word,
    });
  });

  it('is what runs here', () => {
    expect(createKernel(1, true).exports).not.toBeNull();
    expect(createKernel(1, false).exports).toBeNull();
  });

  it('is not there where the runtime has no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(createKernel(1, true).exports).toBeNull();
    vi.unstubAllGlobals();
    expect(createKernel(1, true).exports).not.toBeNull();
  });

  it('is not there where the runtime has no vectors, or no room for another memory', () => {
    class Refuses {
      readonly buffer: ArrayBuffer = new ArrayBuffer(0);

      constructor() {
        throw new RangeError('refused');
      }
    }
    const { Module, Memory, Instance } = (globalThis as unknown as { readonly WebAssembly: Wasm })
      .WebAssembly;
    expect(createKernel(1, true, { Module, Memory, Instance }).exports).not.toBeNull();
    expect(createKernel(1, true, { Module: Refuses, Memory, Instance }).exports).toBeNull();
    expect(createKernel(1, true, { Module, Memory: Refuses, Instance }).exports).toBeNull();
  });

  it('finds the names of all events: not short, with a letter at their end', () => {
    for (const event of TRACE_EVENTS.keys()) expect(event).toMatch(/^[a-z_0-9]{7,}[a-z]$/);
  });
});

describe('an arena', () => {
  it('gives out zeroed parts that do not meet, also what was given back', () => {
    const arena = new Arena(new ArrayBuffer(1 << 16));
    const first = arena.words([1, 2]);
    const second = arena.text('abc');
    expect(second).toBeGreaterThanOrEqual(first + 8 + 16);
    expect([arena.get(first), arena.get(first + 4), arena.get(second)]).toEqual([1, 2, 0x636261]);
    arena.next = first;
    expect(arena.take(100)).toBe(first);
    expect(arena.get(first)).toBe(0);
  });
});
