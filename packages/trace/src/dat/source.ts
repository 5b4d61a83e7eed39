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

/** Gives pieces of a file, within its end. */
export interface Pieces {
  readonly size: number;
  /** Bytes from an offset on: those themselves where the file is in memory, else a copy, in the buffer that is given. */
  piece(offset: number, length: number, buffer?: Uint8Array): Uint8Array;
}

/** The pieces of a file in memory, or of one whose bytes are read when they are needed. */
export function piecesOf(source: Uint8Array | DatSource): Pieces {
  if (source instanceof Uint8Array) {
    return {
      size: source.length,
      piece: (offset, length) => source.subarray(offset, offset + length),
    };
  }
  return {
    size: source.size,
    piece(offset, length, buffer = new Uint8Array(length)) {
      const piece = buffer.subarray(0, length);
      source.read(piece, offset);
      return piece;
    },
  };
}
