// SPDX-License-Identifier: GPL-2.0-only
import {
  createMmu,
  type DecodedMapping,
  decodeSpte,
  type Fallback,
  isPresentKind,
  judgeSpte,
  type Mmu,
  spteKind,
} from '@spte/core';
import { addresses, meaningful } from '@spte/testing/entries';
import { KERNELS, MACHINE_NAMES, machine } from '@spte/testing/machines';
import { PLUGIN_MACHINE_NAMES, type PluginMachineName, pluginMachines } from '@spte/testing/plugins';
import { random } from '@spte/testing/random';
import { sampled } from '@spte/testing/sampled';
import { entryBytes, summarizeWalk, translate, type WalkEntry, walk, walkFallbacks } from '@spte/walk';
import { describe, expect, it } from 'vitest';
import { emptyMemory, leaf, startTables } from './tables.ts';

const ERAS = ['5.4', '7.3'];

/** Each under one kernel in every run, under both in the long one. */
const MACHINES = PLUGIN_MACHINE_NAMES.flatMap((name, n) =>
  ERAS.filter((_kernel, era) => sampled(n % 2 === era, true)).map(
    (kernel): [PluginMachineName, string, Mmu] => [
      name,
      kernel,
      createMmu({ ...pluginMachines[name], kernel }),
    ],
  ),
);

/** The entries of a table at each of the levels 1 to 3: those that find a fast path which looks at too few bits. */
function entriesOf(mmu: Mmu): WalkEntry[] {
  const memory = emptyMemory();
  const { pick, u64, below } = random(4);
  const places = addresses(mmu, u64);
  const all = [leaf(mmu, 1, 0n), leaf(mmu, 2, 0n), ...meaningful(mmu)];
  return [1, 2, 3].flatMap((level) => {
    const root = memory.page();
    for (let i = 0n; i < 512n; i++) {
      const spte = pick(all) | (pick(places) ^ (BigInt(below(1 << 26)) << 12n));
      // What is below a table is of no interest here, and may be anywhere.
      if (spteKind(mmu, spte, level) !== 'table') memory.set(root + 8n * i, spte);
    }
    return [...walk(mmu, memory, { root, level })];
  });
}

/** The shares of leaves with some property, from core's slow function. */
function sharesOf(mmu: Mmu, entries: readonly WalkEntry[], has: (mapping: DecodedMapping) => boolean) {
  const leaves = entries.filter(({ spte, level }) => {
    const { kind, mapping } = decodeSpte(mmu, spte, level);
    return kind !== 'table' && mapping !== null && has(mapping);
  });
  const bytes = leaves.reduce((sum, { level }) => sum + entryBytes(level), 0n);
  return { leaves: leaves.length, bytes };
}

const SLOW: Partial<Record<PluginMachineName, string>> = {
  'MMIO by address bits': 'policy picky does not declare what its hook read looks at',
  'findings of a hook': 'plugin picky does not declare what its hook judge looks at',
};

const fallbacksOf = (name: PluginMachineName): Fallback[] => {
  const why = SLOW[name];
  return why === undefined ? [] : [{ what: 'walk', why }];
};

describe('on machines with odd plugins', () => {
  it.each(MACHINES)('%s, kernel %s: entries are what core says', (name, _kernel, mmu) => {
    const entries = entriesOf(mmu);
    expect(entries.filter(({ kind }) => isPresentKind(kind)).length).toBeGreaterThan(200);
    for (const { spte, level, kind, findings } of entries) {
      expect(kind).toBe(spteKind(mmu, spte, level));
      expect(findings).toEqual(judgeSpte(mmu, spte, level));
    }
    expect(walkFallbacks(mmu)).toEqual(fallbacksOf(name));
  });

  it.each(MACHINES)('%s, kernel %s: summaries count what core says', (_name, _kernel, mmu) => {
    const entries = entriesOf(mmu);
    const summary = summarizeWalk(mmu, entries);
    const shares = (has: (mapping: DecodedMapping) => boolean) => sharesOf(mmu, entries, has);
    expect(summary.mapped).toEqual(shares(() => true));
    expect(summary.accessed).toEqual(shares(({ accessed }) => accessed));
    expect(summary.dirty).toEqual(shares(({ dirty }) => dirty === true));
    expect(summary.writable).toEqual(shares(({ access }) => access.write));
    expect(summary.executable).toEqual(shares(({ access }) => access.execute));
    for (const { memtype, ...share } of summary.memtypes) {
      expect(share).toEqual(shares((mapping) => mapping.memtype === memtype));
    }
    for (const { reason, ...share } of summary.readOnly) {
      expect(share).toEqual(shares(({ readOnly }) => readOnly === reason));
    }
    const codes = entries.flatMap(({ spte, level }) => judgeSpte(mmu, spte, level).map(({ code }) => code));
    expect(summary.findings.map(({ code, count }) => [code, count])).toEqual(
      [...new Set(codes)]
        .map((code) => [code, codes.filter((other) => other === code).length] as const)
        .toSorted(([, a], [, b]) => b - a),
    );
  });

  it('a field of the CPU in the address is seen, whatever came first', () => {
    const mmu = createMmu(pluginMachines['CPU fields in the address']);
    const memory = emptyMemory();
    const root = { root: memory.page(), level: 1 };
    for (const [i, spte] of [0x1234e67n, 0x400001234e67n, 0x5678e67n].entries()) {
      memory.set(root.root + BigInt(8 * i), spte);
    }
    const found = [...walk(mmu, memory, root)];
    expect(found.map(({ findings }) => findings.map(({ code, bits }) => [code, bits]))).toEqual([
      [],
      [['bits-kvm-never-sets', [46]]],
      [],
    ]);
    const { findings } = summarizeWalk(mmu, found);
    expect(findings.map(({ code, count }) => [code, count])).toEqual([['bits-kvm-never-sets', 1]]);
  });
});

it.each(KERNELS)('nothing falls back on the machines that there are, kernel %s', (kernel) => {
  for (const name of MACHINE_NAMES) expect(walkFallbacks(machine(name, { kernel }))).toEqual([]);
});

describe('kinds of a plugin', () => {
  it('are counted where they are, and end a translation by their name', () => {
    const mmu = createMmu({ ...pluginMachines['bits, kinds and findings'], kernel: '7.3' });
    const { memory, root, put } = startTables(mmu);
    put([0, 0, 0], 0x455299500n);
    put([0, 0, 1, 0], leaf(mmu, 1, 0x10n));
    const summary = summarizeWalk(mmu, walk(mmu, memory, { root }));
    expect(summary.kinds).toMatchObject({ 'guard/poison': 1, leaf: 1 });
    expect(summary.levels.map(({ kinds }) => kinds['guard/poison'] ?? 0)).toEqual([0, 0, 1, 0]);
    expect(translate(mmu, memory, { root }, 0n)).toMatchObject({
      outcome: 'guard/poison',
      hpa: null,
      text: 'guard/poison: nothing is mapped',
    });
  });
});
