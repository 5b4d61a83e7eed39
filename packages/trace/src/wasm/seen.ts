// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../../wasm/src/assembly-script.d.ts" />
// How forms and pieces of JSON begin. TypeScript and AssemblyScript both read this file.

/** How often it was used since JavaScript last looked, a f64. */
export const COUNT: usize = 0;
/** Where it was used first, a f64: a line, or finer. */
export const FIRST: usize = COUNT + 8;
export const SEEN_BYTES: usize = FIRST + 8;
