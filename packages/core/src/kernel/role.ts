// SPDX-License-Identifier: GPL-2.0-only

import { checkInteger, checkU32 } from '../bits/arguments.ts';
import { type BitField, field, fieldValue } from '../bits/bit-field.ts';
import { type KernelVersion, REFERENCE } from './kernel-version.ts';
import { defineVariant, type Variant } from './variant.ts';

/** Fetches, up to 7.1; {@link accessBits} has the access bits of every kernel. */
export const ACC_EXEC = 1;
/** Writes, up to 7.1. */
export const ACC_WRITE = 2;
/** User access, up to 7.1; in EPT, reads. */
export const ACC_USER = 4;
/** All access, up to 7.1. */
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
  /** The page mirrors one that the TDX module owns (since 6.14). */
  readonly isMirror: boolean;
  /** SMEP for shadow paging, MBEC for EPT, GMET for NPT (since 7.2). */
  readonly cr4Smep: boolean;
  /** Non-zero for pages of SMM. */
  readonly smm: number;
}

const roleBits = (name: string, high: number, low: number): BitField =>
  field(name, high, low, 'kvm', `${name} of the role`);

const roleFlag = (name: string, n: number): BitField => roleBits(name, n, n);

/** Where a role word keeps its fields; a kernel that lacks a field has 0 or false there. */
type RoleLayout = Readonly<Partial<Record<keyof PageRole, BitField>>>;

/** The places after others: what a release has differently, and the same otherwise. */
const after = (before: RoleLayout, change: Partial<RoleLayout>): RoleLayout => ({ ...before, ...change });

/*
 *  31    24 23  20 19 18 17 16 15 14 13 12 11 10   8 7  6  5 4 3    0
 *  ┌───────┬──────┬──┬──┬──┬──┬──┬──┬──┬──┬──┬──────┬─┬─────┬─┬──────┐
 *  │ smm   │      │MI│PT│GM│!A│SA│SE│WP│NX│IN│access│D│quad │4│level │
 *  └───────┴──────┴──┴──┴──┴──┴──┴──┴──┴──┴──┴──────┴─┴─────┴─┴──────┘
 *  7.2: access is 11:8, IN NX WP move up by one over SE; SMEP is 20
 */
const v5_4: RoleLayout = {
  level: roleBits('level', 3, 0),
  has4ByteGpte: roleFlag('has4ByteGpte', 4),
  quadrant: roleBits('quadrant', 6, 5),
  direct: roleFlag('direct', 7),
  access: roleBits('access', 10, 8),
  invalid: roleFlag('invalid', 11),
  eferNx: roleFlag('eferNx', 12),
  cr0Wp: roleFlag('cr0Wp', 13),
  smepAndnotWp: roleFlag('smepAndnotWp', 14),
  smapAndnotWp: roleFlag('smapAndnotWp', 15),
  adDisabled: roleFlag('adDisabled', 16),
  guestMode: roleFlag('guestMode', 17),
  smm: roleBits('smm', 31, 24),
};
const v5_19: RoleLayout = after(v5_4, { passthrough: roleFlag('passthrough', 18) });
const v6_14: RoleLayout = after(v5_19, { isMirror: roleFlag('isMirror', 19) });
const withoutSmepAndnotWp = ({ smepAndnotWp: _gone, ...kept }: RoleLayout): RoleLayout => kept;
const v7_2: RoleLayout = after(withoutSmepAndnotWp(v6_14), {
  access: roleBits('access', 11, 8),
  invalid: roleFlag('invalid', 12),
  eferNx: roleFlag('eferNx', 13),
  cr0Wp: roleFlag('cr0Wp', 14),
  cr4Smep: roleFlag('cr4Smep', 20),
});

export const roleLayout: Variant<RoleLayout> = defineVariant<RoleLayout>(
  'bits of the role word',
  { since: '5.4', value: v5_4, change: 'bit 4 is gpte_is_8_bytes up to 5.16: the other way round' },
  { since: '5.19', value: v5_19, change: 'passthrough is bit 18' },
  { since: '6.14', value: v6_14, change: 'is_mirror is bit 19' },
  {
    since: '7.2',
    value: v7_2,
    change:
      'access grows to bits 11:8, invalid, efer_nx and cr0_wp move up by one, smep_andnot_wp goes, cr4_smep is bit 20',
  },
);

export const gpteIs8Bytes: Variant<boolean> = defineVariant(
  'bit 4 of the role word',
  { since: '5.4', value: true, change: 'set for guest entries of 8 bytes' },
  { since: '5.17', value: false, change: 'set for guest entries of 4 bytes' },
);

/** The numbers of access bits; 0 for one that does not exist. */
export interface AccessBits {
  readonly read: number;
  readonly write: number;
  readonly user: number;
  readonly exec: number;
}

/** The access bits of a kernel, in roles, requests and traces. */
export const accessBits: Variant<AccessBits> = defineVariant(
  'access bits in roles, requests and traces',
  {
    since: '5.4',
    value: { read: 0, write: ACC_WRITE, user: ACC_USER, exec: ACC_EXEC },
    change: 'X=1 W=2 U=4, printed `wux`; in EPT, U stands for read',
  },
  {
    since: '7.2',
    value: { read: 1, write: 2, user: 4, exec: 8 },
    change: 'R=1 W=2 U=4 X=8, printed `rwux`; in EPT, U stands for user fetches',
  },
);

/** Every access bit of a kernel. */
export function allAccess({ read, write, user, exec }: AccessBits): number {
  return read | write | user | exec;
}

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
  isMirror: false,
  cr4Smep: false,
  smm: 0,
};

/**
 * A role that differs from "direct, level 1, all access" in the given fields.
 *
 * @example
 * ```ts
 * import { pageRole } from '@spte/core';
 *
 * const { level, direct, access } = pageRole({ level: 2 });
 * [level, direct, access]; // [ 2, true, 7 ]
 * ```
 *
 * @example
 * ```ts
 * import { encodeRole, hex, pageRole, parseKernelVersion } from '@spte/core';
 *
 * const role = pageRole({ level: 4, smm: true });
 * // As the word that traces and dumps show.
 * [parseKernelVersion('5.15'), parseKernelVersion('6.12')].map((kernel) => hex(BigInt(encodeRole(role, kernel)))); // [ '0x1000794', '0x1000784' ]
 * ```
 */
export function pageRole(fields: Partial<PageRole> = {}): PageRole {
  return { ...PLAIN_ROLE, ...fields };
}

/**
 * Takes the 32-bit role word apart, as `role` in KVM's traces and dumps prints it.
 *
 * @param kernel whose word it is; the reference when absent
 * @throws TypeError, RangeError when `word` is not a 32-bit word
 *
 * @example
 * ```ts
 * import { decodeRole } from '@spte/core';
 *
 * const { level, direct, access } = decodeRole(0x1791);
 * [level, direct, access]; // [ 1, true, 7 ]
 * ```
 */
export function decodeRole(word: number, kernel: KernelVersion = REFERENCE): PageRole {
  const layout = roleLayout(kernel);
  const bits = BigInt(checkU32('role', word));
  const role = Object.entries(PLAIN_ROLE).map(([name, plain]: [string, number | boolean]) => {
    const place = layout[name as keyof PageRole];
    const value = place === undefined ? 0 : Number(fieldValue(bits, place));
    return [name, typeof plain === 'boolean' ? value !== 0 : value];
  });
  const decoded = Object.fromEntries(role) as PageRole;
  return gpteIs8Bytes(kernel) ? { ...decoded, has4ByteGpte: !decoded.has4ByteGpte } : decoded;
}

/**
 * Packs a role into its 32-bit word.
 *
 * @param kernel whose word it is to be; the reference when absent
 * @throws RangeError when a number does not fit its field, or the kernel has no such field
 *
 * @example
 * ```ts
 * import { encodeRole, pageRole } from '@spte/core';
 *
 * encodeRole(pageRole({ level: 2 })).toString(16); // 782
 * ```
 */
export function encodeRole(role: PageRole, kernel: KernelVersion = REFERENCE): number {
  const layout = roleLayout(kernel);
  const has4ByteGpte = gpteIs8Bytes(kernel) ? !role.has4ByteGpte : role.has4ByteGpte;
  let word = 0n;
  for (const [name, value] of Object.entries({ ...role, has4ByteGpte })) {
    const { mask, shift } = layout[name as keyof PageRole] ?? NO_FIELD;
    word |= BigInt(checkInteger(`role.${name}`, Number(value), 0, Number(mask >> shift))) << shift;
  }
  return Number(word);
}

const NO_FIELD = { mask: 0n, shift: 0n };

/** Address space of a role: 1 in SMM. Kernel: `kvm_mmu_role_as_id()`. */
export function roleAsId(role: PageRole): number {
  return role.smm === 0 ? 0 : 1;
}
