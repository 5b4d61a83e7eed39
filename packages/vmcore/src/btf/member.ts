// SPDX-License-Identifier: GPL-2.0-only
import { type Btf, BtfError, type BtfType, KIND } from './btf.ts';

/** Anonymous structs and unions within each other, at most. */
const MAX_DEPTH = 32;

/** What a path of members leads to. */
export interface Place {
  /** Offset from the start of the struct, in bits. */
  readonly offset: number;
  /** Bits of a bit field; 0 for anything else. */
  readonly bits: number;
  /** Its type, without `const` and `typedef`. */
  readonly type: BtfType;
}

/**
 * Where a member is: `arch.tdp_mmu_roots`, or `prev_roots[1].hpa`. Members of anonymous structs and unions are found by
 * their own name.
 *
 * @returns null where there is no such member
 * @throws BtfError when the type information makes no sense
 */
export function placeOf(btf: Btf, struct: BtfType, path: string): Place | null {
  let place: Place = { offset: 0, bits: 0, type: struct };
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    const next =
      name === undefined ? elementOf(btf, place, Number(index)) : memberOf(btf, place.type, name, MAX_DEPTH);
    if (next === null) return null;
    place = { ...next, offset: place.offset + next.offset };
  }
  return place;
}

function memberOf(btf: Btf, struct: BtfType, name: string, depth: number): Place | null {
  if (struct.kind !== KIND.struct && struct.kind !== KIND.union) return null;
  if (depth === 0) throw new BtfError(`BTF type ${struct.id} has anonymous members without end`);
  for (const member of btf.members(struct)) {
    if (member.name !== '' && member.name !== name) continue;
    const type = btf.resolve(member.type);
    if (member.name === name) return { offset: member.offset, bits: member.bits, type };
    const inner = memberOf(btf, type, name, depth - 1);
    if (inner !== null) return { ...inner, offset: member.offset + inner.offset };
  }
  return null;
}

function elementOf(btf: Btf, { type }: Place, index: number): Place | null {
  if (type.kind !== KIND.array) return null;
  const { type: element, count } = btf.arrayOf(type);
  // An array of no elements stands at the end of a struct and has any number.
  if (count > 0 && index >= count) return null;
  return { offset: index * btf.sizeOf(element) * 8, bits: 0, type: btf.resolve(element) };
}
