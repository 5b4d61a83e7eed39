// SPDX-License-Identifier: GPL-2.0-only
import type { Finding } from '../judge/finding.ts';
import { judgeEntry } from '../judge/judge-spte.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { accessOf, type DecodedAccess, memtypeOf } from '../read/decode-spte.ts';
import { checkEntry, entryAt } from '../read/entry.ts';
import { isPresentKind } from '../read/spte-kind.ts';
import { spteToPfn } from '../rules/predicates.ts';

/** Where an entry points to and what it allows. */
export interface SpteOutline {
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
}

/** An entry in short: what a row of a table, or a line below a trace, has room for. */
export interface SpteSummary extends SpteOutline {
  readonly kind: SpteKind;
  readonly findings: readonly Finding[];
}

/**
 * Says of an entry what it is, where it points to and what is wrong with it: all that many entries are looked through
 * for, at a fraction of the cost of `explainSpte()`.
 *
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 *
 * @example
 * ```ts
 * import { createMmu, summarizeSpte } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const { kind, findings } = summarizeSpte(mmu, 0x600800455299b77n, 1);
 * `${kind}: ${findings.map(({ code }) => code).join()}`; // leaf: reserved-bits
 * summarizeSpte(mmu, 0x600000455299b77n, 1).findings.length; // 0
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, hex, plainHost, summarizeSpte } from '@spte/core';
 * import { makeMmioSpte, mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] });
 * // An MMIO entry says which page it is for, and of which generation.
 * const { kind, gfn, generation } = summarizeSpte(mmu, 0x700000fee00626n);
 * [kind, hex(gfn ?? 0n), generation]; // [ 'mmio', '0xfee00', 1988n ]
 * ```
 */
export function summarizeSpte(mmu: Mmu, spte: bigint, level: number | null = null): SpteSummary {
  checkEntry(spte, level);
  const entry = entryAt(mmu, spte, level);
  const { kind, reading } = entry;
  const { pfn, access, memtype, gfn, generation } = outline(mmu, spte, kind, reading);
  return { kind, pfn, access, memtype, gfn, generation, findings: judgeEntry(entry) };
}

/**
 * Says where an entry points to and what it allows, whose kind is known.
 *
 * @throws TypeError, RangeError when `spte` is not a 64-bit word, and for no other reason
 */
export function outlineSpte(mmu: Mmu, spte: bigint, kind: SpteKind): SpteOutline {
  checkEntry(spte, null);
  return outline(mmu, spte, kind, kind === 'mmio' ? entryAt(mmu, spte, null).reading : null);
}

function outline(mmu: Mmu, spte: bigint, kind: SpteKind, reading: PolicyReading | null): SpteOutline {
  const present = isPresentKind(kind);
  return {
    pfn: present ? spteToPfn(mmu, spte) : null,
    access: present ? accessOf(mmu, spte) : null,
    memtype: present && kind !== 'table' ? memtypeOf(mmu, spte) : null,
    gfn: reading?.gfn ?? null,
    generation: reading?.generation ?? null,
  };
}
