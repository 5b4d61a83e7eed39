// SPDX-License-Identifier: GPL-2.0-only
import type { Finding } from '../judge/finding.ts';
import { judgeEntry } from '../judge/judge-spte.ts';
import type { Mmu } from '../mmu/contract.ts';
import { accessOf, type DecodedAccess, memtypeOf } from '../read/decode-spte.ts';
import { checkEntry, entryAt } from '../read/entry.ts';
import { isPresentKind, type SpteKind } from '../read/spte-kind.ts';
import { spteToPfn } from '../rules/predicates.ts';

/** An entry in short: what a row of a table, or a line below a trace, has room for. */
export interface SpteSummary {
  readonly kind: SpteKind;
  /** What a mapping or a table points to; null for every other. */
  readonly pfn: bigint | null;
  /** What the CPU allows; null for what is not present. */
  readonly access: DecodedAccess | null;
  /** Memory type of its own (`WB`); null for a table, and where the format has none. */
  readonly memtype: string | null;
  /** Of an MMIO entry; null for every other. */
  readonly gfn: bigint | null;
  /** Memslot generation of an MMIO entry; null for every other. */
  readonly generation: bigint | null;
  readonly findings: readonly Finding[];
}

/**
 * Says of an entry what it is, where it points to and what is wrong with it: all that many entries are looked through
 * for, at a fraction of the cost of `explainSpte()`.
 *
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 */
export function summarizeSpte(mmu: Mmu, spte: bigint, level: number | null = null): SpteSummary {
  checkEntry(spte, level);
  const entry = entryAt(mmu, spte, level);
  const { kind, reading } = entry;
  const present = isPresentKind(kind);
  return {
    kind,
    pfn: present ? spteToPfn(mmu, spte) : null,
    access: present ? accessOf(mmu, spte) : null,
    memtype: present && kind !== 'table' ? memtypeOf(mmu, spte) : null,
    gfn: reading?.gfn ?? null,
    generation: reading?.generation ?? null,
    findings: judgeEntry(entry),
  };
}
