// SPDX-License-Identifier: GPL-2.0-only
import { bits, checkInteger, checkU64, type Exposure, type HostFacts } from '@spte/core';
import { LOWEST_ADDRESS_BIT, NONPRESENT_OR_RSVD_LEN } from './masks.ts';

/** The machine, as far as L1TF goes. */
export interface L1tfHost extends Pick<HostFacts, 'l1tf' | 'cacheBits'> {
  /** First byte after the host's highest RAM, if known. */
  readonly ramEnd?: bigint | undefined;
}

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
 * import { exposureText } from '@spte/core';
 * import { l1tfExposure } from '@spte/l1tf';
 *
 * const haswell = { l1tf: true, cacheBits: 44 };
 * l1tfExposure(0xfec00006n, haswell).code; // unguarded
 * l1tfExposure(0xf80fec00006n, haswell).safe; // true
 * const little = l1tfExposure(0xfec00006n, { ...haswell, ramEnd: 0x80000000n });
 * exposureText(little); // there is no RAM at 0xfec00000 to be in the cache
 * ```
 *
 * @example
 * ```ts
 * import { l1tfExposure } from '@spte/l1tf';
 *
 * // A CPU without the bug fetches nothing, whatever the entry.
 * l1tfExposure(0xfec00006n, { l1tf: false, cacheBits: 44 }).code; // no-bug
 * l1tfExposure(0xfec00006n, { l1tf: false, cacheBits: 44 }).fetches; // null
 * ```
 */
export function l1tfExposure(entry: bigint, { l1tf, cacheBits, ramEnd }: L1tfHost): Exposure {
  checkU64('entry', entry);
  checkInteger('cacheBits', cacheBits, 32, 63);
  if (!l1tf) return { fetches: null, safe: true, code: 'no-bug', params: {} };
  const fetches = entry & bits(cacheBits - 1, LOWEST_ADDRESS_BIT);
  if (fetches === 0n) return { fetches, safe: true, code: 'page-0', params: {} };
  if (ramEnd !== undefined) {
    return fetches >= ramEnd
      ? { fetches, safe: true, code: 'beyond-ram', params: { address: fetches } }
      : { fetches, safe: false, code: 'below-ram-end', params: { address: fetches, ramEnd } };
  }
  const guard = bits(cacheBits - 1, cacheBits - NONPRESENT_OR_RSVD_LEN);
  return (fetches & guard) === guard
    ? { fetches, safe: true, code: 'guarded', params: { guard } }
    : { fetches, safe: false, code: 'unguarded', params: { guard } };
}
