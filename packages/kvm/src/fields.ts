// SPDX-License-Identifier: GPL-2.0-only
import type { Struct } from '@spte/vmcore';

/** The first of some members that this kernel has: releases name them differently. Null where it has none. */
export function memberOf<Name extends string>(struct: Struct, names: readonly Name[]): Name | null {
  return names.find((name) => struct.has(name)) ?? null;
}

/** A number in the first of some members that this kernel has; null where it has none. */
export function numberIn(struct: Struct, names: readonly string[]): number | null {
  const name = memberOf(struct, names);
  return name === null ? null : struct.number(name);
}

/** A flag of a bit field; false where this kernel has no such flag. */
export function flagIn(struct: Struct, path: string): boolean {
  return struct.has(path) && struct.get(path) !== 0n;
}

/** What a vCPU has where it has no root. */
const INVALID_PAGE = (1n << 64n) - 1n;

/** A physical address that KVM holds; null for none. */
export function pageOf(word: bigint): bigint | null {
  return word === INVALID_PAGE ? null : word;
}
