// SPDX-License-Identifier: GPL-2.0-only
import { judgeSpte, type Mmu } from '@spte/core';
import type { ListedEntry } from './entry-list.tsx';
import type { PastedEntry } from './recognise.ts';

/** Entries with what is wrong with each; alike ones are judged once. */
export function listedEntries(mmu: Mmu, entries: readonly PastedEntry[]): ListedEntry[] {
  const known = new Map<string, readonly string[]>();
  const codesOf = ({ value, level }: PastedEntry): readonly string[] => {
    const key = `${value}@${level ?? '?'}`;
    const codes = known.get(key) ?? judgeSpte(mmu, value, level).map(({ code }) => code);
    known.set(key, codes);
    return codes;
  };
  return entries.map((entry) => ({ entry, codes: codesOf(entry) }));
}
