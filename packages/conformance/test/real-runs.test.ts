// SPDX-License-Identifier: GPL-2.0-only
import {
  accessBits,
  allAccess,
  decodeSpte,
  explainChange,
  explainSpte,
  formatSptePermissions,
  type Host,
  isPresentKind,
  type Mmu,
  makeSpte,
  pageRole,
  plainHost,
  spteKind,
  spteToPfn,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { type RealRun, realRuns, SYMBOLS, word } from '@spte/testing/real-runs';
import { mmuOfRun } from '@spte/testing/runs';
import { oneIn } from '@spte/testing/sampled';
import { describe, expect, it } from 'vitest';

const named = realRuns.map((run): [string, RealRun] => [run.run, run]);

describe.each(named)('the real kernel of %s', (_name, run) => {
  const mmu = mmuOfRun(run.run);
  const sptes = oneIn(4, run.sptes);
  const leaves = oneIn(4, run.leaves);

  it('has the masks that its facts give', () => {
    const known = Object.entries(run.masks).filter(([symbol]) => symbol in SYMBOLS);
    expect(known.length).toBeGreaterThanOrEqual(12);
    for (const [symbol, value] of known) {
      const mask = SYMBOLS[symbol];
      expect.soft(mask === undefined ? null : mmu.masks[mask], symbol).toBe(word(value));
    }
  });

  it('wrote no entry with a finding, and none of an unknown kind', () => {
    const bad = sptes.flatMap(([value, level]) => {
      const { kind, findings } = explainSpte(mmu, word(value), level);
      return kind === 'unknown' || findings.length > 0 ? [{ value, level, kind, findings }] : [];
    });
    expect(bad).toEqual([]);
  });

  it('wrote no bit that no field explains', () => {
    const stray = sptes.flatMap(([value, level]) => {
      const { fields } = decodeSpte(mmu, word(value), level);
      const unexplained = fields.filter((field) => field.owner === 'none' && field.value !== 0n);
      return unexplained.length === 0 ? [] : [{ value, level, unexplained }];
    });
    expect(stray).toEqual([]);
  });

  it('made no change that KVM does not make', () => {
    const refused = oneIn(4, run.changes).flatMap(([from, to, level]) => {
      const { allowed, objections, events, warnings } = explainChange(mmu, word(from), word(to), level);
      const fine = allowed && warnings.length === 0 && !events.some(({ code }) => code === 'other');
      return fine ? [] : [{ from, to, level, objections, events, warnings }];
    });
    expect(refused).toEqual([]);
  });

  it('printed the permissions that are recomputed from the value', () => {
    for (const [, spte, flags] of leaves) {
      expect
        .soft(`(${formatSptePermissions(mmu, word(spte))})`, spte)
        .toBe(`(${flags.replace(/[()]/g, '')})`);
    }
  });

  it('built its MMIO entries as they are rebuilt from gfn, access and generation', () => {
    for (const [gfn, access, generation, spte] of run.mmio) {
      const host = { ...plainHost, memslotGeneration: () => word(generation) };
      // The trace masks the entry, not the access that was asked for: EPT entries hold none of it.
      const asked = Number(word(access) & mmu.masks.mmioAccess);
      expect.soft(makeMmioSpte(mmu, host, word(gfn), asked), spte).toBe(word(spte));
    }
  });

  it('built its leaves as they are rebuilt from gfn, pfn, level and access', () => {
    const missed = leaves.filter(([gfn, spte, , level]) => {
      const value = word(spte);
      return (
        isPresentKind(spteKind(mmu, value, level)) && !rebuilds(mmu, word(gfn), value, level).includes(value)
      );
    });
    expect(missed).toEqual([]);
  });
});

/** What `make_spte()` may have built, over everything that the trace does not say. */
function rebuilds(mmu: Mmu, gfn: bigint, spte: bigint, level: number): bigint[] {
  const { mapping } = decodeSpte(mmu, spte, level);
  const both = [false, true];
  const { exec, user } = accessBits(mmu.kernel);
  const all = allAccess(accessBits(mmu.kernel));
  const hosts: Host[] = [0, -1].map((ret) => ({ ...plainHost, tryToUnsyncPages: () => ret }));
  return hosts.flatMap((host) =>
    both.flatMap((prefetch) =>
      both.flatMap((overWritable) =>
        both.flatMap((canUnsync) =>
          [all, all & ~exec, all & ~user, all & ~exec & ~user].flatMap((access) =>
            [access, access & ~2].map(
              (withWrite) =>
                makeSpte(mmu, host, {
                  role: pageRole({ level, adDisabled: mapping?.adType === 'disabled' }),
                  gfn,
                  pfn: spteToPfn(mmu, spte),
                  access: withWrite,
                  // A writable last-level entry of whatever page: it spares the unsync attempt.
                  oldSpte: overWritable ? 0x83n : mmu.layout.empty,
                  prefetch,
                  canUnsync,
                  hostWritable: mapping?.hostWritable === true,
                }).spte,
            ),
          ),
        ),
      ),
    ),
  );
}
