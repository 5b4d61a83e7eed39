// SPDX-License-Identifier: GPL-2.0-only
import { bits, checkInteger, checkU64, type Exposure, type HostFacts, hex } from '@spte/core';
import { NONPRESENT_OR_RSVD_LEN } from './masks.ts';

/** The machine, as far as L1TF goes. */
export interface L1tfHost extends Pick<HostFacts, 'l1tf' | 'cacheBits'> {
  /** First byte after the host's highest RAM, if known. */
  readonly ramEnd?: bigint | undefined;
}

const PAGE_SHIFT = 12;

/**
 * What a CPU with L1TF fetches while it handles a fault on this entry.
 *
 * Such a CPU, on its way to the fault, takes the address bits of an entry that is not present, or has reserved bits
 * set, and reads that line if the L1 cache has it. It looks at the bits below `cacheBits` only, and at no permission.
 *
 * @param entry an entry that faults: not present, or with reserved bits
 * @param host `cacheBits` in bits, `ramEnd` in bytes; without `ramEnd`, RAM is taken to end below the topmost 1/32 of
 *   what the cache can address, as KVM does
 * @throws TypeError, RangeError when `entry` is not a 64-bit word or `cacheBits` not within 32..63
 *
 * @example
 * ```ts
 * import { l1tfExposure } from '@spte/l1tf';
 *
 * const haswell = { l1tf: true, cacheBits: 44 };
 * l1tfExposure(0xfec00006n, haswell).why; // the guarded bits 0xf8000000000 are not all set: there may be RAM
 * l1tfExposure(0xf80fec00006n, haswell).safe; // true
 * l1tfExposure(0xfec00006n, { ...haswell, ramEnd: 0x80000000n }).why; // there is no RAM at 0xfec00000 to be in the cache
 * ```
 */
export function l1tfExposure(entry: bigint, { l1tf, cacheBits, ramEnd }: L1tfHost): Exposure {
  checkU64('entry', entry);
  checkInteger('cacheBits', cacheBits, 32, 63);
  if (!l1tf) return { fetches: null, safe: true, why: 'this CPU does not have the L1TF bug' };
  const fetches = entry & bits(cacheBits - 1, PAGE_SHIFT);
  if (fetches === 0n)
    return { fetches, safe: true, why: 'page 0 holds nothing: the kernel never hands it out' };
  if (ramEnd !== undefined) {
    return fetches >= ramEnd
      ? { fetches, safe: true, why: `there is no RAM at ${hex(fetches)} to be in the cache` }
      : { fetches, safe: false, why: `${hex(fetches)} is below the end of RAM, ${hex(ramEnd)}` };
  }
  const guard = bits(cacheBits - 1, cacheBits - NONPRESENT_OR_RSVD_LEN);
  return (fetches & guard) === guard
    ? { fetches, safe: true, why: `the guarded bits ${hex(guard)} are all set: RAM is not that high` }
    : { fetches, safe: false, why: `the guarded bits ${hex(guard)} are not all set: there may be RAM` };
}
