// SPDX-License-Identifier: GPL-2.0-only
import type { ActiveExtension, EntryRole, Mmu, Policy, PolicyReading } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { entryRole } from '../mmu/extensions.ts';

/** Who takes an entry that is not present for his own, and what for. */
export interface Taker {
  readonly plugin: string;
  readonly kind: SpteKind;
  /** What a policy reads in it; null for a kind of a plugin's. */
  readonly reading: PolicyReading | null;
}

/**
 * Who takes an entry, in the order in which plugins are asked: the kinds of the vendor and of its overlays, then of each
 * policy what it reads and its kinds.
 *
 * @param present whether it is shadow-present: then its kinds alone are asked
 * @param most how many are wanted
 */
export function takersOf(
  mmu: Mmu,
  spte: bigint,
  level: number | null,
  present: boolean,
  most: number = Number.POSITIVE_INFINITY,
): Taker[] {
  const { extensions, policies } = mmu;
  const takers: Taker[] = [];
  for (const extension of extensions) {
    if (takers.length === most) return takers;
    if (!isPolicy(mmu, extension)) takeByKind(takers, extension, spte);
  }
  let role: EntryRole | undefined;
  for (const policy of policies) {
    if (takers.length === most) return takers;
    if (policy.read !== undefined && !present) {
      role ??= entryRole(mmu, level);
      const reading = readBy(policy.read, mmu, spte, role);
      if (reading !== null) takers.push({ plugin: policy.name, kind: 'mmio', reading });
    }
    const extension = extensions.find(({ hooks }) => hooks === policy);
    if (extension !== undefined && takers.length < most) takeByKind(takers, extension, spte);
  }
  return takers;
}

const isPolicy = ({ policies }: Mmu, { hooks }: ActiveExtension): boolean =>
  policies.some((policy) => policy === hooks);

function takeByKind(takers: Taker[], { name, kinds }: ActiveExtension, spte: bigint): void {
  const kind = kinds.find(({ mask, value }) => (spte & mask) === value);
  if (kind !== undefined) takers.push({ plugin: name, kind: kind.name, reading: null });
}

/** What a policy reads. A hook that fails reads nothing: the failure is a finding, see `pluginFindings()`. */
export function readBy(
  read: NonNullable<Policy['read']>,
  mmu: Mmu,
  spte: bigint,
  role: EntryRole,
): PolicyReading | null {
  try {
    return askReader(read, mmu, spte, role);
  } catch {
    return null;
  }
}

/**
 * What a policy reads.
 *
 * @throws whatever the hook throws; TypeError where its answer is no reading
 */
export function askReader(
  read: NonNullable<Policy['read']>,
  mmu: Mmu,
  spte: bigint,
  role: EntryRole,
): PolicyReading | null {
  const reading = read(mmu, spte, role) ?? null;
  if (reading === null) return null;
  const { gfn, gpa, access, generation, fields } = reading;
  const words: readonly unknown[] = [gfn, gpa, access, generation];
  if (!words.every((word) => typeof word === 'bigint') || !Array.isArray(fields)) {
    throw new TypeError('its answer must have gfn, gpa, access and generation as bigints, and fields');
  }
  return reading;
}

/** All kinds of plugins of a machine, in the order in which they are asked. */
export function pluginKinds({ extensions }: Mmu): ActiveExtension['kinds'] {
  return extensions.flatMap(({ kinds }) => kinds);
}

/** A kind of a plugin's, by its name; an entry has no other. */
export function pluginKind(mmu: Mmu, kind: SpteKind): ActiveExtension['kinds'][number] {
  return pluginKinds(mmu).find(({ name }) => name === kind) as ActiveExtension['kinds'][number];
}
