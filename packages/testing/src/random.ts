// SPDX-License-Identifier: GPL-2.0-only

/** Numbers that look random and come again with the same seed. */
export interface Random {
  /** An unsigned 32-bit number. */
  readonly u32: () => number;
  /** A 64-bit word. */
  readonly u64: () => bigint;
  /** 0 to n - 1; n at most 2^32. */
  readonly below: (n: number) => number;
  /** True once in n times. */
  readonly oneIn: (n: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
}

/** A generator of 32 bits of state (mulberry32), good enough to choose inputs of a test. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (n: number): number => Math.floor((u32() / 0x1_0000_0000) * n);
  return {
    u32,
    u64: () => (BigInt(u32()) << 32n) | BigInt(u32()),
    below,
    oneIn: (n) => below(n) === 0,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
  };
}
