// SPDX-License-Identifier: GPL-2.0-only
import { checkU64 } from '../bits/arguments.ts';
import { ADDRESS, bit, bitNumbers, bits } from '../bits/bits.ts';

/*
 *  63      52 51                         12 11   8 7   6   5    3 2    0
 *  ┌─────────┬────────────────────────────┬──────┬───┬───┬───────┬──────┐
 *  │ res.    │ root table                 │ res. │SSS│A/D│levels-1│ type │
 *  └─────────┴────────────────────────────┴──────┴───┴───┴───────┴──────┘
 */
const MEMTYPE = bits(2, 0);
/** Levels of the tables, less one. */
const LEVELS = bits(5, 3);
const LEVELS_SHIFT = 3n;
const AD = bit(6);
const SUPERVISOR_SHADOW_STACK = bit(7);
const RESERVED = bits(63, 52) | bits(11, 8);

/** The memory types of tables that the CPU takes. */
const MEMTYPES: Readonly<Record<number, string>> = { 0: 'UC', 6: 'WB' };

/** An EPT pointer: what the VMCS says about the tables of a guest. */
export interface EptPointer {
  readonly value: bigint;
  /** `WB` or `UC`; null for a type that the CPU refuses. */
  readonly memtype: string | null;
  /** Levels of the tables: 4 or 5; others the CPU refuses. */
  readonly levels: number;
  /** Whether the CPU keeps accessed and dirty bits. */
  readonly ad: boolean;
  readonly supervisorShadowStack: boolean;
  /** Physical address of the root table, in bytes. */
  readonly root: bigint;
  /** Bits that the CPU refuses, lowest first; none for a good one. */
  readonly wrong: readonly number[];
}

/**
 * Takes an EPT pointer apart, as `dump_vmcs()`, `construct_eptp()` and `nested_eptp` of traces show it.
 *
 * @throws TypeError, RangeError when it is not a 64-bit word
 *
 * @example
 * ```ts
 * import { explainEptp, hex } from '@spte/core';
 *
 * const { memtype, levels, ad, root } = explainEptp(0x105a27005en);
 * [memtype, levels, ad, hex(root)]; // [ 'WB', 4, true, '0x105a270000' ]
 * ```
 *
 * @example
 * ```ts
 * import { explainEptp } from '@spte/core';
 *
 * // Five levels, without accessed and dirty bits.
 * const { levels, ad } = explainEptp(0x105a270026n);
 * [levels, ad]; // [ 5, false ]
 * ```
 */
export function explainEptp(value: bigint): EptPointer {
  checkU64('value', value);
  const memtype = MEMTYPES[Number(value & MEMTYPE)] ?? null;
  const levels = Number((value & LEVELS) >> LEVELS_SHIFT) + 1;
  const wrong =
    (value & RESERVED) |
    (memtype === null ? value & MEMTYPE : 0n) |
    (levels === 4 || levels === 5 ? 0n : LEVELS);
  return {
    value,
    memtype,
    levels,
    ad: (value & AD) !== 0n,
    supervisorShadowStack: (value & SUPERVISOR_SHADOW_STACK) !== 0n,
    root: value & ADDRESS,
    wrong: bitNumbers(wrong),
  };
}
