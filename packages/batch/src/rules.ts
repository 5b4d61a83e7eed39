// SPDX-License-Identifier: GPL-2.0-only
import {
  type BitField,
  type DecodedAccess,
  decodeSpte,
  type FindingCode,
  fieldValue,
  hasField,
  isPresentKind,
  judgeSpte,
  type Mmu,
  type SpteKind,
  spteKind,
} from '@spte/core';
import {
  ACCESS_BITS,
  AD_TYPE_SHIFT,
  AD_TYPES,
  coreCode,
  FINDING_BITS,
  FLAG_BITS,
  findingBitsOf,
  kindsOf,
  OTHER_KIND,
} from './codes.ts';
import { ACCESS_MASK, ACCESS_SHIFT, FLAGS_SHIFT } from './memory-layout.ts';
import type { Rule } from './rule-table.ts';

// Core's rules, each with its answer as one number. No rule is written here.

/** The kind, by its code. */
export const kindRule: Rule = (mmu, spte, level) => {
  const kind = spteKind(mmu, spte, level);
  const code = coreCode(kind);
  return code < OTHER_KIND ? code : kindsOf(mmu).indexOf(kind);
};

/** All findings, as a bitmap. */
export const judgeRule: Rule = (mmu, spte, level) =>
  judgeSpte(mmu, spte, level).reduce((bitmap, { code }) => bitmap | FINDING_BITS[code as FindingCode], 0);

/** A rule whose answers are places in a list, for values that are too large for a table. */
export interface IndirectRule {
  readonly rule: Rule;
  /** The value of each answer; grows as the rule is asked. */
  readonly values: number[];
}

/**
 * {@link judgeRule} for machines on which plugins judge: their bits do not fit into the cells of a table. Null for those
 * on which none does.
 */
export function indirectJudge(mmu: Mmu): IndirectRule | null {
  const { extensions, policies } = mmu;
  const mayFail = policies.some(({ read, dependsOn }) => read !== dependsOn?.read?.of);
  if (extensions.length === 0 && !mayFail) return null;
  const bits = findingBitsOf(mmu);
  const values: number[] = [];
  const places = new Map<number, number>();
  const rule: Rule = (own, spte, level) => {
    const found = judgeSpte(own, spte, level);
    const bitmap = found.reduce((bitmap, { code }) => bitmap | (bits[code] as number), 0) >>> 0;
    const known = places.get(bitmap);
    if (known !== undefined) return known;
    places.set(bitmap, values.length);
    return values.push(bitmap) - 1;
  };
  return { rule, values };
}

/** Everything in a decoded entry that is not an address or a generation: kind, access and flags side by side. */
export const decodeRule: Rule = (mmu, spte, level) => {
  const { kind, mapping, mmio } = decodeSpte(mmu, spte, level);
  const code = coreCode(kind);
  if (mapping === null) return code | ((Number(mmio?.access ?? 0n) & ACCESS_MASK) << ACCESS_SHIFT);
  const flags =
    (mapping.accessed ? FLAG_BITS.accessed : 0) |
    (mapping.dirty === true ? FLAG_BITS.dirty : 0) |
    (mapping.hostWritable === true ? FLAG_BITS.hostWritable : 0) |
    (mapping.mmuWritable === true ? FLAG_BITS.mmuWritable : 0) |
    (mapping.encrypted ? FLAG_BITS.encrypted : 0) |
    (mapping.ignorePat === true ? FLAG_BITS.ignorePat : 0) |
    (AD_TYPES.indexOf(mapping.adType) << AD_TYPE_SHIFT);
  return code | (accessOf(mapping.access) << ACCESS_SHIFT) | (flags << FLAGS_SHIFT);
};

const accessOf = ({ read, write, execute, user }: DecodedAccess): number =>
  (read ? ACCESS_BITS.read : 0) |
  (write ? ACCESS_BITS.write : 0) |
  (execute ? ACCESS_BITS.execute : 0) |
  (user === true ? ACCESS_BITS.user : 0);

/** The value of a field, plus 1, in present entries that have the field; 0 in others. */
export const fieldRule =
  (field: BitField): Rule =>
  (mmu, spte, level) =>
    has(mmu, field, spteKind(mmu, spte, level), level) ? 1 + Number(fieldValue(spte, field)) : 0;

/** Whether entries of a kind have a field: one of the CPU's that tables have need not be in leaves. */
function has({ vendor: { format } }: Mmu, field: BitField, kind: SpteKind, level: number | null): boolean {
  if (!isPresentKind(kind) || !hasField(field, level)) return false;
  const [own, other] = kind === 'table' ? [format.table, format.leaf] : [format.leaf, format.table];
  return own.includes(field) || !other.includes(field);
}
