// SPDX-License-Identifier: GPL-2.0-only
import { bits, kvmMmuMaxGfn, type Mmu, PAGE_SHIFT, spteKind } from '@spte/core';

/** The bits of an entry that are an address, in one place or the other. */
export const ADDRESS: bigint = bits(51, 12);

/**
 * A question about address bits whose answer a rule may depend on: whether `any` of them is set, or `all` are. Rules
 * may look at the 24 bits beside the address, and at whether the address is 0, without asking.
 */
export interface AddressTest {
  readonly test: 'any' | 'all';
  readonly mask: bigint;
}

const LEVELS = [1, 2, 3, 4, 5];
const LEVEL_BITS = 9;

/** The smallest entry that this MMU takes for MMIO: every bit of it must be so. Null if there is none of KVM's. */
export function mmioSample(mmu: Mmu): bigint | null {
  const { mmioMarker, mmioMarkerAlone } = mmu.layout;
  const sample = mmioMarkerAlone && mmioMarker !== null ? mmioMarker.mask : mmu.masks.vmMmioValue;
  return spteKind(mmu, sample, null) === 'mmio' ? sample : null;
}

/**
 * What core's rules ask of address bits: the masks of the MMU, the rows of its reserved bits, the fields of the CPU's
 * format that reach into the address.
 *
 * @param level level of the entries, 1..5; null for every level together
 */
export function addressTests(mmu: Mmu, level: number | null): AddressTest[] {
  const tests = [...ofMasks(mmu), ...ofMmio(mmu)];
  for (const each of level === null ? LEVELS : [level]) tests.push(...ofLevel(mmu, each));
  return distinct(tests);
}

const any = (mask: bigint): AddressTest => ({ test: 'any', mask });
const all = (mask: bigint): AddressTest => ({ test: 'all', mask });

function ofMasks({ masks }: Mmu): AddressTest[] {
  const { mmioMask, vmMmioValue, meMask, meValue, nonpresentOrRsvd } = masks;
  return [
    any(mmioMask & ~vmMmioValue),
    all(mmioMask & vmMmioValue),
    any(meMask & ~meValue),
    any(meMask | meValue),
    all(meValue),
    all(nonpresentOrRsvd),
  ];
}

/** Bits that no field of an MMIO entry claims, and bits that stand for a gfn beyond the last. */
function ofMmio(mmu: Mmu): AddressTest[] {
  const sample = mmioSample(mmu);
  if (sample === null) return [];
  const read = (spte: bigint) => mmu.policies.flatMap((policy) => policy.read?.(mmu, spte) ?? []);
  const claimed = read(sample)
    .flatMap(({ fields }) => fields)
    .reduce((mask, field) => mask | field.mask, 0n);
  const max = kvmMmuMaxGfn(mmu);
  let tooHigh = 0n;
  for (let n = PAGE_SHIFT; n < 52n; n++) {
    if (read(sample | (1n << n)).some(({ gfn }) => gfn > max)) tooHigh |= 1n << n;
  }
  return [any(~claimed), any(tooHigh)];
}

function ofLevel({ zeroCheck, masks, vendor: { format } }: Mmu, level: number): AddressTest[] {
  const clear = zeroCheck.bit7Clear[level - 1] as bigint;
  const set = zeroCheck.bit7Set[level - 1] as bigint;
  const encryption = masks.meMask | masks.meValue;
  const inPage = level === 1 ? 0n : bits(11 + LEVEL_BITS * (level - 1), 12);
  const fields = format.leaf
    .filter(({ mask }) => mask !== format.address.mask)
    .reduce((mask, field) => mask | field.mask, 0n);
  const others = level === 1 ? 0n : fields & ~set;
  return [any(clear), any(set), any(inPage & ~set & ~encryption & ~fields), any(others)];
}

/** The tests that can come out either way, each once. */
export function distinct(tests: readonly AddressTest[]): AddressTest[] {
  const found = new Map<string, AddressTest>();
  for (const { test, mask } of tests) {
    const inAddress = mask & ADDRESS;
    // A single bit is all of itself; the whole address is looked at anyway.
    const single = (inAddress & (inAddress - 1n)) === 0n;
    const as = single ? 'any' : test;
    if (inAddress !== 0n && !(as === 'any' && inAddress === ADDRESS)) {
      found.set(`${as} ${inAddress}`, { test: as, mask: inAddress });
    }
  }
  return [...found.values()];
}
