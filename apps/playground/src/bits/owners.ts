// SPDX-License-Identifier: GPL-2.0-only
import type { DecodedField } from '@spte/core';

/** Whose a bit is, as the page tells them apart. */
export type Owner = 'cpu' | 'address' | 'kvm' | 'memory' | 'unused';

/** How the bits of an owner look. */
interface OwnerStyle {
  readonly words: string;
  /** What tells them apart without colour. */
  readonly sign: 'solid' | 'bracket' | 'dots' | 'stripes' | 'hatched';
  /** Behind a set bit on a light ground and on a dark one. */
  readonly light: string;
  readonly dark: string;
}

export const OWNERS: Readonly<Record<Owner, OwnerStyle>> = {
  cpu: { words: 'CPU', sign: 'solid', light: '#0b5442', dark: '#3ff0bc' },
  address: { words: 'address', sign: 'bracket', light: '#185eea', dark: '#688efd' },
  kvm: { words: "KVM's own", sign: 'dots', light: '#36123d', dark: '#f7cbfc' },
  memory: { words: 'memory type, encryption', sign: 'stripes', light: '#b94904', dark: '#db7910' },
  unused: { words: 'unused, must be 0', sign: 'hatched', light: '#71747b', dark: '#82878d' },
};

export const OWNER_NAMES = Object.keys(OWNERS) as readonly Owner[];

/** What is written on a set bit. */
export const ON_OWNER = { light: '#ffffff', dark: '#0b1020' } as const;

/** Fields that belong to another owner than core says, which knows the CPU and KVM only. */
const SPECIAL: Readonly<Record<string, Owner>> = {
  address: 'address',
  mmioGpa: 'address',
  memtype: 'memory',
  ignorePat: 'memory',
  cacheControl: 'memory',
  pat: 'memory',
  patLarge: 'memory',
  encryption: 'memory',
  reserved: 'unused',
  ignored: 'unused',
  empty: 'unused',
};

/** Whose the bits of a field are; a plugin's field is told by what the plugin says. */
export function ownerOf({ name, owner }: Pick<DecodedField, 'name' | 'owner'>): Owner {
  if (owner === 'none') return 'unused';
  return SPECIAL[name] ?? (owner === 'hardware' ? 'cpu' : 'kvm');
}

/** Gives the styles of a page the colours: `--cpu`, `--on-owner` and so on, each for light and dark. */
export function setOwnerColors({ style }: Pick<HTMLElement, 'style'>): void {
  const pair = ({ light, dark }: { light: string; dark: string }): string => `light-dark(${light}, ${dark})`;
  for (const owner of OWNER_NAMES) style.setProperty(`--${owner}`, pair(OWNERS[owner]));
  style.setProperty('--on-owner', pair(ON_OWNER));
}
