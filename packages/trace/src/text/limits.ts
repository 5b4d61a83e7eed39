// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../../wasm/src/assembly-script.d.ts" />
// What is read of a line, at most. TypeScript and AssemblyScript both read this file.

/** Characters of a field; the kernel prints none that is longer. */
export const MAX_FIELD: usize = 256;
/** Characters of what stands before an event; a task's name has 15. */
export const MAX_HEADER: usize = 256;
/** Digits of a time, which surely fit into 63 bits. */
export const MAX_TIME_DIGITS: i32 = 18;
