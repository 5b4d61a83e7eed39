// SPDX-License-Identifier: GPL-2.0-only
import { bit, bitNumbers, hex, runsOf } from '../bits/bits.ts';
import type { CoreKind, SpteKind } from '../mmu/entry-kind.ts';
import type { DecodedAccess } from '../read/decode-spte.ts';

// The small words of which all texts are made.

/** Sixteen hex digits, so that words stand under each other. */
export function formatWord(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`;
}

/** A number of things: `1 leaf`, `0 leaves`. */
export function counted(count: number | bigint, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 || count === 1n ? one : many}`;
}

/**
 * Where the bits of a mask that is not 0 stand: `7`, `51:12`, or `57..9` where others stand between them.
 *
 * @example
 * ```ts
 * import { placeText } from '@spte/core';
 *
 * placeText(0xffff_ffff_f000n); // 47:12
 * placeText(0x200_0000_0000_0200n); // 57..9
 * ```
 */
export function placeText(mask: bigint): string {
  const numbers = bitNumbers(mask);
  const low = numbers[0] as number;
  const high = numbers.at(-1) as number;
  if (high === low) return `${low}`;
  return `${high}${numbers.length === high - low + 1 ? ':' : '..'}${low}`;
}

/** Where the bits of a mask stand, run by run, highest first: `62:52, 10:3`. */
export function runsText(mask: bigint): string {
  return runsOf(mask).toReversed().map(placeText).join(', ');
}

/** Bits by their numbers as a phrase: `bit 7`, `bits 62:52, 10:3`, `no bits`. */
export function bitsText(numbers: readonly number[]): string {
  const mask = numbers.reduce((sum, n) => sum | bit(n), 0n);
  if (mask === 0n) return 'no bits';
  return `${(mask & (mask - 1n)) === 0n ? 'bit' : 'bits'} ${runsText(mask)}`;
}

/** Permissions in letters: `rwx`, a dash for what is refused; `u` where the format tells users from supervisors. */
export function accessText({ read, write, execute, user }: DecodedAccess): string {
  const letters = `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
  if (user === null) return letters;
  return `${letters}${user ? 'u' : '-'}`;
}

/** Permission bits 2:0 of an EPT entry: `XWR=110b`. */
export const xwrText = (xwr: bigint): string => `XWR=${xwr.toString(2).padStart(3, '0')}b`;

/** What an entry of each kind is called. */
export const KIND_NAMES: Readonly<Record<CoreKind, string>> = {
  leaf: 'leaf',
  tracked: 'access-tracked leaf',
  table: 'table',
  mmio: 'MMIO entry',
  frozen: 'frozen entry',
  empty: 'empty entry',
  unknown: 'not an entry of this kernel',
};

/** What an entry of a kind is called; one of a plugin's kind by its label, or by the name of the kind. */
export function kindName(kind: SpteKind, own: { readonly label: string } | null = null): string {
  return own?.label ?? (Object.hasOwn(KIND_NAMES, kind) ? KIND_NAMES[kind as CoreKind] : kind);
}

/** Levels, of which there is at least one: `level 2`, `level 2, 3 or 4`. */
export function levelsText(levels: readonly number[]): string {
  const last = levels.at(-1) as number;
  return `level ${levels.length === 1 ? last : `${levels.slice(0, -1).join(', ')} or ${last}`}`;
}

const PAGE_SIZES = ['4K', '2M', '1G'];

/** The size of a page at a level: `2M`; nothing where no page can be. */
function pageSizeText(level: number | null): string | undefined {
  return level === null ? undefined : PAGE_SIZES[level - 1];
}

/** Something with an address: `the 2M page at 0x40000000`. */
export const pageText = (level: number | null, hpa: bigint): string => {
  const size = pageSizeText(level);
  return `the ${size === undefined ? '' : `${size} `}page at ${hex(hpa)}`;
};
