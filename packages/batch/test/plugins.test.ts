// SPDX-License-Identifier: GPL-2.0-only
import { bit, createMmu, type Mmu, makeSpte, pageRole, plainHost } from '@spte/core';
import { addresses, meaningful } from '@spte/testing/entries';
import { MACHINE_NAMES, machine } from '@spte/testing/machines';
import { PLUGIN_MACHINE_NAMES, type PluginMachineName, pluginMachines } from '@spte/testing/plugins';
import { random } from '@spte/testing/random';
import { sampled } from '@spte/testing/sampled';
import { vmx } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';
import { compile, FINDING_BITS } from '../src/index.ts';
import { KERNELS } from './machines.ts';
import { LEVELS } from './patterns.ts';
import { differences } from './scalar.ts';

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

/** Why what entries say cannot be kept in a table, where a policy does not say what it looks at. */
const SLOW: Partial<Record<PluginMachineName, string>> = {
  'MMIO by address bits': 'policy picky does not declare what its hook read looks at',
  'findings of a hook': 'plugin picky does not declare what its hook judge looks at',
};

/** Why entries cannot be made from a table. */
const FRAMES: Partial<Record<PluginMachineName, string>> = {
  'memory type by gfn': 'vendor typed does not declare what its hook getMtMask looks at',
  'memory type by gfn, declared': 'vendor typed: its hook getMtMask looks at the gfn',
  'devices by pfn': 'policy devices does not declare what its hook isMmioPfn looks at',
  'bits, kinds and findings': 'plugin dsm does not declare what its hook leafBits looks at',
  'devices by pfn, declared': 'policy devices: its hook isMmioPfn looks at the pfn',
};

describe.each([true, false])('on machines with odd plugins, wasm: %s', (wasm) => {
  it.each(MACHINES)('%s, kernel %s: entries say what core says', (name, _kernel, mmu) => {
    const engine = compile(mmu, { wasm });
    const next = random(3).u64;
    const places = addresses(mmu, next);
    const made = [1, 2, 3].map((level) =>
      makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn: 0n, pfn: 0n }),
    );
    for (const level of LEVELS) {
      const entries = [...made.map(({ spte }) => spte), ...meaningful(mmu)].flatMap((attributes, n) =>
        places
          .filter(() => n === 0 || next() % sampled(48n, 16n) === 0n)
          .map((address) => attributes ^ address),
      );
      expect(differences(engine, BigUint64Array.from(entries), level)).toEqual([]);
    }
    const why = SLOW[name];
    expect(engine.fallbacks.map((fallback) => fallback.why)).toEqual(
      why === undefined ? [] : Array(4).fill(why),
    );
  });

  it.each(MACHINES)('%s, kernel %s: entries are made as core makes them', (name, _kernel, mmu) => {
    const engine = compile(mmu, { wasm });
    const frames = [0x1000n, 0xfee00n, 0xfee0fn, 0xfee10n, 0n, 0xfee05n];
    for (const level of [1, 2]) {
      const requests = frames.flatMap((gfn) => frames.map((pfn) => ({ gfn, pfn, access: 7, level })));
      const want = requests.map(
        ({ gfn, pfn }) => makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn, pfn, access: 7 }).spte,
      );
      expect(requests.map((request) => engine.makeSpte(request))).toEqual(want);
      const [gfn, pfn] = (['gfn', 'pfn'] as const).map((key) =>
        BigUint64Array.from(requests, (request) => request[key]),
      ) as [BigUint64Array, BigUint64Array];
      expect([...engine.encode({ gfn, pfn, access: 7, level })]).toEqual(want);
    }
    const why = FRAMES[name];
    expect(engine.fallbacks).toEqual(why === undefined ? [] : [{ what: 'encode', why }]);
  });

  it('kinds of plugins have a code each, in columns too', () => {
    const engine = compile(createMmu({ ...pluginMachines['bits, kinds and findings'], kernel: '7.3' }), {
      wasm,
    });
    const { kind } = engine.decode(BigUint64Array.of(0x500n, 0n), 1);
    expect([...kind].map((code) => engine.kinds[code])).toEqual(['guard/poison', 'empty']);
  });

  it('a field of the CPU in the address is seen, whatever came first', () => {
    const engine = compile(createMmu(pluginMachines['CPU fields in the address']), { wasm });
    const entries = BigUint64Array.of(0x1234e67n, 0x400001234e67n, 0x5678e67n);
    expect([...engine.judge(entries, 1)]).toEqual([0, FINDING_BITS['bits-kvm-never-sets'], 0]);
  });
});

describe.each(KERNELS)('kernel %s', (kernel) => {
  it.each(MACHINE_NAMES)('%s: nothing falls back', (name) => {
    const mmu = machine(name, { kernel });
    const engine = compile(mmu);
    const entries = BigUint64Array.of(0n, 0xb77n, mmu.masks.vmMmioValue);
    engine.judge(entries, 1);
    engine.decode(entries, null);
    engine.decodeSpte(0n, null);
    engine.histogramBy(entries, 1, mmu.vendor.format.dirty);
    engine.encode({ pfn: entries, access: 7, level: 1 });
    expect(engine.fallbacks).toEqual([]);
  });
});

describe('findings of plugins', () => {
  const withFindings = (count: number): Mmu => {
    const findings = Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `odd-${i}`,
        {
          severity: 'warning',
          text: 'odd',
          where: { mask: bit(52 + (i % 7)), value: bit(52 + (i % 7)) },
        } as const,
      ]),
    );
    const many = { name: 'many', apiVersion: 2, findings } as const;
    return createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [many] });
  };

  it('have a bit each, as long as there is room in a bitmap of 32', () => {
    expect(compile(withFindings(14)).findingBits['many/odd-13']).toBe(2 ** 31);
    expect(() => compile(withFindings(15))).toThrow(
      new RangeError('a bitmap has room for 14 findings of plugins, got 15'),
    );
  });
});
