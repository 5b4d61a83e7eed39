// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a package needs beside a WebAssembly module: to run it on a memory, to lay out that memory, and to take 64-bit
 * words apart.
 *
 * @module
 */
export { Arena, type ArenaOptions, type ArrayClass, arrayIn } from './arena.ts';
export { instantiate, type WasmInstance, type WasmMemory, type WasmRuntime } from './instantiate.ts';
export { highHalf, joinHalves, lowHalf, word, wordHalves } from './word-halves.ts';
