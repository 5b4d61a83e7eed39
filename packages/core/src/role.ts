// SPDX-License-Identifier: GPL-2.0-only

import { checkInteger, checkU32 } from './arguments.ts';
import { type BitField, type Fields, field } from './bit-field.ts';

/** Access that a page table or a mapping grants. */
export const ACC_EXEC = 1;
export const ACC_WRITE = 2;
export const ACC_USER = 4;
export const ACC_ALL: number = ACC_EXEC | ACC_WRITE | ACC_USER;

/** What a shadow page is for: the key under which KVM finds it again. Kernel: `union kvm_mmu_page_role`. */
export interface PageRole {
  /** Level of the entries in the page, 1..5. */
  readonly level: number;
  /** Shadows guest entries of 4 bytes. */
  readonly has4ByteGpte: boolean;
  /** Which part of a guest table of 4-byte entries the page shadows, 0..3. */
  readonly quadrant: number;
  /** Maps gfns linearly instead of shadowing a guest table. */
  readonly direct: boolean;
  /** `ACC_*` bits that every mapping below has at most. */
  readonly access: number;
  readonly invalid: boolean;
  readonly eferNx: boolean;
  readonly cr0Wp: boolean;
  readonly smepAndnotWp: boolean;
  readonly smapAndnotWp: boolean;
  /** Accessed and dirty are not kept by hardware in this page. */
  readonly adDisabled: boolean;
  /** The page belongs to a nested guest. */
  readonly guestMode: boolean;
  /** The nested guest's own table is used as it is. */
  readonly passthrough: boolean;
  /** Non-zero for pages of SMM. */
  readonly smm: number;
}

const flag = <const Name extends string>(name: Name, n: number): BitField<Name> =>
  field(name, n, n, 'kvm', `${name} of the role`);

/*
 *  31    24 23  19 18 17 16 15 14 13 12 11 10   8 7  6  5 4 3    0
 *  ┌───────┬──────┬──┬──┬──┬──┬──┬──┬──┬──┬──────┬─┬─────┬─┬──────┐
 *  │ smm   │      │PT│GM│!A│SA│SE│WP│NX│IN│access│D│quad │4│level │
 *  └───────┴──────┴──┴──┴──┴──┴──┴──┴──┴──┴──────┴─┴─────┴─┴──────┘
 */
const ROLE: Fields<keyof PageRole> = {
  level: field('level', 3, 0, 'kvm', 'level of the entries'),
  has4ByteGpte: flag('has4ByteGpte', 4),
  quadrant: field('quadrant', 6, 5, 'kvm', 'part of the guest table'),
  direct: flag('direct', 7),
  access: field('access', 10, 8, 'kvm', 'ACC_* bits'),
  invalid: flag('invalid', 11),
  eferNx: flag('eferNx', 12),
  cr0Wp: flag('cr0Wp', 13),
  smepAndnotWp: flag('smepAndnotWp', 14),
  smapAndnotWp: flag('smapAndnotWp', 15),
  adDisabled: flag('adDisabled', 16),
  guestMode: flag('guestMode', 17),
  passthrough: flag('passthrough', 18),
  smm: field('smm', 31, 24, 'kvm', 'non-zero in SMM'),
};

/** A direct page at level 1 with all access: the role of most leaf SPTEs under TDP. */
const PLAIN_ROLE: PageRole = {
  level: 1,
  has4ByteGpte: false,
  quadrant: 0,
  direct: true,
  access: ACC_ALL,
  invalid: false,
  eferNx: false,
  cr0Wp: false,
  smepAndnotWp: false,
  smapAndnotWp: false,
  adDisabled: false,
  guestMode: false,
  passthrough: false,
  smm: 0,
};

/** A role that differs from "direct, level 1, all access" in the given fields. */
export function pageRole(fields: Partial<PageRole> = {}): PageRole {
  return { ...PLAIN_ROLE, ...fields };
}

/**
 * Takes the 32-bit role word apart, as `role` in KVM's traces and dumps prints it.
 *
 * @throws RangeError when `word` is not a 32-bit word
 */
export function decodeRole(word: number): PageRole {
  const bits = BigInt(checkU32('role', word));
  const number = ({ mask, shift }: BitField): number => Number((bits & mask) >> shift);
  const flag = ({ mask }: BitField): boolean => (bits & mask) !== 0n;
  return {
    level: number(ROLE.level),
    has4ByteGpte: flag(ROLE.has4ByteGpte),
    quadrant: number(ROLE.quadrant),
    direct: flag(ROLE.direct),
    access: number(ROLE.access),
    invalid: flag(ROLE.invalid),
    eferNx: flag(ROLE.eferNx),
    cr0Wp: flag(ROLE.cr0Wp),
    smepAndnotWp: flag(ROLE.smepAndnotWp),
    smapAndnotWp: flag(ROLE.smapAndnotWp),
    adDisabled: flag(ROLE.adDisabled),
    guestMode: flag(ROLE.guestMode),
    passthrough: flag(ROLE.passthrough),
    smm: number(ROLE.smm),
  };
}

/**
 * Packs a role into its 32-bit word.
 *
 * @throws RangeError when a number does not fit its field
 */
export function encodeRole(role: PageRole): number {
  let word = 0n;
  for (const { name, mask, shift } of Object.values(ROLE)) {
    const max = Number(mask >> shift);
    word |= BigInt(checkInteger(`role.${name}`, Number(role[name]), 0, max)) << shift;
  }
  return Number(word);
}

/** Address space of a role: 1 in SMM. Kernel: `kvm_mmu_role_as_id()`. */
export function roleAsId(role: PageRole): number {
  return role.smm === 0 ? 0 : 1;
}
