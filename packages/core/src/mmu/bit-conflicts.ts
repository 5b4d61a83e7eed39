// SPDX-License-Identifier: GPL-2.0-only
import type { BitField } from '../bits/bit-field.ts';
import { bitNumbers } from '../bits/bits.ts';
import type { EntryFormat } from '../cpu/entry-format.ts';
import { commonRange, type KernelRange, rangesMeet } from '../kernel/kernel-range.ts';
import { type Layout, layouts } from '../kernel/layout.ts';
import type { Extension, SoftwarePlace } from './contract.ts';

/** Bits of an owner in entries of a place, in some kernels. */
interface OwnedBits {
  readonly owner: string;
  readonly name: string;
  readonly mask: bigint;
  readonly kernels: KernelRange;
}

/** Bits that two owners claim in one place. */
export interface BitConflict {
  /** Who claims them, with the name of the field: `dsm: dsmWritable`. */
  readonly first: string;
  readonly second: string;
  /** Lowest first. */
  readonly bits: readonly number[];
  /** The kernels in which it happens. */
  readonly kernels: readonly KernelRange[];
  readonly place: SoftwarePlace;
}

const PLACES: readonly SoftwarePlace[] = ['leaf', 'table', 'nonpresent'];

/** A plugin with fields of its own. */
export type Owner = Pick<Extension, 'software'> & { readonly name: string };

/** The software bits of plugins that meet each other, bits of KVM in a layout of any kernel, or those of the CPU. */
export function bitConflicts(format: EntryFormat, owners: readonly Owner[]): BitConflict[] {
  return PLACES.flatMap((place) => {
    const known = [...ofCpu(format, place), ...ofKvm(format, place)];
    const own = owners.flatMap((owner) => softwareOf(owner, place));
    return merged(
      place,
      own.flatMap((field, i) => [...known, ...own.slice(0, i)].map((other) => [other, field] as const)),
    );
  });
}

/** One conflict for each two fields, with all kernels in which they meet. */
function merged(place: SoftwarePlace, pairs: readonly (readonly [OwnedBits, OwnedBits])[]): BitConflict[] {
  const found = new Map<string, BitConflict & { kernels: KernelRange[] }>();
  for (const [a, b] of pairs) {
    const mask = a.mask & b.mask;
    if (mask === 0n || !rangesMeet(a.kernels, b.kernels)) continue;
    const [first, second] = [`${a.owner}: ${a.name}`, `${b.owner}: ${b.name}`];
    const key = `${first} ${second} ${mask}`;
    const known = found.get(key) ?? { first, second, bits: bitNumbers(mask), kernels: [], place };
    known.kernels.push(commonRange(a.kernels, b.kernels));
    found.set(key, known);
  }
  return [...found.values()];
}

const softwareOf = ({ name, software = [] }: Owner, place: SoftwarePlace): OwnedBits[] =>
  software
    .filter((own) => own.in.includes(place))
    .map(({ field, kernels = {} }) => ({ owner: name, name: field.name, mask: field.mask, kernels }));

/** What the CPU reads in present entries; it reads nothing in others. */
function ofCpu(format: EntryFormat, place: SoftwarePlace): OwnedBits[] {
  if (place === 'nonpresent') return [];
  const fields = place === 'table' ? format.table : format.leaf;
  const owner = `the CPU (${format.name} format)`;
  return [...new Set([...fields, format.address])].map(({ name, mask }) => ({
    owner,
    name,
    mask,
    kernels: {},
  }));
}

/** What KVM keeps, layout by layout. */
function ofKvm(format: EntryFormat, place: SoftwarePlace): OwnedBits[] {
  // EPT is the format that allows fetches, and has no bit that refuses them.
  const places = format.permissions.noExecute === undefined ? 'ept' : 'legacy';
  return layouts.flatMap((layout, i) => {
    const kernels = { since: layout.since, before: layouts[i + 1]?.since };
    return fieldsOf(layout, places, place).map(({ name, mask }) => ({ owner: 'KVM', name, mask, kernels }));
  });
}

function fieldsOf(
  layout: Layout,
  format: 'ept' | 'legacy',
  place: SoftwarePlace,
): Pick<BitField, 'name' | 'mask'>[] {
  const { mmuPresent, adType, savedBits, hostWritable, mmuWritable, mmioGeneration, mmioMarker } = layout;
  const some = <T>(field: T | null): T[] => (field === null ? [] : [field]);
  switch (place) {
    case 'table':
      return [...some(mmuPresent), adType];
    case 'leaf':
      return [...some(mmuPresent), adType, ...savedBits.fields, hostWritable[format], mmuWritable[format]];
    case 'nonpresent':
      return [
        ...some(mmuPresent),
        ...some(mmioMarker),
        mmioGeneration.low,
        mmioGeneration.high,
        { name: 'empty entry', mask: layout.empty },
      ];
  }
}

/** Kernels in words: `all kernels`, `kernels since 5.13 and before 6.10`. */
export function rangeText({ since, before }: KernelRange): string {
  const parts = [
    ...(since === undefined ? [] : [`since ${since}`]),
    ...(before === undefined ? [] : [`before ${before}`]),
  ];
  return parts.length === 0 ? 'all kernels' : `kernels ${parts.join(' and ')}`;
}

/** A conflict in words. */
export function conflictText({ first, second, bits, kernels, place }: BitConflict): string {
  const numbers = `${bits.length === 1 ? 'bit' : 'bits'} ${bits.join(', ')}`;
  return `${numbers} in ${place} entries: ${second} meets ${first}, in ${kernels.map(rangeText).join('; ')}`;
}
