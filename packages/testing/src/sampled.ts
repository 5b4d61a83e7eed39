// SPDX-License-Identifier: GPL-2.0-only

/** Whether this run tries everything: `pnpm unit:long` does, all others a sample. */
const LONG = process.env['SPTE_LONG'] === '1';

/** The first in every run, the second in the long one. */
export function sampled<T>(short: T, long: T): T {
  return LONG ? long : short;
}

/** Each n-th in every run, spread over the whole; all in the long one. */
export function oneIn<T>(n: number, all: readonly T[]): readonly T[] {
  return LONG ? all : all.filter((_, index) => index % n === 0);
}
