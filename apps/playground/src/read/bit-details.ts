// SPDX-License-Identifier: GPL-2.0-only
import {
  bitNumbers,
  decodeSpte,
  type Explanation,
  findingText,
  isAdDisabled,
  KvmBug,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  observe,
  PAGE_SHIFT,
  pageRole,
  plainHost,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { bitText, hasBit, maskOf } from '../bits/bit-ranges.ts';
import type { BitDetails, FieldPlace } from '../bits/inspector.tsx';
import type { Era } from '../machine/eras.ts';

type Told = Pick<Explanation, 'kind' | 'level' | 'value' | 'mapping' | 'findings'>;

/**
 * What is to be said of the bits of an entry beside the entry itself.
 *
 * @param eras the machine under other kernels; asked for when a bit is pointed at
 */
export function detailsOf(mmu: Mmu, told: Told, eras: () => readonly Era[]): BitDetails {
  return {
    wrong: (mask) =>
      told.findings
        .filter(({ bits }) => (maskOf(bits) & mask) !== 0n)
        .map((finding) => `${finding.severity === 'error' ? 'Wrong' : 'Odd'}: ${findingText(finding)}.`),
    history: (field) => historyOf(field, told, eras(), mmu.layout.since),
    setBy: (bit) => (hasBit(told.value, bit) ? settersOf(mmu, told, bit) : []),
  };
}

/** Makes an entry of the same kind, that allows everything; null where KVM makes none of this kind. */
function makeAlike(mmu: Mmu, { kind, level, mapping }: Told): bigint | null {
  const pfn = mapping?.pfn ?? 0n;
  switch (kind) {
    case 'leaf':
      return makeSpte(mmu, plainHost, { role: roleAt(mmu, level, false), gfn: 0n, pfn }).spte;
    case 'tracked':
      return makeSpte(mmu, plainHost, { role: roleAt(mmu, level, true), gfn: 0n, pfn, prefetch: true }).spte;
    case 'table':
      return makeNonleafSpte(mmu, pfn << PAGE_SHIFT, isAdDisabled(mmu));
    case 'mmio':
      return makeMmioSpte(mmu, plainHost, 0n, 0);
    default:
      return null;
  }
}

const roleAt = (mmu: Mmu, level: number | null, tracked: boolean) =>
  pageRole({ level: level ?? 1, adDisabled: tracked || isAdDisabled(mmu) });

/** What KVM would refuse to make has nothing to say. */
function unlessRefused<T>(make: () => T, otherwise: T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof KvmBug || error instanceof RangeError) return otherwise;
    throw error;
  }
}

function settersOf(mmu: Mmu, told: Told, bit: number): ReturnType<NonNullable<BitDetails['setBy']>> {
  const reasons = unlessRefused(() => observe(mmu, (mmu) => makeAlike(mmu, told)).reasons, []);
  return reasons.filter(({ bits }) => hasBit(bits, bit)).map(({ rule, why }) => ({ rule, why }));
}

/** Where a field is in entries of the same kind that other kernels make; neighbours that agree are one. */
function historyOf(field: string, told: Told, eras: readonly Era[], own: string): FieldPlace[] {
  const runs: { since: string; until: string | null; bits: string | null; here: boolean }[] = [];
  for (const { since, until, mmu } of eras) {
    const bits = unlessRefused(() => placeIn(mmu, told, field), undefined);
    if (bits === undefined) continue;
    const here = since === own;
    const before = runs.at(-1);
    if (before === undefined || before.bits !== bits) runs.push({ since, until, bits, here });
    else Object.assign(before, { until, here: before.here || here });
  }
  return runs.map(({ since, until, bits, here }) => ({
    kernels: until === null ? `${shortRelease(since)} on` : `${shortRelease(since)} to ${until}`,
    bits,
    here,
  }));
}

/** The first release of a series by the name of the series. */
const shortRelease = (release: string): string => release.replace(/^(\d+\.\d+)\.0$/, '$1');

/** The bits of a field; null where there is no such field, undefined where there is no such entry. */
function placeIn(mmu: Mmu, told: Told, field: string): string | null | undefined {
  const spte = makeAlike(mmu, told);
  if (spte === null) return undefined;
  const mask = decodeSpte(mmu, spte, told.level)
    .fields.filter(({ name }) => name === field)
    .reduce((sum, { mask }) => sum | mask, 0n);
  return bitNumbers(mask).length === 0 ? null : bitText(mask);
}
