// SPDX-License-Identifier: GPL-2.0-only
/** kernel.ts as WebAssembly, in base64. Written by scripts/wasm.mjs; do not edit. */
export const KERNEL =
  'AGFzbQEAAAABBwFgAn9/AX4CDwEDZW52Bm1lbW9yeQIAAAMCAQAHEAIDc3VtAAAGbWVtb3J5AgAKOgE4AgF7AX8DQCABIANKBEAgAiAAIANBA3Rq/QAEAP3OASECIANBAmohAwwBCwsgAv0dACAC/R0BfAs=';
