// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';

/**
 * Physical memory, or anything else with addresses: a file is one too, whose addresses are offsets.
 *
 * Implement this to walk what this package cannot open itself, such as a debugger's target.
 */
export interface PhysicalMemory {
  /**
   * Reads `length` bytes from `address` on.
   *
   * @param address physical address in bytes, any 64-bit value
   * @param length bytes to read; walks ask for 4096, or 32 for a PAE root
   * @returns exactly `length` bytes, which must stay as they are while the walk goes on; null for a hole, which is
   *   where not all of them are there
   */
  read(address: bigint, length: number): Uint8Array | null;
}

/**
 * Memory that lies in an array: a raw image, whose offset 0 is the physical address `base`.
 *
 * Nothing is copied: a later change of `bytes` is a change of the memory.
 *
 * @param base physical address in bytes of the first byte
 */
export function bytesMemory(bytes: Uint8Array, base = 0n): PhysicalMemory {
  return {
    read(address, length) {
      const offset = address - base;
      if (offset < 0n || offset + BigInt(length) > BigInt(bytes.length)) return null;
      return bytes.subarray(Number(offset), Number(offset) + length);
    },
  };
}

/**
 * Reads for a caller that counts bytes.
 *
 * @throws RangeError when the memory broke its contract and returned another number of bytes
 */
export function readExactly(memory: PhysicalMemory, address: bigint, length: number): DataView | null {
  const bytes = memory.read(address, length);
  if (bytes === null) return null;
  if (bytes.length !== length) {
    throw new RangeError(
      `memory.read(${hex(address)}, ${length}) must return ${length} bytes or null, got ${bytes.length} bytes`,
    );
  }
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
