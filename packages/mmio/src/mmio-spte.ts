// SPDX-License-Identifier: GPL-2.0-only
import {
  checkU32,
  checkU64,
  formatPointer,
  type Host,
  isMmioSpte,
  isShadowPresentPte,
  type Mmu,
  PAGE_SHIFT,
  SET_DIAGNOSTICS,
  type TraceLine,
  trace,
  u64,
  warn,
  writer,
} from '@spte/core';
import { movedUp, withinReach } from '@spte/l1tf';
import { MMIO_DIAGNOSTICS } from './diagnostics.ts';
import { GEN_UPDATE_IN_PROGRESS, generationMmioSpteMask, getMmioSpteGeneration } from './generation.ts';
import { tracedAccess, warnsAboutZeroValue } from './variants.ts';

/**
 * Builds the SPTE that remembers "this gfn is MMIO": it faults in a way that KVM recognises, and says until when the
 * memory is valid.
 *
 * A gfn with bits above the L1TF guard does not come back from the SPTE: see {@link getMmioSpteGfn}.
 *
 * @param access `ACC_*` bits (32 bits)
 * @throws TypeError, RangeError when an argument is not of its width
 *
 * Kernel: `make_mmio_spte()`.
 *
 * @example
 * ```ts
 * import { createMmu, hex, plainHost } from '@spte/core';
 * import { makeMmioSpte, mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] });
 * const host = { ...plainHost, memslotGeneration: () => 0x12n };
 * hex(makeMmioSpte(mmu, host, 0xfec00n, 7)); // 0xfec00096
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, hex, plainHost } from '@spte/core';
 * import { getMmioSpteAccess, getMmioSpteGfn, makeMmioSpte, mmio } from '@spte/mmio';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm(), policies: [mmio()] });
 * const spte = makeMmioSpte(mmu, plainHost, 0xfee00n, 6);
 * hex(getMmioSpteGfn(mmu, spte)); // 0xfee00
 * getMmioSpteAccess(mmu, spte); // 6n
 * ```
 */
export function makeMmioSpte(mmu: Mmu, host: Host, gfn: bigint, access: number): bigint {
  const { masks, layout } = mmu;
  const { set } = writer(mmu, 'make_mmio_spte');
  const gen = host.memslotGeneration() & layout.mmioGeneration.mask;
  const gpa = u64(checkU64('gfn', gfn) << PAGE_SHIFT);
  const accessBits = BigInt(checkU32('access', access));

  let spte = set(generationMmioSpteMask(mmu, gen), 'memslot generation in which this is MMIO');
  if (masks.vmMmioValue === 0n && warnsAboutZeroValue(mmu.kernel))
    warn(mmu, MMIO_DIAGNOSTICS, 'mmio.value-zero');
  spte |= set(masks.vmMmioValue, 'makes the access fault in a way that only MMIO does');
  spte |= set(accessBits & masks.mmioAccess, 'access that the guest asked for');
  spte |= set(gpa, 'the gfn');
  spte |= set(masks.nonpresentOrRsvd, 'L1TF: an address that no cached memory has');
  return spte | set(movedUp(masks.nonpresentOrRsvd, gpa), 'gfn bits that made room for the L1TF guard');
}

/** The gfn of an MMIO SPTE. Kernel: `get_mmio_spte_gfn()`. */
export function getMmioSpteGfn({ masks }: Mmu, spte: bigint): bigint {
  return withinReach(masks, spte) >> PAGE_SHIFT;
}

/** The access bits of an MMIO SPTE. Kernel: `get_mmio_spte_access()`. */
export function getMmioSpteAccess({ masks }: Mmu, spte: bigint): bigint {
  return spte & masks.mmioAccess;
}

/** Kernel: `trace_check_mmio_spte()`. */
function traceCheckMmioSpte(spte: bigint, kvmGen: bigint, spteGen: bigint): TraceLine {
  const valid = Number(kvmGen === spteGen);
  return {
    event: 'check_mmio_spte',
    line: `spte ${spte.toString(16)} kvm_gen ${kvmGen.toString(16)} spte-gen ${spteGen.toString(16)} valid ${valid}`,
  };
}

/**
 * Whether the memslots are still those for which the MMIO SPTE was made. It never is while they are being changed.
 *
 * Kernel: `check_mmio_spte()`.
 *
 * @example
 * ```ts
 * import { createMmu, plainHost } from '@spte/core';
 * import { checkMmioSpte, makeMmioSpte, mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] });
 * const host = { ...plainHost, memslotGeneration: () => 0x12n };
 * const spte = makeMmioSpte(mmu, host, 0xfec00n, 7);
 * checkMmioSpte(mmu, host, spte); // true
 * checkMmioSpte(mmu, plainHost, spte); // false
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, plainHost } from '@spte/core';
 * import { checkMmioSpte, makeMmioSpte, mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] });
 * // The lowest bits of the generation that a host counts say that memslots are being changed now.
 * const updating = { ...plainHost, memslotGeneration: () => (1n << 63n) | 0x12n };
 * checkMmioSpte(mmu, updating, makeMmioSpte(mmu, updating, 0xfec00n, 7)); // false
 * ```
 */
export function checkMmioSpte(mmu: Mmu, host: Host, spte: bigint): boolean {
  const generation = host.memslotGeneration();
  if ((generation & GEN_UPDATE_IN_PROGRESS) !== 0n) return false;
  const kvmGen = generation & mmu.layout.mmioGeneration.mask;
  const spteGen = getMmioSpteGeneration(mmu, spte);
  trace(mmu, traceCheckMmioSpte(spte, kvmGen, spteGen));
  return kvmGen === spteGen;
}

/** Kernel: `trace_mark_mmio_spte()`. */
export function traceMarkMmioSpte(mmu: Mmu, sptep: bigint, gfn: bigint, spte: bigint): TraceLine {
  const { access, generation } = markedMmioSpte(mmu, spte);
  return {
    event: 'mark_mmio_spte',
    line: `sptep:${formatPointer(sptep)} gfn ${gfn.toString(16)} access ${access.toString(16)} gen ${generation.toString(16)}`,
  };
}

/** What `mark_mmio_spte` prints of an MMIO SPTE beside the gfn, which the kernel has at hand. */
export function markedMmioSpte(
  mmu: Mmu,
  spte: bigint,
): { readonly access: bigint; readonly generation: bigint } {
  return {
    access: spte & (tracedAccess(mmu.kernel) ?? mmu.masks.mmioAccess),
    generation: getMmioSpteGeneration(mmu, spte),
  };
}

/** What became of an MMIO SPTE whose guest entry was looked at again. */
export interface SyncedMmioSpte {
  /** Whether it was an MMIO SPTE at all. */
  readonly handled: boolean;
  readonly spte: bigint;
}

/**
 * Brings an MMIO SPTE up to date with the guest's entry: remade for the same gfn, dropped for another.
 *
 * @param sptep address of the entry, for the trace
 *
 * Kernel: `sync_mmio_spte()`.
 */
export function syncMmioSpte(
  mmu: Mmu,
  host: Host,
  { spte, gfn, access, sptep }: { spte: bigint; gfn: bigint; access: number; sptep: bigint },
): SyncedMmioSpte {
  if (!isMmioSpte(mmu, spte)) return { handled: false, spte };
  if (gfn !== getMmioSpteGfn(mmu, spte)) return { handled: true, spte: mmu.layout.empty };
  const remade = makeMmioSpte(mmu, host, gfn, access);
  trace(mmu, traceMarkMmioSpte(mmu, sptep, gfn, remade));
  if (isShadowPresentPte(mmu, spte)) warn(mmu, SET_DIAGNOSTICS, 'set.overwrites-present');
  return { handled: true, spte: remade };
}
