// SPDX-License-Identifier: GPL-2.0-only
import { Arena, instantiate, type WasmInstance, type WasmRuntime } from '@spte/wasm';
import { KERNEL } from './generated/kernel.ts';
import { ACCESS, BLOCK, FLAGS, FRAMES, IN, KINDS, TABLES, WORDS } from './memory-layout.ts';

/** What assembly/kernel.ts exports: columns by their addresses. `map` and `encode` return the entry at which they stopped. */
export interface KernelLoops {
  map(record: number, entries: number, from: number, to: number): number;
  toBytes(out: number, count: number): void;
  toWords(out: number, count: number): void;
  toColumns(
    record: number,
    entries: number,
    kind: number,
    frame: number,
    access: number,
    flags: number,
    generation: number,
    count: number,
  ): void;
  encode(
    made: number,
    frame: number,
    access: number,
    level: number,
    flags: number,
    out: number,
    from: number,
    to: number,
  ): number;
}

/** Where the room for the caller's arrays begins: 96 pages are enough for a block and tables. */
const ROOM = 96 << 16;
/** The largest such room, in bytes: a memory has up to 4 GiB. */
export const MAX_ROOM: number = 2 ** 32 - ROOM;

/** The loops in WebAssembly, with a memory of their own: a block of entries with its columns, tables, the caller's arrays. */
export class Kernel {
  readonly loops: KernelLoops;
  readonly memory: ArrayBuffer;
  /** All of the memory. */
  readonly view: DataView<ArrayBuffer>;
  readonly tables: Arena;
  readonly room: Arena;
  // The columns of a block, as bytes, for that is how they are copied.
  readonly entries: Uint8Array<ArrayBuffer>;
  readonly frames: Uint8Array<ArrayBuffer>;
  readonly words: Uint8Array<ArrayBuffer>;
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly access: Uint8Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;

  constructor({ exports, memory }: WasmInstance<KernelLoops>, room: number) {
    this.loops = exports;
    this.memory = memory;
    this.tables = new Arena(memory, { start: TABLES, end: ROOM });
    this.room = new Arena(memory, { start: ROOM, end: ROOM + room });
    this.view = this.room.view;
    const column = (at: number, bytes: number): Uint8Array<ArrayBuffer> =>
      new Uint8Array(memory, at, BLOCK * bytes);
    this.entries = column(IN, 8);
    this.frames = column(FRAMES, 8);
    this.words = column(WORDS, 4);
    this.kinds = column(KINDS, 1);
    this.access = column(ACCESS, 1);
    this.flags = column(FLAGS, 1);
  }
}

/**
 * A new kernel; null where the runtime has no WebAssembly with vectors, or no room for another memory.
 *
 * @param room for arrays of the caller's, in bytes
 */
export function createKernel(room: number, runtime?: WasmRuntime<KernelLoops>): Kernel | null {
  const instance = instantiate(KERNEL, ROOM + room, runtime);
  return instance === null ? null : new Kernel(instance, room);
}
