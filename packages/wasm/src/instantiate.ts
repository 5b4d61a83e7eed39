// SPDX-License-Identifier: GPL-2.0-only

// Every runtime has it, but no library of types that is neither a browser's nor Node's.
declare const atob: (base64: string) => string;

/** What is needed of the global `WebAssembly`. */
export interface WasmRuntime<Exports> {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Exports };
}

/** A memory of the runtime's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** A module at work. */
export interface WasmInstance<Exports> {
  readonly exports: Exports;
  /** Its memory: zeroed at first. It never grows, so the buffer stays the same. */
  readonly memory: ArrayBuffer;
}

const PAGE_BYTES = 65_536;

/** The global one, which not every runtime has; its type depends on the libraries of whoever compiles this. */
const runtimeOf = <Exports>(): WasmRuntime<Exports> | undefined =>
  (globalThis as unknown as { readonly WebAssembly?: WasmRuntime<Exports> }).WebAssembly;

/**
 * Runs a module on a memory of its own.
 *
 * @typeParam Exports what the module exports; taken on trust
 * @param base64 the module, which imports its memory as `env.memory`
 * @param byteLength size of the memory, rounded up to whole pages of 64 KiB; up to 4 GiB
 * @param runtime the global `WebAssembly` when absent
 * @returns null where the runtime has no WebAssembly, lacks what the module needs (vectors, say), or has no room for
 *   the memory
 */
export function instantiate<Exports>(
  base64: string,
  byteLength: number,
  runtime: WasmRuntime<Exports> | undefined = runtimeOf(),
): WasmInstance<Exports> | null {
  if (runtime === undefined) return null;
  const { Module, Memory, Instance } = runtime;
  const pages = Math.ceil(byteLength / PAGE_BYTES);
  try {
    const module = new Module(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
    const memory = new Memory({ initial: pages, maximum: pages });
    const { exports } = new Instance(module, { env: { memory } });
    return { exports, memory: memory.buffer };
  } catch {
    return null;
  }
}
