// SPDX-License-Identifier: GPL-2.0-only

/** Turns bytes into text as they come. */
export interface Utf8Decoder {
  decode(input?: Uint8Array, options?: { readonly stream: boolean }): string;
}

// Every runtime has it, but no library of types that is neither a browser's nor Node's.
declare const TextDecoder: new (label: string, options: { readonly ignoreBOM: boolean }) => Utf8Decoder;

declare const TextEncoder: new () => {
  encode(text: string): Uint8Array<ArrayBuffer>;
};

/** The bytes of a text. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A decoder that never fails: anything that is not UTF-8 becomes U+FFFD, and a byte order mark stays. */
export function utf8Decoder(): Utf8Decoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
