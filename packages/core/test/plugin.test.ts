// SPDX-License-Identifier: GPL-2.0-only
import {
  AD_WRPROT_ONLY,
  assignMasks,
  CONTRACT_VERSION,
  checkPlugin,
  createMmu,
  decodeSpte,
  definePolicy,
  defineSetup,
  initialRegistry,
  loadKvm,
  loadVendor,
  makeSpte,
  OLDEST_CONTRACT,
  PluginError,
  type Policy,
  pageRole,
  plainHost,
  resetAllPteMasks,
  type Vendor,
} from '@spte/core';
import { legacyVendor, mmuOf, pkvmVendor } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const host = { physBits: 46 };

describe('the plugin contract', () => {
  it('has a version', () => {
    expect([OLDEST_CONTRACT, CONTRACT_VERSION]).toEqual([1, 2]);
    expect(() => checkPlugin({ name: 'mine', apiVersion: CONTRACT_VERSION })).not.toThrow();
  });

  it.each([OLDEST_CONTRACT - 1, CONTRACT_VERSION + 1])('refuses a plugin for version %i', (apiVersion) => {
    const message = `SPTE_PLUGIN_API: mine was written for contract ${apiVersion}, this @spte/core has ${OLDEST_CONTRACT} to ${CONTRACT_VERSION}`;
    expect(() => checkPlugin({ name: 'mine', apiVersion })).toThrow(PluginError);
    expect(() => checkPlugin({ name: 'mine', apiVersion })).toThrow(message);
    const vendor = { ...legacyVendor, apiVersion } as unknown as Vendor;
    expect(() => createMmu({ host, vendor })).toThrow(/SPTE_PLUGIN_API: legacy-test/);
    const policy = { name: 'late', apiVersion } as unknown as Policy;
    expect(() => createMmu({ host, vendor: legacyVendor, policies: [policy] })).toThrow(
      /SPTE_PLUGIN_API: late/,
    );
  });
});

describe('a vendor that core does not know', () => {
  const mmu = mmuOf(pkvmVendor);

  it('starts from the legacy masks and adds its own', () => {
    expect(mmu.masks).toMatchObject({ present: 1n, user: 4n | (1n << 61n), maxHugePageLevel: 2 });
    expect(mmu.setBy).toMatchObject({ present: 'kvm_mmu_reset_all_pte_masks', user: 'pkvm_setup' });
    expect(mmu.vendor.name).toBe('pkvm-test');
  });

  it('has its SPTEs built by the rules of the kernel', () => {
    const { spte } = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0x10n, pfn: 0x1234n });
    expect(spte).toBe(0x2000_0000_0123_4e67n);
    const nested = makeSpte(mmu, plainHost, {
      role: pageRole({ guestMode: true }),
      gfn: 0x10n,
      pfn: 0x1234n,
    });
    expect((nested.spte & mmu.layout.adType.mask) >> mmu.layout.adType.shift).toBe(AD_WRPROT_ONLY);
  });

  it('has its own fields decoded', () => {
    const { spte } = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0x10n, pfn: 0x1234n });
    const decoded = decodeSpte(mmu, spte, 1);
    expect(decoded.kind).toBe('leaf');
    expect(decoded.fields).toContainEqual(
      expect.objectContaining({
        name: 'world',
        mask: 3n << 61n,
        value: 1n,
        text: 'guest',
        owner: 'hardware',
      }),
    );
    expect(decodeSpte(mmu, spte | (3n << 61n), 1).fields).toContainEqual(
      expect.objectContaining({ name: 'world', text: '0x3' }),
    );
  });
});

describe('a policy', () => {
  const calls: string[] = [];
  const policy = (name: string): Policy =>
    definePolicy({
      name,
      apiVersion: 1,
      moduleInit: (_setup, registry) => {
        calls.push(`${name}.moduleInit`);
        return registry;
      },
      resetEarly: (_setup, registry) => {
        calls.push(`${name}.resetEarly ${registry.masks.present}`);
        return registry;
      },
      resetLate: (_setup, registry) => {
        calls.push(`${name}.resetLate ${registry.masks.present}`);
        return registry;
      },
    });

  it('runs at module init, and before and after the legacy masks, in the order of the policies', () => {
    calls.length = 0;
    createMmu({ host, vendor: legacyVendor, policies: [policy('a'), policy('b')] });
    expect(calls).toEqual([
      'a.moduleInit',
      'b.moduleInit',
      'a.resetEarly 0',
      'b.resetEarly 0',
      'a.resetLate 1',
      'b.resetLate 1',
    ]);
  });

  it('runs its module init once however many vendors are loaded', () => {
    const kvm = loadKvm(defineSetup({ host, policies: [policy('a')] }));
    calls.length = 0;
    loadVendor(loadVendor(kvm, legacyVendor), pkvmVendor);
    expect(calls).toEqual(['a.resetEarly 0', 'a.resetLate 1', 'a.resetEarly 1', 'a.resetLate 1']);
  });

  it('may have no hook at all', () => {
    const { masks } = createMmu({ host, vendor: legacyVendor, policies: [{ name: 'idle', apiVersion: 1 }] });
    expect(masks).toEqual(mmuOf(legacyVendor).masks);
  });

  it('may know devices that another does not', () => {
    const none: Policy = { name: 'none', apiVersion: 1 };
    const devices: Policy = { name: 'devices', apiVersion: 1, isMmioPfn: (_host, pfn) => pfn === 0xfee00n };
    const seen: boolean[] = [];
    const vendor: Vendor = {
      ...legacyVendor,
      setup: (setup, registry) =>
        assignMasks(legacyVendor.setup(setup, registry), 'test', { memtype: 0x18n }),
      getMtMask(_setup, _host, _gfn, isMmio) {
        seen.push(isMmio);
        return 0n;
      },
    };
    const mmu = createMmu({ host, vendor, policies: [none, devices] });
    for (const pfn of [0xfee00n, 0x1000n]) makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0n, pfn });
    expect(seen).toEqual([true, false]);
  });

  it('may read entries, of which the first that knows one counts', () => {
    const reading = {
      kind: 'mmio',
      gfn: 0x77n,
      gpa: 0x77000n,
      access: 0n,
      generation: 3n,
      fields: [],
    } as const;
    const blind: Policy = { name: 'blind', apiVersion: 1, read: () => null };
    const reader = (name: string, gfn: bigint): Policy => ({
      name,
      apiVersion: 1,
      read: (_mmu, spte) => (spte === 0x77n ? { ...reading, gfn } : null),
    });
    const policies = [blind, reader('first', 1n), reader('second', 2n)];
    const mmu = createMmu({ host, vendor: legacyVendor, policies });
    expect(decodeSpte(mmu, 0x77n, 1)).toMatchObject({ kind: 'mmio', mmio: { gfn: 1n } });
    expect(decodeSpte(mmu, 0x78n, 1)).toMatchObject({ kind: 'unknown', mmio: null });
  });

  it('has no say over a vendor without a memory type hook', () => {
    const withMemtype: Vendor = {
      ...legacyVendor,
      setup: (setup, registry) =>
        assignMasks(legacyVendor.setup(setup, registry), 'test', { memtype: 0x18n }),
    };
    const request = { role: pageRole(), gfn: 0n, pfn: 1n };
    expect(makeSpte(mmuOf(withMemtype), plainHost, request)).toEqual(
      makeSpte(mmuOf(legacyVendor), plainHost, request),
    );
  });
});

describe('the registry', () => {
  it('is all zero before any step, and says so', () => {
    expect(new Set(Object.values(initialRegistry.masks))).toEqual(new Set([0n, 0, false]));
    expect(new Set(Object.values(initialRegistry.setBy))).toEqual(new Set(['initial']));
  });

  it('is replaced by a step, never changed', () => {
    const next = assignMasks(initialRegistry, 'my_step', { nx: 5n });
    expect(next.masks.nx).toBe(5n);
    expect(next.setBy).toEqual({ ...initialRegistry.setBy, nx: 'my_step' });
    expect(initialRegistry.masks.nx).toBe(0n);
    for (const registry of [initialRegistry, next]) {
      expect([registry, registry.masks, registry.setBy].every((part) => Object.isFrozen(part))).toBe(true);
    }
  });

  it('has the legacy masks after a reset', () => {
    const { masks } = resetAllPteMasks(defineSetup({ host }), initialRegistry);
    // What the sources of kvm_mmu_reset_all_pte_masks() write.
    expect(masks).toMatchObject({
      present: 0x1n,
      user: 0x4n,
      nx: 1n << 63n,
      x: 0n,
      accessed: 0x20n,
      dirty: 0x40n,
      memtype: 0n,
      accTrack: 0n,
      hostWritable: 0x200n,
      mmuWritable: 0x400n,
      meValue: 0n,
      meMask: 0n,
      shadowPhysBits: 46,
    });
  });
});
