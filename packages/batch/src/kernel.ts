// SPDX-License-Identifier: GPL-2.0-only
import { KERNEL } from './generated/kernel.ts';
import { ACCESS, BLOCK, FLAGS, FRAMES, IN, KINDS, RECORD, TABLES, WORDS } from './memory-layout.ts';

// Every runtime has these, but no library of types that is neither a browser's nor Node's.
declare const atob: (base64: string) => string;
/** What a kernel needs of its runtime: the global `WebAssembly`. */
export interface Wasm {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: KernelLoops };
}
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** What assembly/kernel.ts exports. `map` and `encode` return the entry at which they stopped. */
interface KernelLoops {
  map(record: number, from: number, to: number): number;
  toBytes(count: number): void;
  toWords(count: number): void;
  toColumns(record: number, count: number): void;
  encode(made: number, from: number, to: number): number;
}

/** Gives out places for the arrays of tables, zeroed. */
export interface Arena {
  take(byteLength: number): readonly [buffer: ArrayBuffer, byteOffset: number];
}

/** Places of their own. */
export const heap: Arena = { take: (byteLength) => [new ArrayBuffer(byteLength), 0] };

/** A kernel's memory: the block, then tables. It never grows, for that would slow down every other buffer. */
const PAGES = 96;
const ALIGNMENT = 16;

/** The loops in WebAssembly, with a memory of their own: a block of entries with its columns, and tables. */
export class Kernel implements Arena {
  readonly loops: KernelLoops;
  readonly memory: ArrayBuffer;
  // The columns of a block, as bytes, for that is how they are copied.
  readonly entries: Uint8Array<ArrayBuffer>;
  readonly frames: Uint8Array<ArrayBuffer>;
  readonly words: Uint8Array<ArrayBuffer>;
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly access: Uint8Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
  /** Entries and frames as halves. */
  readonly halves: Int32Array<ArrayBuffer>;
  readonly frameHalves: Int32Array<ArrayBuffer>;
  /** Tells a loop where its table is. */
  readonly record: DataView<ArrayBuffer>;
  #next = TABLES;

  constructor({ Module, Memory, Instance }: Wasm) {
    const module = new Module(Uint8Array.from(atob(KERNEL), (letter) => letter.charCodeAt(0)));
    const memory = new Memory({ initial: PAGES, maximum: PAGES });
    this.loops = new Instance(module, { env: { memory } }).exports;
    this.memory = memory.buffer;
    const column = (at: number, bytes: number): Uint8Array<ArrayBuffer> =>
      new Uint8Array(this.memory, at, BLOCK * bytes);
    this.entries = column(IN, 8);
    this.frames = column(FRAMES, 8);
    this.words = column(WORDS, 4);
    this.kinds = column(KINDS, 1);
    this.access = column(ACCESS, 1);
    this.flags = column(FLAGS, 1);
    this.halves = new Int32Array(this.memory, IN, 2 * BLOCK);
    this.frameHalves = new Int32Array(this.memory, FRAMES, 2 * BLOCK);
    this.record = new DataView(this.memory, RECORD, TABLES - RECORD);
  }

  /** A place in the memory, or outside when it is full. */
  take(byteLength: number): readonly [ArrayBuffer, number] {
    const at = this.#next;
    const next = Math.ceil((at + byteLength) / ALIGNMENT) * ALIGNMENT;
    if (next > this.memory.byteLength) return heap.take(byteLength);
    this.#next = next;
    return [this.memory, at];
  }
}

/** A new kernel; null where the runtime has no WebAssembly with vectors, or no room for another memory. */
export function createKernel(
  wasm: Wasm | undefined = (globalThis as { readonly WebAssembly?: Wasm }).WebAssembly,
): Kernel | null {
  try {
    return wasm === undefined ? null : new Kernel(wasm);
  } catch {
    return null;
  }
}
