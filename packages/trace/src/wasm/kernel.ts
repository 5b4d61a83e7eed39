// SPDX-License-Identifier: GPL-2.0-only
import { Arena, instantiate, type WasmRuntime } from '@spte/wasm';
import { KERNEL } from '../generated/kernel.ts';
import * as STATE from './state.ts';

/** What assembly/kernel.ts exports. */
export interface KernelExports {
  scan(at: number, end: number): number;
  wordId(at: number, end: number): number;
}

/** What a vector may read or write beyond the end of what it is given. */
const SLACK = 32;

/** A memory with a kernel that works on it, or without where the runtime cannot have one. */
export interface Kernel {
  readonly arena: Arena;
  readonly exports: KernelExports | null;
}

/**
 * A kernel with a memory of this size, which never grows; the memory alone where the runtime has no WebAssembly with
 * vectors, or no room for another memory of it. Without a kernel the results are the same.
 *
 * @param wasm false for the memory alone
 */
export function createKernel(
  byteLength: number,
  wasm: boolean,
  runtime?: WasmRuntime<KernelExports>,
): Kernel {
  const instance = wasm ? instantiate<KernelExports>(KERNEL, byteLength, runtime) : null;
  const memory = instance?.memory ?? new ArrayBuffer(byteLength);
  return { arena: memoryArena(memory), exports: instance?.exports ?? null };
}

/** An arena of all that a memory has beside the state. */
export function memoryArena(memory: ArrayBuffer): Arena {
  return new Arena(memory, { start: STATE.FREE, slack: SLACK });
}
