// SPDX-License-Identifier: GPL-2.0-only
import { KERNEL } from '../generated/kernel.ts';
import { utf8Bytes } from '../text/utf8.ts';
import * as STATE from './state.ts';

// Every runtime has these, but no library of types that is neither a browser's nor Node's.
declare const atob: (base64: string) => string;
/** What a kernel needs of its runtime: the global `WebAssembly`. */
export interface Wasm {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: KernelExports };
}
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** What assembly/kernel.ts exports. */
interface KernelExports {
  scan(at: number, end: number): number;
  wordId(at: number, end: number): number;
}

/** How a column holds its values, as in assembly/columns.ts. */
export const COLUMN_KINDS = { hex: 0, decimal: 1, word: 2, switch: 3 } as const;

const PAGE_BYTES = 1 << 16;
/** The state and the slots of the events end here. */
const FIRST_FREE = STATE.EVENT_SLOTS + 16 * 2 ** STATE.EVENT_SLOT_BITS;
/** What a vector may read beyond the end of what it is given. */
const SLACK = 32;

/** A memory whose parts are given out one after the other. */
export class Arena {
  readonly buffer: ArrayBuffer;
  readonly view: DataView<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the next part begins; may be set back to where it was. */
  next: number = FIRST_FREE;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /** Bytes that are left. */
  get free(): number {
    return this.buffer.byteLength - this.next;
  }

  /** Takes a part, zeroed, at a multiple of 16. */
  take(byteLength: number): number {
    const at = this.next;
    this.next = (at + byteLength + SLACK + 15) & ~15;
    this.bytes.fill(0, at, this.next);
    return at;
  }

  /** Takes numbers of 32 bits. */
  words(values: readonly number[]): number {
    const at = this.take(4 * values.length);
    for (const [i, value] of values.entries()) this.set(at + 4 * i, value);
    return at;
  }

  /** Takes a text of ASCII. */
  text(text: string): number {
    return this.copy(utf8Bytes(text));
  }

  /** Takes bytes. */
  copy(bytes: Uint8Array): number {
    const at = this.take(bytes.length);
    this.bytes.set(bytes, at);
    return at;
  }

  get(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  set(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }
}

/** A memory with a kernel that works on it, or without where the runtime cannot have one. */
export interface Kernel {
  readonly arena: Arena;
  readonly exports: KernelExports | null;
}

/**
 * A kernel with so many bytes of memory, which never grows; the memory alone where the runtime has no WebAssembly with
 * vectors, or no room for another memory of it.
 *
 * @param wasm false for the memory alone
 */
export function createKernel(
  byteLength: number,
  wasm: boolean,
  runtime: Wasm | undefined = (globalThis as { readonly WebAssembly?: Wasm }).WebAssembly,
): Kernel {
  const pages = Math.ceil(byteLength / PAGE_BYTES);
  try {
    if (wasm && runtime !== undefined) return instantiate(runtime, pages);
  } catch {
    // Without a kernel the results are the same.
  }
  return { arena: new Arena(new ArrayBuffer(pages * PAGE_BYTES)), exports: null };
}

function instantiate({ Module, Memory, Instance }: Wasm, pages: number): Kernel {
  const module = new Module(Uint8Array.from(atob(KERNEL), (letter) => letter.charCodeAt(0)));
  const memory = new Memory({ initial: pages, maximum: pages });
  const { exports } = new Instance(module, { env: { memory } });
  return { arena: new Arena(memory.buffer), exports };
}
