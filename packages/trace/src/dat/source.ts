// SPDX-License-Identifier: GPL-2.0-only

/** The bytes of a file, from which pieces are read when they are needed. */
export interface DatSource {
  /** Size of the file in bytes. */
  readonly size: number;
  /**
   * Reads bytes from an offset on, until `into` is full. It is asked only for bytes that the file has, and throws where
   * it cannot give them all.
   */
  read(into: Uint8Array, offset: number): void;
}

/** Bytes that are in memory. */
export function bytesSource(bytes: Uint8Array): DatSource {
  return {
    size: bytes.length,
    read: (into, offset) => into.set(bytes.subarray(offset, offset + into.length)),
  };
}
