// SPDX-License-Identifier: GPL-2.0-only
import type { Registry } from './masks.ts';
import type { RootConfig } from './root.ts';

/**
 * Which accesses fault, without looking at the entry again: 16 masks of 16 bits. The index is the fault's error code
 * without its P bit (bits 4:1), the bit is the combination of access bits (R=1 W=2 U=4 X=8) that the entry grants.
 */
export type PermissionBitmap = readonly number[];

/** What decides about permissions. */
export interface PermissionInputs {
  /** Whether the CPU walks a second dimension with these tables. */
  readonly tdp: boolean;
  readonly eptFormat: boolean;
  /** SMEP, for EPT MBEC, for NPT GMET. */
  readonly smep: boolean;
  readonly smap: boolean;
  readonly wp: boolean;
  readonly nx: boolean;
}

/** Error code bits, without P. */
const WRITE = 1 << 0;
const USER = 1 << 1;
const RSVD = 1 << 2;
const FETCH = 1 << 3;

const COMBINATIONS = 16;

/** The combinations that lack access bit `n`. */
function without(n: number): number {
  let mask = 0;
  for (let access = 0; access < COMBINATIONS; access++) if (((access >> n) & 1) === 0) mask |= 1 << access;
  return mask;
}

const NO_R = without(0);
const NO_W = without(1);
const NO_U = without(2);
const NO_X = without(3);
const U = ~NO_U & 0xffff;

/**
 * Kernel: `__update_permission_bitmask()`, v7.3.
 */
export function updatePermissionBitmask(inputs: PermissionInputs): PermissionBitmap {
  return Array.from({ length: COMBINATIONS }, (_, code) => faults(code, inputs));
}

function faults(code: number, { tdp, eptFormat, smep, smap, wp, nx }: PermissionInputs): number {
  const write = (code & WRITE) !== 0;
  const user = (code & USER) !== 0;
  const fetch = (code & FETCH) !== 0;
  const read = !write && !fetch;
  if (eptFormat) {
    const noFetch = smep && user ? NO_U : NO_X;
    return (read ? NO_R : 0) | (write ? NO_W : 0) | (fetch ? noFetch : 0);
  }
  const gmet = tdp && smep;
  let mask = read ? NO_R : 0;
  if (write && (wp || user)) mask |= NO_W;
  if (fetch && nx) mask |= NO_X;
  if (user && !gmet) mask |= NO_U;
  if (!user && fetch && smep) mask |= U;
  // A reserved-bit fault cannot come from SMAP: that error code says that the guest overrides it.
  if (!user && !fetch && smap && (code & RSVD) === 0) mask |= U;
  return mask;
}

/** The permissions of an MMU's SPTEs. */
export function permissionBitmap({ masks }: Registry, root: RootConfig): PermissionBitmap {
  if (root.kind === 'none') return Array.from({ length: COMBINATIONS }, () => 0);
  return updatePermissionBitmask({
    tdp: masks.tdpEnabled,
    eptFormat: root.kind === 'ept12' || (root.kind === 'tdp' && masks.x !== 0n),
    smep: root.cr4Smep,
    smap: false,
    wp: true,
    nx: true,
  });
}
