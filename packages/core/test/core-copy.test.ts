// SPDX-License-Identifier: GPL-2.0-only
import {
  addressDependence,
  assignMasks,
  CORE,
  type CoreCopy,
  checkCore,
  createMmu,
  decodeSpte,
  defineSetup,
  frameDependence,
  initialRegistry,
  loadVendor,
  type Mmu,
  makeSpte,
  pageRole,
  plainHost,
} from '@spte/core';
import { legacyVendor } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

const host = { physBits: 46 };
const OTHER: CoreCopy = { version: '0.99.0', url: 'file:///elsewhere/@spte/core/dist/mmu/core-copy.js' };
const mmu = createMmu({ host, vendor: legacyVendor });
/** As another version of core would have made it. */
const foreign: Mmu = { ...mmu, core: OTHER };

describe('a copy of core', () => {
  it('knows its version, which is that of the manifest, and where it is', () => {
    expect(CORE.version).toBe(manifest.version);
    expect(CORE.url).toMatch(/core-copy\.ts$/);
  });

  it('signs what it makes, and what is made of that', () => {
    expect(initialRegistry.core).toBe(CORE);
    expect(mmu.core).toBe(CORE);
    expect({ ...mmu, kernel: mmu.kernel }.core).toBe(CORE);
  });

  it('gets along with another of its version', () => {
    const twin: CoreCopy = { version: CORE.version, url: OTHER.url };
    expect(() => decodeSpte({ ...mmu, core: twin }, 0n, 1)).not.toThrow();
  });
});

describe('what no core made', () => {
  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [{}, '[object Object] (object)'],
    [46, '46 (number)'],
  ])('is refused by its name: %j', (made, named) => {
    const check = (): void => checkCore(made as Mmu);
    expect(check).toThrow(new TypeError(`mmu must be what createMmu() of @spte/core makes, got ${named}`));
  });
});

describe('two versions of core', () => {
  it('are both named, with where they are', () => {
    const message = `SPTE_TWO_CORES: @spte/core ${CORE.version} at ${String(CORE.url)} was given what @spte/core 0.99.0 at ${String(OTHER.url)} made`;
    expect(() => checkCore(foreign)).toThrow(TypeError);
    expect(() => checkCore(foreign)).toThrow(message);
  });

  it('are named where one is in a bundle that does not know its place', () => {
    const bundled = { core: { version: '0.99.0', url: undefined } };
    expect(() => checkCore(bundled)).toThrow('0.99.0 at an unknown place made');
  });

  it.each<[string, () => unknown]>([
    ['a plugin, with its own core, that writes masks', () => assignMasks(foreign, 'my_step', {})],
    [
      'a vendor that is loaded into a registry',
      () =>
        loadVendor(
          { setup: defineSetup({ host }), registry: { ...initialRegistry, core: OTHER } },
          legacyVendor,
        ),
    ],
    ['whoever builds an entry', () => makeSpte(foreign, plainHost, { role: pageRole(), gfn: 0n, pfn: 1n })],
    ['a reader of entries', () => decodeSpte(foreign, 0x67n, 1)],
    ['who asks what counts in an address', () => addressDependence(foreign, 1)],
    ['who asks what counts in a frame', () => frameDependence(foreign)],
  ])('do not meet through %s', (_who, run) => {
    expect(run).toThrow(/^SPTE_TWO_CORES/);
  });
});
