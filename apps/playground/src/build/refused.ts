// SPDX-License-Identifier: GPL-2.0-only
import { accessBits, decodeSpte, type Mmu } from '@spte/core';
import type { BuildForm } from '../state/build-form.ts';

/** A permission that a request asks for. */
type Permission = 'read' | 'write' | 'user' | 'exec';

/** What was asked for and is not in the entry. */
export interface Refused {
  readonly permission: string;
  /** Why not, one or more reasons, each enough alone. */
  readonly reasons: readonly string[];
}

/** Something that can take a permission away, and the request without it. */
interface Cause {
  readonly why: string;
  readonly lift: (mmu: Mmu, form: BuildForm) => readonly [Mmu, BuildForm];
}

const CAUSES: readonly Cause[] = [
  {
    why: 'nx_huge_pages: no page above 4K may be executed, against the iTLB multihit bug; make_spte() takes execute away',
    lift: (mmu, form) => [{ ...mmu, params: { ...mmu.params, nxHugePages: false } }, form],
  },
  {
    why: 'the host maps the page read-only; make_spte() takes write away',
    lift: (mmu, form) => [mmu, { ...form, hostWritable: true }],
  },
  {
    why: 'a guest page table stands at this gfn: mmu_try_to_unsync_pages() says that it must stay write-protected',
    lift: (mmu, form) => [mmu, { ...form, writeTracked: false }],
  },
  {
    why: 'nobody has asked for the page yet: mark_spte_for_access_track() keeps the permissions aside until someone does',
    lift: (mmu, form) => [mmu, { ...form, prefetch: false }],
  },
];

const NO_BIT = 'entries of this format have no bit that gives it';

const WORDS: Readonly<Record<Permission, string>> = {
  read: 'read',
  write: 'write',
  user: 'user access',
  exec: 'execute',
};

/** What an entry gives of what can be asked for. */
function given(mmu: Mmu, spte: bigint, level: BuildForm['at']): Readonly<Record<Permission, boolean>> {
  const { mapping } = decodeSpte(mmu, spte, Number(level));
  if (mapping === null) return { read: false, write: false, exec: false, user: false };
  const { read, write, execute, user } = mapping.access;
  // EPT up to 7.1 takes the user's access for its read bit.
  return { read, write, exec: execute, user: user ?? read };
}

/**
 * What a leaf does not give though it was asked for, with the reasons: those that take the permission away when all others
 * are lifted.
 *
 * @param make makes the entry that a form asks for
 */
export function refusedOf(mmu: Mmu, form: BuildForm, make: (mmu: Mmu, form: BuildForm) => bigint): Refused[] {
  if (form.make !== 'leaf') return [];
  const bits = accessBits(mmu.kernel);
  const asked = (Object.keys(WORDS) as Permission[]).filter((name) => form[name] && bits[name] !== 0);
  const missing = asked.filter((name) => !given(mmu, make(mmu, form), form.at)[name]);
  return missing.map((name) => {
    const reasons = CAUSES.filter((cause) => {
      const [lifted, request] = liftAllBut(cause, mmu, form);
      return !given(lifted, make(lifted, request), form.at)[name];
    });
    const [bare, request] = liftAllBut(null, mmu, form);
    const possible = given(bare, make(bare, request), form.at)[name];
    return { permission: WORDS[name], reasons: possible ? reasons.map(({ why }) => why) : [NO_BIT] };
  });
}

function liftAllBut(kept: Cause | null, mmu: Mmu, form: BuildForm): readonly [Mmu, BuildForm] {
  return CAUSES.filter((cause) => cause !== kept).reduce<readonly [Mmu, BuildForm]>(
    ([mmu, form], { lift }) => lift(mmu, form),
    [mmu, form],
  );
}
