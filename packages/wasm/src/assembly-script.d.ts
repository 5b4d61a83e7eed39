// SPDX-License-Identifier: GPL-2.0-only
// Files that TypeScript and AssemblyScript both read name AssemblyScript's types; to TypeScript they are numbers.

/** An address, an offset or a size in bytes. */
declare type usize = number;
/** A code or a count. */
declare type i32 = number;
