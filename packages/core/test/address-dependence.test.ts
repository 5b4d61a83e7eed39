// SPDX-License-Identifier: GPL-2.0-only
import {
  ADDRESS,
  type AddressTest,
  addressDependence,
  createMmu,
  decodeSpte,
  defineVendor,
  entryRole,
  field,
  frameDependence,
  hex,
  isPresentKind,
  judgeSpte,
  LEVELS,
  leastMmioSpte,
  legacyFormat,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  type Policy,
  PT,
  pageRole,
  plainHost,
  significantBits,
  spteKind,
} from '@spte/core';
import { addresses, meaningful } from '@spte/testing/entries';
import { KERNELS, MACHINE_NAMES, machine, machines } from '@spte/testing/machines';
import { PLUGIN_MACHINE_NAMES, type PluginMachineName, pluginMachines } from '@spte/testing/plugins';
import { random } from '@spte/testing/random';
import { sampled } from '@spte/testing/sampled';
import { legacyVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ERAS = ['5.4', '5.12', '7.3'] as const;

/** The policy of MMIO. */
const mmio = (machines.NPT.policies ?? []).find(({ name }) => name === 'mmio') as Policy;

const pluginMachine = (name: PluginMachineName, kernel = '6.8'): Mmu =>
  createMmu({ ...pluginMachines[name], kernel });

/** Every machine: under one kernel in every run, under all in the long one. */
const MACHINES: [string, Mmu][] = [...MACHINE_NAMES, ...PLUGIN_MACHINE_NAMES].flatMap((name, n) =>
  ERAS.filter((_kernel, era) => sampled(n % ERAS.length === era, true)).map((kernel): [string, Mmu] => [
    `${name}, ${kernel}`,
    name in machines ? machine(name, { kernel }) : pluginMachine(name as PluginMachineName, kernel),
  ]),
);

/** Machines with a policy that reads entries in a way that it does not declare. */
const isUnknown = (name: string): boolean =>
  /^(MMIO by address bits|findings of a hook), /.test(name) && !name.includes('declared');

const answer =
  (spte: bigint) =>
  ({ test, mask }: AddressTest): boolean =>
    test === 'any' ? (spte & mask) !== 0n : (spte & mask) === mask;

/** What tells an entry apart from those that differ from it in their frame alone. */
function keyOf(mmu: Mmu, spte: bigint, level: number | null): string {
  const { always, bit7Clear, bit7Set, mmio } = addressDependence(mmu, level);
  const tests = [...always, ...((spte & PT.pageSize.mask) === 0n ? bit7Clear : bit7Set), ...mmio];
  return [spte & ~ADDRESS, (spte & ADDRESS) === 0n, ...tests.map(answer(spte))].join();
}

/** What must be the same for all entries of a key. */
function saidOf(mmu: Mmu, spte: bigint, level: number | null): string {
  const { kind, mapping, mmio } = decodeSpte(mmu, spte, level);
  const { pfn: _pfn, hpa: _hpa, restored: _restored, ...others } = mapping ?? {};
  const codes = judgeSpte(mmu, spte, level).map(({ code }) => code);
  return JSON.stringify([kind, others, mmio === null ? null : hex(mmio.access), codes]);
}

/** Entries of which something is said that is not said of another one of their key. */
function disagreements(mmu: Mmu, level: number | null): string[] {
  const { pick, u64 } = random(5);
  const places = addresses(mmu, u64);
  const leaf = makeSpte(mmu, plainHost, { role: pageRole({ level: level ?? 1 }), gfn: 0n, pfn: 0n }).spte;
  const made = [leaf, makeNonleafSpte(mmu, 0n, false)];
  const entries = [
    ...made.flatMap((base) => places.map((place) => base ^ place)),
    ...[...made, ...meaningful(mmu)].flatMap((base) =>
      Array.from({ length: sampled(3, 8) }, () => base ^ pick(places) ^ (pick(places) & u64())),
    ),
  ];
  const said = new Map<string, [bigint, string]>();
  const found: string[] = [];
  for (const spte of entries) {
    const key = keyOf(mmu, spte, level);
    const now = saidOf(mmu, spte, level);
    const [first, before] = said.get(key) ?? [spte, now];
    said.set(key, [first, before]);
    if (now !== before) found.push(`${hex(first)}: ${before}; ${hex(spte)}: ${now}`);
  }
  return found;
}

describe('what a rule may look at in the address', () => {
  it.each(MACHINES.filter(([name]) => !isUnknown(name)))(
    'is all that tells entries apart: %s',
    (_name, mmu) => {
      for (const level of [...LEVELS, null]) expect(disagreements(mmu, level)).toEqual([]);
    },
  );

  it.each(MACHINES)('counts bit by bit for what is wrong with a present entry: %s', (_name, mmu) => {
    const { pick, u64 } = random(6);
    const places = addresses(mmu, u64);
    for (const level of LEVELS) {
      const { bit7Clear, bit7Set } = significantBits(mmu, level);
      const frame = ADDRESS & ~(bit7Clear | bit7Set);
      for (const attributes of meaningful(mmu)) {
        const spte = attributes | pick(places);
        const kind = spteKind(mmu, spte, level);
        if (!isPresentKind(kind)) continue;
        const other = spte ^ (u64() & frame);
        expect(spteKind(mmu, other, level)).toBe(kind);
        expect(judgeSpte(mmu, other, level), `${hex(spte)} and ${hex(other)} at level ${level}`).toEqual(
          judgeSpte(mmu, spte, level),
        );
      }
    }
  });

  it('is little on the machines that there are, and is known', () => {
    for (const kernel of KERNELS) {
      for (const name of MACHINE_NAMES) {
        const mmu = machine(name, { kernel });
        const { always, bit7Clear, bit7Set, mmio, unknown } = addressDependence(mmu, null);
        expect(unknown).toBeNull();
        expect(always.length + bit7Clear.length + bit7Set.length + mmio.length).toBeLessThan(16);
        expect(frameDependence(mmu)).toBeNull();
      }
    }
  });

  it('has the fields of the CPU, with what is wrong where one is set that KVM never sets', () => {
    const mmu = pluginMachine('CPU fields in the address');
    const [leaf, table] = [1n << 46n, 1n << 45n];
    expect(judgeSpte(mmu, 0x400001234e67n, 1).map(({ code, bits }) => [code, bits])).toEqual([
      ['bits-kvm-never-sets', [46]],
    ]);
    expect(addressDependence(mmu, 1).bit7Clear).toContainEqual({ test: 'any', mask: leaf });
    expect(addressDependence(mmu, 2).bit7Clear).toContainEqual({ test: 'any', mask: table });
    expect(addressDependence(mmu, 2).bit7Set).toContainEqual({ test: 'any', mask: leaf });
    expect(significantBits(mmu, 1).bit7Clear & (leaf | table)).toBe(leaf);
  });

  it('has the masks that reach into it, and what a policy declares', () => {
    const marked = significantBits(pluginMachine('masks in the address'), 1);
    expect(marked.bit7Clear & (7n << 43n)).toBe(6n << 43n);
    const declared = significantBits(pluginMachine('MMIO by address bits, declared'), 1);
    expect(declared.bit7Clear & (7n << 43n)).toBe(3n << 43n);
  });

  it('has no test twice, and none that can come out one way only', () => {
    for (const [, mmu] of MACHINES) {
      for (const level of [...LEVELS, null]) {
        const { always, bit7Clear, bit7Set, mmio } = addressDependence(mmu, level);
        for (const list of [always, bit7Clear, bit7Set, mmio]) {
          expect(new Set(list.map(({ test, mask }) => `${test} ${mask}`)).size).toBe(list.length);
          expect(list.every(({ mask }) => mask !== 0n && (mask & ~ADDRESS) === 0n)).toBe(true);
        }
      }
    }
  });
});

describe('a policy that reads entries', () => {
  it('may look at everything unless it declares what its own hook looks at', () => {
    const { unknown, mmio: tests } = addressDependence(pluginMachine('MMIO by address bits'), 1);
    expect(unknown).toBe('policy picky does not declare what its hook read looks at');
    expect(tests).toEqual([]);
    expect(significantBits(pluginMachine('MMIO by address bits'), 1)).toEqual({
      bit7Clear: ADDRESS,
      bit7Set: ADDRESS,
    });
  });

  it('may do so beside another: which of the two reads an entry is not declared', () => {
    const mmu = machine('NPT', { policies: [mmio, { ...mmio, name: 'second' }] });
    expect(addressDependence(mmu, 1).unknown).toBe('policies mmio and second both have a hook read');
  });

  it('must take the least of MMIO entries', () => {
    const never = () => null;
    const policies = [
      { ...mmio, name: 'never', read: never, dependsOn: { read: { of: never, address: 0n } } },
    ];
    const mmu = machine('NPT', { policies });
    expect(addressDependence(mmu, 1).unknown).toBe(
      'policy never: its hook read does not take 0x8000000000001, the least of MMIO entries',
    );
  });

  it('may keep its gfn where its fields do not say: then all of the entry is blamed', () => {
    // Bits 50 and 49 count as gfn bits beyond the last.
    const read: NonNullable<Policy['read']> = (on, spte) => {
      const reading = mmio.read?.(on, spte, entryRole(on, null)) ?? null;
      return reading && { ...reading, gfn: reading.gfn | (((spte >> 49n) & 3n) << 45n) };
    };
    const far: Policy = { ...mmio, name: 'far', read, dependsOn: { read: { of: read, address: 0n } } };
    const mmu = machine('NPT', { policies: [far] });
    const codes = (spte: bigint): string[] => judgeSpte(mmu, spte, 1).map(({ code }) => code);
    const least = leastMmioSpte(mmu) as bigint;
    expect(codes(least | (1n << 49n))).toEqual(['mmio-gfn-too-high', 'bits-without-meaning']);
    expect(codes(least | (1n << 49n) | (1n << 30n))).toEqual(['mmio-gfn-too-high', 'bits-without-meaning']);
    for (const level of [1, null]) expect(disagreements(mmu, level)).toEqual([]);
  });

  it('has nothing to read where KVM caches no MMIO', () => {
    const mmu = machine('NPT that cannot cache MMIO');
    expect(leastMmioSpte(mmu)).toBeNull();
    expect(addressDependence(mmu, 1)).toMatchObject({ unknown: null, mmio: [] });
    expect(leastMmioSpte(machine('NPT'))).toBe(0x8000000000001n);
  });

  it('may be missing', () => {
    expect(addressDependence(mmuOf(legacyVendor), 1)).toMatchObject({ unknown: null, mmio: [] });
  });
});

describe('what entries are made of', () => {
  const FRAMES: Partial<Record<PluginMachineName, string>> = {
    'memory type by gfn': 'vendor typed does not declare what its hook getMtMask looks at',
    'memory type by gfn, declared': 'vendor typed: its hook getMtMask looks at the gfn',
    'devices by pfn': 'policy devices does not declare what its hook isMmioPfn looks at',
    'devices by pfn, declared': 'policy devices: its hook isMmioPfn looks at the pfn',
    'bits, kinds and findings': 'plugin dsm does not declare what its hook leafBits looks at',
  };

  it.each(PLUGIN_MACHINE_NAMES)('is the frame alone unless a hook looks at it: %s', (name) => {
    const mmu = pluginMachine(name);
    const make = (gfn: bigint, pfn: bigint): bigint =>
      makeSpte(mmu, plainHost, { role: pageRole(), gfn, pfn, access: 7 }).spte;
    const plain = make(0n, 0n);
    const frames = [0xfedffn, 0xfee00n, 0xfee0fn, 0xfee10n];
    const alike = frames.every((gfn) => frames.every((pfn) => make(gfn, pfn) === (plain | (pfn << 12n))));
    expect(frameDependence(mmu)).toBe(FRAMES[name] ?? null);
    expect(alike).toBe(FRAMES[name] === undefined);
  });

  it('is not asked of hooks that this machine does not ask', () => {
    // Shadow paging has no memory type, and this host no encryption: neither hook is asked.
    const policies = [{ ...mmio, name: 'devices', isMmioPfn: () => true }];
    const vendor = {
      ...machines['shadow paging on Intel with L1TF'].vendor,
      name: 'typed',
      getMtMask: () => 0n,
    };
    expect(frameDependence(machine('NPT', { vendor, policies }))).toBeNull();
  });

  it('may be what masks in the address make of it', () => {
    const vendor = defineVendor({
      ...legacyVendor,
      setup: (setup, before) => {
        const { masks, ...registry } = legacyVendor.setup(setup, before);
        return { ...registry, masks: { ...masks, accessed: 1n << 44n } };
      },
    });
    expect(frameDependence(mmuOf(vendor))).toBe('make_spte() looks at masks that reach into the address');
  });
});

it('a declaration holds for the hook that it names: one that is replaced is not meant', () => {
  const replaced = { ...machines['EPT with A/D'].vendor, name: 'replaced', getMtMask: () => 0n };
  expect(frameDependence(machine('EPT with A/D', { vendor: replaced }))).toBe(
    'vendor replaced does not declare what its hook getMtMask looks at',
  );
  const format = { ...legacyFormat, leaf: [...legacyFormat.leaf, field('key', 40, 39, 'hardware', 'a key')] };
  expect(significantBits(mmuOf({ ...legacyVendor, format }), 1).bit7Clear & (3n << 39n)).toBe(3n << 39n);
});
