// SPDX-License-Identifier: GPL-2.0-only
import {
  decodeSpte,
  entryRole,
  hex,
  type Mmu,
  type Policy,
  type PolicyReading,
  plainHost,
  U64_MAX,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { words } from './hook-checks.ts';
import { type Check, FINE, leafAt, type Trial, unless, type Wrong } from './trial.ts';

/** What a policy reads; nothing where it throws, which is a check of its own. */
function readingOf(policy: Policy, mmu: Mmu, spte: bigint): PolicyReading | null {
  try {
    return policy.read?.(mmu, spte, entryRole(mmu, 1)) ?? null;
  } catch {
    return null;
  }
}

const readerOf = ({ plugin, config }: Trial): Policy | undefined =>
  config.policies?.find(({ name, read }) => name === plugin && read !== undefined);

/** Entries that are somebody else's. */
function ofOthers(mmu: Mmu): (readonly [string, bigint])[] {
  const { layout } = mmu;
  return [
    ['a frozen entry', layout.frozen ?? U64_MAX],
    ['an empty entry', 0n],
    ['an empty entry', layout.empty],
    ['a leaf', leafAt(mmu, 1, 0x40000n)],
  ];
}

const claims: Check = {
  name: 'claims',
  holds:
    "a policy reads none but its own entries: no frozen, empty or present one, and none of a policy's beside it",
  run(trial) {
    const { mmu, plugin } = trial;
    const policy = readerOf(trial);
    if (policy === undefined) return FINE;
    for (const [what, spte] of ofOthers(mmu)) {
      if (spte !== U64_MAX && readingOf(policy, mmu, spte) !== null) {
        return [
          { hook: 'read', text: `it takes ${what}, ${hex(spte)}: answer null for what is not its own` },
        ];
      }
    }
    const { masks } = mmu;
    if (plugin !== 'mmio' && masks.enableMmioCaching && masks.vmMmioValue !== 0n) {
      const mmio = makeMmioSpte(mmu, plainHost, 0xfec00n, 7);
      if (readingOf(policy, mmu, mmio) !== null) {
        const { alsoReadBy } = decodeSpte(mmu, mmio, 1);
        if (alsoReadBy.length > 0)
          return [
            {
              hook: 'read',
              text: `it takes the MMIO entry ${hex(mmio)}, which ${[plugin, ...alsoReadBy].join(' and ')} read both: tell its entries from those of the mmio policy`,
            },
          ];
      }
    }
    return FINE;
  },
};

const complete: Check = {
  name: 'reading',
  holds:
    'what a policy reads says gfn, gpa, access, generation and fields, whose masks do not meet and whose values are of the entry',
  run(trial) {
    const { mmu } = trial;
    const policy = readerOf(trial);
    if (policy === undefined) return FINE;
    const own = [...words(trial, 200), mmu.masks.vmMmioValue];
    for (const spte of own) {
      const reading = readingOf(policy, mmu, spte);
      const wrong = (text: string): readonly Wrong[] => [{ hook: 'read', text: `of ${hex(spte)} ${text}` }];
      if (reading === null) continue;
      const kind: unknown = reading.kind;
      if (kind !== 'mmio')
        return wrong(
          `it says kind ${String(kind)}: read answers MMIO entries, kinds of your own go into kinds`,
        );
      for (const member of ['gfn', 'gpa', 'access', 'generation'] as const) {
        if (typeof reading[member] !== 'bigint')
          return wrong(`${member} must be a bigint, got a ${typeof reading[member]}`);
      }
      if (reading.gpa !== BigInt.asUintN(64, reading.gfn << 12n))
        return wrong(`gpa ${hex(reading.gpa)} is not gfn ${hex(reading.gfn)} << 12`);
      if (!Array.isArray(reading.fields)) return wrong('fields must be a list: which bits say what?');
      let seen = 0n;
      for (const { name, mask } of reading.fields) {
        // Kernels up to 5.4.37 keep the generation over the marker themselves.
        const both = seen & mask & ~(mmu.layout.mmioMarker?.mask ?? 0n);
        if (both !== 0n) return wrong(`field ${String(name)} shares ${hex(both)} with another`);
        seen |= mask;
      }
    }
    return FINE;
  },
};

const totalReading: Check = {
  name: 'reading-total',
  holds: 'a policy answers for every entry, null or a reading, and the same each time',
  run(trial) {
    const { mmu } = trial;
    const policy = readerOf(trial);
    if (policy === undefined) return FINE;
    for (const spte of words(trial, 100)) {
      let first: PolicyReading | null | undefined;
      let second: PolicyReading | null | undefined;
      try {
        [first, second] = [1, 2].map(() => policy.read?.(mmu, spte, entryRole(mmu, 1)));
      } catch (error) {
        return [
          {
            hook: 'read',
            text: `of ${hex(spte)} it throws ${String(error)}: answer null for what is not its own`,
          },
        ];
      }
      if (first === undefined)
        return [
          { hook: 'read', text: `of ${hex(spte)} it answers undefined: return null for what is not its own` },
        ];
      const text = (one: unknown): string =>
        JSON.stringify(one, (_key, value: unknown) => (typeof value === 'bigint' ? hex(value) : value));
      const same = unless(
        text(first) === text(second),
        'read',
        () => `of ${hex(spte)} it answers otherwise the second time`,
      );
      if (same.length > 0) return same;
    }
    return FINE;
  },
};

const devices: Check = {
  name: 'devices',
  holds: 'isMmioPfn answers true or false, and RAM of a plain VM is no device',
  run({ config, plugin }) {
    const policy = config.policies?.find(({ name }) => name === plugin);
    const hook = policy?.isMmioPfn;
    if (hook === undefined) return FINE;
    const answer: unknown = hook(plainHost, 0x40000n);
    if (typeof answer !== 'boolean')
      return [{ hook: 'isMmioPfn', text: `isMmioPfn must answer true or false, got ${String(answer)}` }];
    return unless(
      !answer,
      'isMmioPfn',
      () => 'pfn 0x40000, RAM of a plain VM, is called a device: ask the host about the pfn',
    );
  },
};

/** What must hold of a policy that reads entries. */
export const readerChecks: readonly Check[] = [claims, complete, totalReading, devices];
