// SPDX-License-Identifier: GPL-2.0-only
import type { Masks } from '@spte/core';
import { MASK_SYMBOL_NAMES, masksOfSymbols } from '@spte/host';
import type { KvmModules, KvmSymbol } from './kvm-modules.ts';

/** Variables of a word are 1, 4 or 8 bytes wide. */
const WIDTHS = [1, 4, 8];

/** The only narrow one; of a KVM that is built in no width is known. */
const NARROW: Readonly<Record<string, number>> = { shadow_phys_bits: 1 };

/** A variable of KVM that was read. */
export interface ReadSymbol extends KvmSymbol {
  readonly value: bigint;
}

/** Every `shadow_*` variable of KVM, in its own width; functions, which have other sizes, are left out. */
export function shadowSymbols(kvm: KvmModules): ReadSymbol[] {
  return kvm.symbolsNamed('shadow_').flatMap((symbol) => {
    const width = symbol.size === 0 ? (NARROW[symbol.name] ?? 8) : symbol.size;
    if (!WIDTHS.includes(width)) return [];
    return [{ ...symbol, size: width, value: kvm.kernel.memory.word(symbol.address, width) }];
  });
}

/** The variables beside those that masks are made of. */
export function otherSymbols(kvm: KvmModules): ReadSymbol[] {
  return MASK_SYMBOL_NAMES.filter((name) => !name.startsWith('shadow_')).flatMap((name) => {
    const own = kvm.symbol(name) ?? kernelSymbol(kvm, name);
    return own === null ? [] : [{ ...own, value: kvm.kernel.memory.u64(own.address) }];
  });
}

function kernelSymbol({ kernel }: KvmModules, name: string): KvmSymbol | null {
  const address = kernel.symbols.address(name);
  return address === null ? null : { name, address, size: 0 };
}

/** Masks of the registry, as they stand in memory; those that KVM has no variable for are not among them. */
export function masksInMemory(symbols: readonly ReadSymbol[]): Partial<Masks> {
  return masksOfSymbols(Object.fromEntries(symbols.map(({ name, value }) => [name, value])));
}
