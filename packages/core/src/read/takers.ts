// SPDX-License-Identifier: GPL-2.0-only
import type { ActiveExtension, EntryRole, Mmu, Policy, PolicyReading } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { entryRole } from '../mmu/extensions.ts';
import { attempt, type Failure } from './plugin-answers.ts';

/** Who takes an entry that is not present for his own, and what for. */
interface Taker {
  readonly plugin: string;
  readonly kind: SpteKind;
  /** What a policy reads in it; null for a kind of a plugin's. */
  readonly reading: PolicyReading | null;
}

/** What plugins answer when they are asked whose an entry is. */
export interface Answers {
  /** Who takes it, in the order in which they were asked: the first counts. */
  readonly takers: readonly Taker[];
  /** Who could not say, of those that were asked before one took it. */
  readonly failures: readonly Failure[];
}

/** The answers of plugins that were not asked. */
export const NOT_ASKED: Answers = { takers: [], failures: [] };

/**
 * Asks all plugins whose an entry is: the vendor and its overlays for their kinds, then each policy for what it reads
 * and its kinds.
 *
 * @param present whether it is shadow-present: then its kinds alone are asked
 */
export function askPlugins(mmu: Mmu, spte: bigint, level: number | null, present: boolean): Answers {
  const { extensions, policies } = mmu;
  const takers: Taker[] = [];
  const failures: Failure[] = [];
  for (const extension of extensions) {
    if (!isPolicy(mmu, extension)) takeByKind(takers, extension, spte);
  }
  for (const policy of policies) {
    const { name, read } = policy;
    if (read !== undefined && !present) {
      const answer = attempt(name, 'read', () => askReader(read, mmu, spte, entryRole(mmu, level)));
      if ('message' in answer) {
        if (takers.length === 0) failures.push(answer);
      } else if (answer.value !== null) {
        takers.push({ plugin: name, kind: 'mmio', reading: answer.value });
      }
    }
    for (const extension of extensions) {
      if (extension.hooks === policy) takeByKind(takers, extension, spte);
    }
  }
  return { takers, failures };
}

const isPolicy = ({ policies }: Mmu, { hooks }: ActiveExtension): boolean =>
  policies.some((policy) => policy === hooks);

function takeByKind(takers: Taker[], { name, kinds }: ActiveExtension, spte: bigint): void {
  if (kinds.length === 0) return;
  const kind = kinds.find(({ mask, value }) => (spte & mask) === value);
  if (kind !== undefined) takers.push({ plugin: name, kind: kind.name, reading: null });
}

/**
 * What a policy reads.
 *
 * @throws whatever the hook throws; TypeError where its answer is no reading
 */
function askReader(
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
