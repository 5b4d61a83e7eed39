// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { createMmu, definePolicy, extendVendor, type Vendor } from '@spte/core';
import { mmio } from '@spte/mmio';
import {
  type CliIo,
  checkPolicy,
  checkVendor,
  EntryTester,
  KIT_CHECKS,
  KIT_KERNELS,
  main,
  policySuite,
  vendorSuite,
} from '@spte/plugin-kit';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';
import { wrongPlugins } from './wrong-plugins.ts';

const LEAF = 0x600000455299b77n;

/** Registers tests, and runs them: what each says, by title. */
function outcomes(
  register: (test: (title: string, run: () => void) => void) => void,
): Record<string, string> {
  const found: Record<string, string> = {};
  register((title, run) => {
    try {
      run();
      found[title] = 'passes';
    } catch (error) {
      found[title] = (error as Error).message;
    }
  });
  return found;
}

/** One machine is enough for what is said of it. */
const hosts = [{ physBits: 46 }];
const odd = (): Vendor => ({ ...vmx(), name: 'odd', cpuReads: () => [] });

describe('a suite', () => {
  it('has a test for each kernel and each vector', () => {
    const found = outcomes((test) =>
      vendorSuite(test, {
        vendor: () => vmx(),
        kernels: ['6.8', '7.3'],
        hosts,
        vectors: [
          { kernel: '6.8', level: 1, value: LEAF, kind: 'leaf', pfn: '0x455299' },
          { kernel: '6.8', level: 1, value: '0x0', kind: 'empty', pfn: 1n, note: 'an empty one' },
          { kernel: '6.8', level: 1, value: LEAF, kind: 'leaf', pfn: 1n },
          { kernel: '6.8', level: null, value: LEAF, kind: 'table' },
          { kernel: '6.8', level: 1, value: 0x600800455299b77n, kind: 'leaf', host: { physBits: 46 } },
          { kernel: '6.8', level: 1, value: 0x600800455299b77n, kind: 'leaf', findings: ['reserved-bits'] },
        ],
      }),
    );
    expect(found).toEqual({
      'vmx passes the plugin kit, kernel 6.8': 'passes',
      'vmx passes the plugin kit, kernel 7.3': 'passes',
      'vmx: 0x600000455299b77 at level 1 is leaf, kernel 6.8':
        '0x600000455299b77 must point to pfn 0x1, but points to 0x455299',
      'vmx: 0x0 at level 1 is empty, kernel 6.8':
        '0x0 must point to pfn 0x1, but points to none (an empty one)',
      'vmx: 0x600000455299b77 at level unknown is table, kernel 6.8':
        '0x600000455299b77 must be table, but is leaf',
      'vmx: 0x600800455299b77 at level 1 is leaf, kernel 6.8': 'passes',
    });
  });

  it('says what is wrong, unless it is known; and what is known and gone', () => {
    const kernels = ['6.8'];
    const wrong = outcomes((test) => vendorSuite(test, { vendor: odd, kernels, hosts }));
    expect(wrong['odd passes the plugin kit, kernel 6.8']).toContain(
      'cpu: odd.cpuReads (kernel 6.8, MAXPHYADDR 46): cpuReads says nothing',
    );
    const known = outcomes((test) =>
      vendorSuite(test, {
        vendor: odd,
        kernels,
        hosts,
        known: [
          { check: 'cpu', kernel: '6.8', reason: 'not written yet' },
          { check: 'pfn', reason: 'was mended' },
          { check: 'cpu', kernel: '7.3', reason: 'of another kernel' },
        ],
      }),
    );
    expect(known).toEqual({
      'odd passes the plugin kit, kernel 6.8': 'passes',
      'odd: every known problem is still there':
        'pfn is no longer a problem: take it out of known\ncpu, kernel 7.3 is no longer a problem: take it out of known',
    });
    const all = outcomes((test) =>
      vendorSuite(test, { vendor: odd, kernels, hosts, known: [{ check: 'cpu', reason: 'x' }] }),
    );
    expect(all['odd: every known problem is still there']).toBe('passes');
  });

  it('is there for policies, too', () => {
    const found = outcomes((test) =>
      policySuite(test, {
        policy: () => mmio(),
        kernels: ['6.8'],
        hosts,
        vectors: [{ kernel: '6.8', level: 1, value: 6n, kind: 'mmio' }],
      }),
    );
    expect(Object.values(found)).toEqual(['passes', 'passes']);
    const other = outcomes((test) =>
      policySuite(test, { policy: () => mmio(), kernels: ['6.8'], hosts, with: () => svm(), beside: [] }),
    );
    expect(Object.values(other)).toEqual(['passes']);
  });

  it('has a kernel for each layout by itself', () => {
    expect(KIT_KERNELS.length).toBeGreaterThan(30);
    const titles: string[] = [];
    vendorSuite((title) => titles.push(title), { vendor: odd });
    expect(titles).toHaveLength(KIT_KERNELS.length);
  });
});

describe('what is tried on', () => {
  it('may be something else', () => {
    expect(
      checkVendor(() => svm(), {
        kernels: ['5.4'],
        hosts: [{ physBits: 40 }],
        seed: 7,
        vm: {},
        isMirror: true,
      }),
    ).toEqual([]);
    const impossible = checkVendor(() => svm(), { kernels: ['5.4'], hosts: [{ physBits: 7 }] });
    expect(impossible.map(({ check }) => check)).toEqual(['start-up']);
    const mute = { severity: 'error', text: '' } as const;
    const said = { severity: 'error', text: 'is said by judge' } as const;
    const high = { ...said, where: { mask: 1n << 61n, value: 1n << 61n } };
    const twice = extendVendor(vmx(), { name: 'twice', findings: { a: mute, b: mute, c: high, d: said } });
    const one = { kernels: ['6.8'], hosts, checks: ['findings'] };
    expect(checkVendor(() => twice, one)).toHaveLength(2);
    expect(checkVendor(() => twice, { ...one, most: 1 })).toHaveLength(1);
    expect(checkVendor(odd, { kernels: ['6.8'], most: 1 }).map(({ check }) => check)).toEqual(['cpu']);
    expect(checkVendor(odd, { kernels: ['6.8'], checks: ['pure', 'pfn'] })).toEqual([]);
    expect(() => checkVendor(odd, { checks: ['pfm'] })).toThrow(/^there is no check pfm: factory, /);
    expect(checkVendor(vmx() as never).map(({ text }) => text)).toEqual([
      'give a function that makes the vendor: () => vendor',
    ]);
  });

  it('may be a policy in the place of another', () => {
    const own = () => ({ ...mmio(), name: 'own' });
    expect(checkPolicy(own, { kernels: ['5.4', '6.8'], hosts, beside: [] })).toEqual([]);
    const poison = definePolicy({
      name: 'guard',
      apiVersion: 2,
      kinds: { poison: { mask: 0xfff0000000000fffn, value: 0x200n, label: 'x', countsAs: 'empty' } },
    });
    const idle = definePolicy({ name: 'idle', apiVersion: 2, read: () => null });
    expect(checkPolicy(() => idle, { kernels: ['6.8'], hosts })).toEqual([]);
    for (const beside of [[mmio()], [mmio({ mmioCaching: false })], []]) {
      expect(checkPolicy(() => poison, { kernels: ['5.4', '6.8'], hosts, beside })).toEqual([]);
    }
  });

  it('may have outcomes of its own, a memory type of another format, an encryption bit, or no CPU', () => {
    const through = { kind: 'own/through', text: 'goes through', passes: true } as const;
    const fault = { kind: 'own/fault', text: 'is refused', passes: false } as const;
    const outcomesOfOwn = (): Vendor => ({
      ...vmx(),
      name: 'own',
      cpuReads: (...args) =>
        vmx()
          .cpuReads?.(...args)
          .map(({ accessor, read, write, fetch }) => {
            const [r, w, x] = [read, write, fetch].map(({ kind }) =>
              kind === 'translates' ? through : fault,
            );
            return { accessor, read: r ?? fault, write: w ?? fault, fetch: x ?? fault };
          }) ?? [],
    });
    const typed = (): Vendor => ({
      ...svm(),
      name: 'typed',
      setup: (setup, before) => {
        const registry = svm().setup(setup, before);
        return { ...registry, masks: { ...registry.masks, memtype: 0x18n } };
      },
      getMtMask: () => 0n,
    });
    const blind = (): Vendor => {
      const { cpuReads: _cpuReads, ...others } = vmx();
      return { ...others, name: 'blind' };
    };
    const encrypted = (): Vendor => svm({ smeMeMask: 1n << 47n });
    for (const make of [outcomesOfOwn, typed, blind, encrypted]) {
      expect(checkVendor(make, { kernels: ['6.8'], hosts: [{ physBits: 43 }] })).toEqual([]);
    }
  });
});

describe('the tester of entries', () => {
  const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });

  it('says of each case what it is instead', () => {
    const wrong = {
      valid: [0x600800455299b77n, { value: LEAF, kind: 'table' }, { value: 0n, level: null }],
      invalid: [
        { value: LEAF, findings: ['reserved-bits'] },
        { value: LEAF, level: null, findings: [] },
      ],
      changes: [
        { from: LEAF, to: 0n, allowed: false },
        { from: LEAF, to: LEAF ^ 0x1000n, level: null, allowed: true },
        { from: LEAF, to: LEAF ^ 0x1000n, allowed: false, objections: ['new-unknown'] },
        { from: LEAF, to: LEAF ^ 0x1000n, allowed: false, objections: ['pfn-changed'] },
        { from: LEAF, to: 0n, allowed: true, objections: ['pfn-changed'] },
      ],
    };
    let said = '';
    try {
      new EntryTester().run(mmu, wrong);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said.split('\n')).toEqual([
      '0x600800455299b77 at level 1 must have no findings, but has reserved-bits',
      '0x600000455299b77 at level 1 must be table, but is leaf',
      '0x600000455299b77 at level 1 must have reserved-bits, but has no findings',
      '0x600000455299b77 at level unknown is among the invalid, but expects no finding',
      '0x600000455299b77 -> 0x0 at level 1 is not allowed, but it is',
      '0x600000455299b77 -> 0x600000455298b77 at level unknown is allowed, but it is not: pfn-changed',
      '0x600000455299b77 -> 0x600000455298b77 at level 1 is not allowed must meet new-unknown, but meets: pfn-changed',
      '0x600000455299b77 -> 0x0 at level 1 is allowed must meet pfn-changed, but meets',
    ]);
  });

  it('registers tests where it is told how', () => {
    const found = outcomes((test) =>
      new EntryTester(test).run(mmu, { valid: [LEAF], invalid: [{ value: LEAF, findings: ['bad-xwr'] }] }),
    );
    expect(found).toEqual({
      '0x600000455299b77 at level 1: no findings': 'passes',
      '0x600000455299b77 at level 1: bad-xwr':
        '0x600000455299b77 at level 1 must have bad-xwr, but has no findings',
    });
    expect(() => new EntryTester().run(mmu, {})).not.toThrow();
  });
});

describe('the command', () => {
  const pinned = (bits: string) => ({ name: 'pinned', bits, in: ['leaf'], set: 'sometimes', meaning: 'x' });

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let out = '';
    let err = '';
    const modules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      'good.js': {
        mmio: () => mmio(),
        make: (a: number) => a,
        constant: 7,
        broken: () => {
          throw new Error('no');
        },
      },
      'bad.js': { odd },
      'slip.js': { slip: { ...vmx(), cpuRead: () => [] } },
      'none.js': {},
      'twice.js': { default: odd, odd },
      'overlay.js': { over: { name: 'over', masks: { memtype: 0x38n } }, other: { name: 'other' } },
      'good.json': { default: { name: 'dsm', fields: [pinned('59')] } },
      'bad.json': { default: { name: 'dsm', fields: [pinned('57')] } },
    };
    const io: CliIo = {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      load(file) {
        const found = modules[file];
        return found === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(found);
      },
    };
    return { code: await main(args, io), out, err };
  }

  it('tries what a module exports', async () => {
    expect(await run('check', '--kernel', '6.8', 'good.js')).toEqual({
      code: 0,
      out: 'mmio: nothing wrong\n',
      err: '',
    });
    const bad = await run('check', '--kernel', '6.8', '--export', 'odd', 'bad.js');
    expect([bad.code, bad.out.split(':')[0]]).toEqual([1, 'cpu']);
    const json = await run('check', '--kernel', '6.8', '--json', 'bad.js');
    expect(JSON.parse(json.out.split('\n')[0] ?? '')).toMatchObject({ check: 'cpu', plugin: 'odd' });
    expect(await run('check', '--json', '--kernel', '6.8', 'good.js')).toEqual({ code: 0, out: '', err: '' });
    const slip = await run('check', 'slip.js');
    expect([slip.code, slip.out.split(':')[0]]).toEqual([1, 'shape']);
  });

  it('tries a plugin once, and what is laid over a vendor: overlays and data', async () => {
    const { out } = await run('check', '--kernel', '6.8', 'twice.js');
    expect(out).toBe((await run('check', '--kernel', '6.8', 'bad.js')).out);
    const overlay = await run('check', '--kernel', '6.8', 'overlay.js');
    expect([overlay.code, overlay.out.split(':')[0]]).toEqual([1, 'memtype']);
    expect(await run('check', '--kernel', '6.8', 'good.json')).toMatchObject({
      code: 0,
      out: 'default: nothing wrong\n',
    });
    expect((await run('check', 'bad.json')).out).toContain('pinned meets KVM: hostWritable');
  });

  it.each([
    [['walk'], 'there is no command walk: check FILE'],
    [['check'], 'give one FILE, got 0'],
    [['check', 'a', 'b'], 'give one FILE, got 2'],
    [['check', '--odd', 'a'], 'there is no option --odd'],
    [['check', 'a', '--kernel'], '--kernel needs a value'],
    [['check', 'missing.js'], 'missing.js cannot be loaded: Error: no such file'],
    [['check', 'none.js'], 'none.js exports no plugin; it exports nothing'],
    [
      ['check', '--export', 'x', 'good.js'],
      'good.js exports no plugin x; it exports mmio, make, constant, broken, which throws Error: no',
    ],
  ])('refuses %j', async (args, text) => {
    expect(await run(...args)).toEqual({
      code: 2,
      out: '',
      err: `spte-plugin-kit: ${text}; --help says more\n`,
    });
  });

  it('throws what is a defect of its own', async () => {
    const io: CliIo = {
      out: () => {
        throw new TypeError('closed');
      },
      err: () => undefined,
      load: () => Promise.resolve({ mmio: () => mmio() }),
    };
    await expect(main(['check', '--kernel', '6.8', 'x'], io)).rejects.toThrow('closed');
  });

  it('says what it does, and which checks there are', async () => {
    expect((await run('--help')).out).toContain('$ npx spte-plugin-kit check ./dist/index.js');
    expect((await run()).code).toBe(2);
    expect((await run('--list')).out.split('\n')).toHaveLength(Object.keys(KIT_CHECKS).length + 1);
  });
});

it('the README has every check and every wrong plugin', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const [name, holds] of Object.entries(KIT_CHECKS))
    expect(readme).toContain(`| \`${name}\` | ${holds} |`);
  for (const { wrong, role } of wrongPlugins) expect(readme).toContain(`- a ${role}: ${wrong} (`);
});
