// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Masks, type Mmu } from '@spte/core';
import { sourceLines, type TextFile } from './source.ts';

/** A variable of the kernel and the mask of the registry that it is. */
interface MaskSymbol {
  /** Bytes that belong to it. */
  readonly bytes: number;
  /** Null for anything that is not a mask of the registry. */
  readonly mask: keyof Masks | null;
  readonly read: (mmu: Mmu) => bigint;
  readonly value: (word: bigint) => Masks[keyof Masks];
}

type NamesOf<T> = { [Name in keyof Masks]: Masks[Name] extends T ? Name : never }[keyof Masks];

const u64 = (mask: NamesOf<bigint>): MaskSymbol => ({
  bytes: 8,
  mask,
  read: ({ masks }) => masks[mask],
  value: (word) => word,
});
const u8 = (mask: NamesOf<number>): MaskSymbol => ({
  bytes: 1,
  mask,
  read: ({ masks }) => BigInt(masks[mask]),
  value: Number,
});
const bool = (mask: NamesOf<boolean>): MaskSymbol => ({
  bytes: 1,
  mask,
  read: ({ masks }) => BigInt(masks[mask]),
  value: (word) => word !== 0n,
});

/** The kernel's names, 5.4 to 7.3. */
const MASK_SYMBOLS: Readonly<Record<string, MaskSymbol>> = {
  shadow_host_writable_mask: u64('hostWritable'),
  shadow_mmu_writable_mask: u64('mmuWritable'),
  shadow_nx_mask: u64('nx'),
  shadow_x_mask: u64('x'),
  // 7.2 split x into supervisors' and users' fetches.
  shadow_xs_mask: u64('x'),
  shadow_xu_mask: u64('xu'),
  shadow_user_mask: u64('user'),
  shadow_accessed_mask: u64('accessed'),
  shadow_dirty_mask: u64('dirty'),
  shadow_present_mask: u64('present'),
  shadow_memtype_mask: u64('memtype'),
  shadow_acc_track_mask: u64('accTrack'),
  shadow_mmio_value: u64('mmioValue'),
  shadow_mmio_mask: u64('mmioMask'),
  shadow_mmio_access_mask: u64('mmioAccess'),
  shadow_me_value: u64('meValue'),
  shadow_me_mask: u64('meMask'),
  shadow_nonpresent_or_rsvd_mask: u64('nonpresentOrRsvd'),
  shadow_nonpresent_or_rsvd_lower_gfn_mask: u64('lowerGfn'),
  shadow_phys_bits: u8('shadowPhysBits'),
  // Its first member is maxphyaddr, which took the place of shadow_phys_bits in 6.11.
  kvm_host: u8('shadowPhysBits'),
  max_huge_page_level: u8('maxHugePageLevel'),
  tdp_enabled: bool('tdpEnabled'),
  enable_mmio_caching: bool('enableMmioCaching'),
  allow_mmio_caching: bool('allowMmioCaching'),
  physical_mask: { bytes: 8, mask: null, read: ({ host }) => host.physicalMask, value: (word) => word },
};

/** A variable of a running kernel beside what was computed for it. */
export interface MaskCheck {
  /** The kernel's name of it. */
  readonly symbol: string;
  /** As it stood in the kernel's memory, cut to its width. */
  readonly kernel: string;
  readonly computed: string;
  readonly agree: boolean;
}

const LINE = /^(\w{1,64}) +\w +[0-9a-f]{1,16} = ([0-9a-f]{1,16})$/;

/**
 * Compares masks with those read from a kernel's memory: lines `symbol kind address = value`, of which the ones that
 * name no mask are passed over.
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { checkMasks, mmuConfigOf, plainConfig } from '@spte/host';
 *
 * const mmu = createMmu(mmuConfigOf(plainConfig('svm')));
 * const text = 'shadow_nx_mask B ffffffffc0a1 = 8000000000000000\nshadow_user_mask B ffffffffc0a2 = 1';
 * const checks = checkMasks(mmu, { name: 'masks.txt', text });
 * checks.map(({ agree }) => agree); // [ true, false ]
 * checks[1]; // { symbol: 'shadow_user_mask', kernel: '0x1', computed: '0x4', agree: false }
 * ```
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { checkMasks, mmuConfigOf, plainConfig } from '@spte/host';
 *
 * const mmu = createMmu(mmuConfigOf(plainConfig('vmx')));
 * // Lines that name no mask are passed over.
 * checkMasks(mmu, { name: 'masks.txt', text: 'kvm_nx_huge_pages B ffffffffc0a1 = 1\na line' }); // []
 * ```
 */
export function checkMasks(mmu: Mmu, file: TextFile): MaskCheck[] {
  return [...sourceLines(file)].flatMap(({ text }) => {
    const [, symbol = '', value = ''] = LINE.exec(text) ?? [];
    const mask = Object.hasOwn(MASK_SYMBOLS, symbol) ? MASK_SYMBOLS[symbol] : undefined;
    if (mask === undefined) return [];
    const kernel = BigInt.asUintN(8 * mask.bytes, BigInt(`0x${value}`));
    const computed = mask.read(mmu);
    return [{ symbol, kernel: hex(kernel), computed: hex(computed), agree: kernel === computed }];
  });
}

/** Names of the kernel's variables that are masks of the registry, or facts beside them. */
export const MASK_SYMBOL_NAMES: readonly string[] = Object.keys(MASK_SYMBOLS);

/**
 * Masks of the registry from variables of a kernel, each cut to its width; anything that is not a mask is passed over.
 *
 * @example
 * ```ts
 * import { masksOfSymbols } from '@spte/host';
 *
 * masksOfSymbols({ shadow_user_mask: 4n, tdp_enabled: 0x101n, jiffies: 1n }); // { user: 4n, tdpEnabled: true }
 * ```
 */
export function masksOfSymbols(values: Readonly<Record<string, bigint>>): Partial<Masks> {
  const found = Object.entries(values).flatMap(([symbol, word]) => {
    const known = Object.hasOwn(MASK_SYMBOLS, symbol) ? MASK_SYMBOLS[symbol] : undefined;
    if (known === undefined) return [];
    const { mask, value, bytes } = known;
    return mask === null ? [] : [[mask, value(BigInt.asUintN(8 * bytes, word))] as const];
  });
  return Object.fromEntries(found) as Partial<Masks>;
}
