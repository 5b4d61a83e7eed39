// SPDX-License-Identifier: GPL-2.0-only
import {
  bitNumbers,
  decodeSpte,
  explainSpte,
  exposureText,
  findingText,
  hex,
  judgeSpte,
  type Mmu,
  plainHost,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { type Check, FINE, remade, type Trial, type Wrong } from './trial.ts';

/** Whether the kernel caches MMIO here, and a policy reads it. */
const caches = ({ masks, policies, root }: Mmu): boolean =>
  masks.enableMmioCaching &&
  masks.vmMmioValue !== 0n &&
  !root.isMirror &&
  policies.some(({ name }) => name === 'mmio');

/** Puts an MMIO entry in, and reads it. */
function roundTrip(mmu: Mmu, gfn: bigint, generation: bigint): readonly Wrong[] {
  const host = { ...plainHost, memslotGeneration: () => generation };
  const spte = makeMmioSpte(mmu, host, gfn, 7);
  const { kind, mmio } = decodeSpte(mmu, spte, 1);
  if (mmio === null) {
    return [
      {
        hook: 'setup',
        text: `the MMIO entry ${hex(spte)} is taken for ${kind}: mask and value must tell MMIO from all else`,
      },
    ];
  }
  if (mmio.gfn !== gfn || mmio.generation !== generation) {
    return [
      {
        hook: 'setup',
        text: `an MMIO entry of gfn ${hex(gfn)}, generation ${hex(generation)} is read as gfn ${hex(mmio.gfn)}, generation ${hex(mmio.generation)}: its mask must keep off the generation and the gfn`,
      },
    ];
  }
  const [finding] = judgeSpte(mmu, spte, 1).filter(({ code }) => !code.includes('/'));
  return finding === undefined
    ? FINE
    : [{ hook: 'setup', text: `the MMIO entry ${hex(spte)} has a finding: ${findingText(finding)}` }];
}

const generations: Check = {
  name: 'mmio-round-trip',
  holds: 'gfn and generation that an MMIO entry is made of are read from it, for each bit of the generation',
  run({ mmu }) {
    const { masks, layout } = mmu;
    const own = layout.mmioGeneration.low.mask | layout.mmioGeneration.high.mask;
    const marker = layout.mmioMarker?.mask ?? 0n;
    const over = masks.mmioMask & own & ~marker;
    if (over !== 0n) {
      return [
        {
          hook: 'setup',
          text: `masks.mmioMask, set by ${mmu.setBy.mmioMask}, has ${hex(over)}, where the generation of memslots stands`,
        },
      ];
    }
    // 5.4.0 to 5.4.116 keep generations that cannot be told apart, in the kernel itself.
    if (!caches(mmu) || layout.mmioMarker !== null) return FINE;
    const bits = bitNumbers(layout.mmioGeneration.mask).map((n) => 1n << BigInt(n));
    return [0n, ...bits].flatMap((generation) => roundTrip(mmu, 0xfec00n, generation)).slice(0, 1);
  },
};

const CACHE_WIDTHS = [36, 39, 42, 44, 46];

const guard: Check = {
  name: 'l1tf',
  holds: 'on CPUs with L1TF what is not present is out of reach, for every width of the cache',
  run(trial: Trial) {
    const { host } = trial.config;
    if (!trial.config.policies?.some(({ name }) => name === 'l1tf')) return FINE;
    for (const cacheBits of CACHE_WIDTHS) {
      const physBits = Math.min(cacheBits, 46);
      const mmu = remade(trial, {
        host: { ...host, physBits, cpuid80000008Eax: physBits, cacheBits, l1tf: true },
      });
      if (!caches(mmu) || mmu.layout.mmioMarker !== null) continue;
      const spte = makeMmioSpte(mmu, plainHost, 0xfec00n, 7);
      const { mmio, l1tf, findings } = explainSpte(mmu, spte, 1);
      const [finding] = findings.filter(({ code }) => !code.includes('/'));
      if (mmio?.gfn !== 0xfec00n)
        return [
          {
            hook: 'setup',
            text: `with a cache of ${cacheBits} bits the gfn 0xfec00 of an MMIO entry is read as ${mmio === null ? 'none' : hex(mmio.gfn)}`,
          },
        ];
      if (finding !== undefined)
        return [
          { hook: 'setup', text: `with a cache of ${cacheBits} bits, ${hex(spte)}: ${findingText(finding)}` },
        ];
      if (l1tf?.safe === false)
        return [
          {
            hook: 'setup',
            text: `with a cache of ${cacheBits} bits the MMIO entry ${hex(spte)} is within reach: ${exposureText(l1tf)}`,
          },
        ];
    }
    return FINE;
  },
};

/** What must hold of MMIO entries. */
export const mmioChecks: readonly Check[] = [generations, guard];
