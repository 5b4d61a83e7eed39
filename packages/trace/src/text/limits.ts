// SPDX-License-Identifier: GPL-2.0-only
// TypeScript and AssemblyScript both read this file.

/** Characters of a field, at most; the kernel prints none that is longer. */
export const MAX_FIELD: usize = 256;
