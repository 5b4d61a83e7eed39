// SPDX-License-Identifier: GPL-2.0-only
import { decodeLzo } from './lzo.ts';
import { decodeSnappy } from './snappy.ts';

/**
 * Decompresses a page.
 *
 * @param size bytes that come out
 * @throws Error when the input is damaged
 */
export type Decoder = (input: Uint8Array, size: number) => Uint8Array;

/** Decoders that the runtime or a library provides; LZO and snappy are in this package. */
export interface Decoders {
  /** RFC 1950, what `makedumpfile -c` writes. */
  readonly zlib?: Decoder | undefined;
  /** RFC 8878, what `makedumpfile -z` writes. */
  readonly zstd?: Decoder | undefined;
}

/** How a page is compressed, as its descriptor says by a flag. */
export type Codec = 'zlib' | 'lzo' | 'snappy' | 'zstd';

/** The flag of each codec. */
export const CODEC_FLAGS: readonly (readonly [flag: number, codec: Codec])[] = [
  [1, 'zlib'],
  [2, 'lzo'],
  [4, 'snappy'],
  [0x20, 'zstd'],
];

/** All decoders, by codec. */
export function allDecoders(given: Decoders): { readonly [Name in Codec]: Decoder | undefined } {
  return { zlib: given.zlib, zstd: given.zstd, lzo: decodeLzo, snappy: decodeSnappy };
}
