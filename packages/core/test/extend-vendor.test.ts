// SPDX-License-Identifier: GPL-2.0-only
import {
  bitConflicts,
  bits,
  checkComposition,
  compositionProblems,
  conflictText,
  createMmu,
  defineOverlay,
  defineVendor,
  eptFormat,
  extendVendor,
  field,
  isInRange,
  legacyFormat,
  type MmuConfig,
  type Overlay,
  PluginError,
  type Policy,
  parseKernelVersion,
  pluginRole,
  rangeText,
  type SoftwareField,
  type Vendor,
} from '@spte/core';
import { machines } from '@spte/testing/machines';
import { pluginMachines } from '@spte/testing/plugins';
import { l1tf, mmio, svm, vmx } from '@spte/testing/shipped';
import { legacyVendor } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const own = (high: number, low = high, name = 'own'): SoftwareField['field'] =>
  field(name, high, low, 'kvm', 'a bit of its own');

const overlay = (software: SoftwareField): Overlay => defineOverlay({ name: 'dsm', software: [software] });

const overlap = (software: SoftwareField, base: Vendor = vmx()): string => {
  try {
    extendVendor(base, overlay(software));
  } catch (error) {
    return (error as PluginError).message;
  }
  return 'none';
};

describe('what is laid over a vendor', () => {
  it('leaves the vendor as it is, and is asked after it', () => {
    const base = vmx();
    const vendor = extendVendor(base, { name: 'dsm', masks: { memtype: 0x38n } });
    const mmu = createMmu({ host: { physBits: 46 }, vendor });
    expect([mmu.masks.memtype, mmu.setBy.memtype, mmu.vendor.name]).toEqual([0x38n, 'dsm overlay', 'vmx']);
    expect(base.overlays).toBeUndefined();
    const twice = extendVendor(
      vendor,
      overlay({ field: own(59), in: ['leaf'], set: 'sometimes' }).software ? { name: 'more' } : {},
    );
    expect(twice.overlays?.map(({ name }) => name)).toEqual(['dsm', 'more']);
    expect(extendVendor(base, {})).toEqual(base);
  });

  it('has a name of its own', () => {
    expect(() => extendVendor(vmx(), { masks: {} })).toThrow('an overlay with masks must have a name');
    expect(() => extendVendor(vmx(), { name: 'vmx' })).toThrow('vmx is the name of what it is laid over');
    expect(() => extendVendor(extendVendor(vmx(), { name: 'a' }), { name: 'a' })).toThrow(PluginError);
  });

  it.each<[string, SoftwareField, string]>([
    [
      'bits of the CPU',
      { field: own(8), in: ['leaf'], set: 'always' },
      'SPTE_PLUGIN_OVERLAP: bit 8 in leaf entries: dsm: own meets the CPU (ept format): accessed, in all kernels',
    ],
    [
      'the address',
      { field: own(12), in: ['table'], set: 'always' },
      'SPTE_PLUGIN_OVERLAP: bit 12 in table entries: dsm: own meets the CPU (ept format): address, in all kernels',
    ],
    [
      'bits of KVM in some kernels',
      { field: own(58, 57), in: ['leaf'], set: 'sometimes' },
      'SPTE_PLUGIN_OVERLAP: bit 57 in leaf entries: dsm: own meets KVM: hostWritable, in kernels since 5.13 and before 6.10; kernels since 6.10 and before 7.2',
    ],
    [
      'none where the kernel is another',
      { field: own(58, 57), in: ['leaf'], set: 'sometimes', kernels: { since: '7.2' } },
      'none',
    ],
    [
      'none in kernels before',
      { field: own(60), in: ['table'], set: 'sometimes', kernels: { before: '7.2' } },
      'none',
    ],
    [
      'the type of A/D bits',
      { field: own(61, 60), in: ['table'], set: 'sometimes', kernels: { since: '7.2' } },
      'SPTE_PLUGIN_OVERLAP: bits 60, 61 in table entries: dsm: own meets KVM: adType, in kernels since 7.2',
    ],
    [
      'the generation of MMIO',
      { field: own(3), in: ['nonpresent'], set: 'sometimes', kernels: { since: '5.13', before: '5.14' } },
      'SPTE_PLUGIN_OVERLAP: bit 3 in nonpresent entries: dsm: own meets KVM: mmioGenerationLow, in kernels since 5.13 and before 5.14',
    ],
  ])('may not meet %s', (_what, software, text) => {
    expect(overlap(software)).toBe(text);
  });

  it('has places by the format', () => {
    expect(
      overlap({ field: own(9), in: ['leaf'], set: 'sometimes', kernels: { since: '6.8' } }, svm()),
    ).toContain('KVM: hostWritable, in kernels since 6.8 and before 6.10');
    expect(
      overlap({ field: own(57), in: ['leaf'], set: 'sometimes', kernels: { since: '5.13' } }, svm()),
    ).toBe('none');
  });

  it('may not meet another overlay, unless in other kernels', () => {
    const first = extendVendor(vmx(), {
      name: 'first',
      software: [{ field: own(59, 59, 'mine'), in: ['leaf'], set: 'always', kernels: { before: '6.1' } }],
    });
    expect(overlap({ field: own(59), in: ['leaf'], set: 'always' }, first)).toBe(
      'SPTE_PLUGIN_OVERLAP: bit 59 in leaf entries: dsm: own meets first: mine, in kernels before 6.1',
    );
    expect(overlap({ field: own(59), in: ['leaf'], set: 'always', kernels: { since: '6.1' } }, first)).toBe(
      'none',
    );
    const twice = { field: own(59), in: ['leaf'], set: 'always' } as const;
    const [conflict] = bitConflicts(eptFormat, [
      { name: 'one', software: [twice, { ...twice, field: own(59, 59, 'b') }] },
    ]);
    expect(conflict && conflictText(conflict)).toBe(
      'bit 59 in leaf entries: one: b meets one: own, in all kernels',
    );
    expect(bitConflicts(eptFormat, [{ name: 'none' }])).toEqual([]);
    expect(rangeText({ since: '6.1' })).toBe('kernels since 6.1');
  });
});

it('a range of kernels has its first release, and not the one before which it ends', () => {
  const range = { since: '5.13', before: '6.10' };
  const within = ['5.12', '5.13', '6.9.12', '6.10'].map((text) => isInRange(parseKernelVersion(text), range));
  expect(within).toEqual([false, true, true, false]);
  expect(isInRange(parseKernelVersion('5.4'), undefined)).toBe(true);
});

const host = { physBits: 46 };
const problems = (config: Partial<MmuConfig>): [string, string, string | null, string][] =>
  compositionProblems({ kernel: '6.8', host, vendor: vmx(), ...config }).map(
    ({ check, plugin, hook, text }) => [check, plugin, hook, text],
  );

describe('how plugins go together', () => {
  it('is well on every machine of ours', () => {
    // Its masks reach into the address on purpose.
    const { 'masks in the address': _odd, ...others } = pluginMachines;
    for (const config of [...Object.values(machines), ...Object.values(others)]) {
      expect(compositionProblems(config)).toEqual([]);
    }
    expect(() => checkComposition({ host, vendor: vmx(), policies: [l1tf, mmio()] })).not.toThrow();
  });

  it.each<[string, Partial<MmuConfig>, [string, string, string | null, string]]>([
    [
      'a slip in a name',
      { vendor: { ...vmx(), cpuRead: () => [] } as Vendor },
      ['shape', 'vmx', 'cpuRead', 'a vendor has no member cpuRead: is cpuReads meant?'],
    ],
    [
      'an unknown name',
      { policies: [{ name: 'x', apiVersion: 2, zzz: 1 } as Policy] },
      [
        'shape',
        'x',
        'zzz',
        'a policy has no member zzz: it has name, apiVersion, version, variants, behaviours, software, reserved, leafBits, initVm, findings, judge, objections, judgeChange, guesses, guess, kinds, parameters, moduleInit, resetEarly, resetLate, isMmioPfn, read, exposure, dependsOn',
      ],
    ],
    [
      'letters in another order',
      { policies: [{ name: 'x', apiVersion: 2, erad: 1 } as Policy] },
      ['shape', 'x', 'erad', 'a policy has no member erad: is read meant?'],
    ],
    [
      'a member of another type',
      { vendor: { ...vmx(), cpuReads: null } as unknown as Vendor },
      ['shape', 'vmx', 'cpuReads', 'cpuReads must be a function, got a object'],
    ],
    [
      'a missing member',
      { vendor: { name: 'bare', apiVersion: 2, format: eptFormat } as Vendor },
      ['shape', 'bare', 'setup', 'vendor bare must have setup, a function'],
    ],
    [
      'a name with a slash',
      { policies: [{ name: 'a/b', apiVersion: 2 }] },
      ['shape', 'a/b', 'name', 'name must be of letters, digits and any of _ . -, got "a/b"'],
    ],
    [
      'no name',
      { policies: [{ name: '', apiVersion: 2 }] },
      ['shape', 'policy', 'name', 'name must be of letters, digits and any of _ . -, got ""'],
    ],
    [
      'contract 2 in a plugin of contract 1',
      { policies: [{ name: 'old', apiVersion: 1, judge: () => [] }] },
      [
        'shape',
        'old',
        'judge',
        'judge is of contract 2, which is not asked of a plugin of contract 1: say apiVersion: 2',
      ],
    ],
    [
      'an overlay that is wrong',
      { vendor: { ...vmx(), overlays: [{ name: 'o', maks: {} } as Overlay] } },
      ['shape', 'o', 'maks', 'a overlay has no member maks: is masks meant?'],
    ],
    [
      'two of one name',
      { policies: [mmio(), mmio()] },
      [
        'names',
        'mmio',
        'name',
        "two plugins are called mmio: what one of them finds could not be told from the other's",
      ],
    ],
    [
      'another contract',
      { vendor: { ...vmx(), apiVersion: 3 } as unknown as Vendor },
      [
        'api',
        'vmx',
        'apiVersion',
        'SPTE_PLUGIN_API: vmx was written for contract 3, this @spte/core has 1 to 2',
      ],
    ],
    [
      'no plugin',
      { vendor: undefined as unknown as Vendor },
      [
        'shape',
        'vendor',
        null,
        'SPTE_PLUGIN_SHAPE: vendor must be a plugin, such as vmx() of @spte/vendor-vmx, got undefined',
      ],
    ],
    [
      'an address of another machine',
      {
        vendor: {
          ...vmx(),
          format: { ...eptFormat, address: field('address', 59, 12, 'hardware', 'address') },
        },
      },
      [
        'address',
        'vmx',
        'format.address',
        'core serves x86 only, where the address is bits 51:12; got 59:12 (0xffffffffffff000)',
      ],
    ],
    [
      'two fields of one name',
      {
        vendor: {
          ...legacyVendor,
          format: { ...legacyFormat, leaf: [...legacyFormat.leaf, field('dirty', 9, 9, 'hardware', 'x')] },
        },
      },
      ['field-names', 'legacy-test', 'format.leaf', 'two fields of leaf entries are called dirty'],
    ],
    [
      'two fields of one bit',
      {
        vendor: {
          ...legacyVendor,
          format: { ...legacyFormat, leaf: [...legacyFormat.leaf, field('also', 6, 6, 'hardware', 'x')] },
        },
      },
      ['overlap', 'legacy-test', 'format.leaf', 'fields dirty and also of leaf entries share 0x40'],
    ],
    [
      'software bits that meet',
      {
        policies: [{ name: 'a', apiVersion: 2, software: [{ field: own(7), in: ['leaf'], set: 'always' }] }],
      },
      [
        'overlap',
        'a',
        'software',
        'bit 7 in leaf entries: a: own meets the CPU (ept format): pageSize, in all kernels',
      ],
    ],
    [
      'a mask that there is not',
      { vendor: extendVendor(vmx(), { name: 'o', masks: { acessed: 1n } as Overlay['masks'] }) },
      ['mask-name', 'vmx', 'setup', 'there is no mask acessed: is accessed meant?'],
    ],
    [
      'a mask of no name that is near',
      { vendor: extendVendor(vmx(), { name: 'o', masks: { zzz: 1n } as Overlay['masks'] }) },
      ['mask-name', 'vmx', 'setup', 'there is no mask zzz'],
    ],
    [
      'a number for a bigint',
      { vendor: extendVendor(vmx(), { name: 'o', masks: { accessed: 256 } as unknown as Overlay['masks'] }) },
      ['mask-type', 'vmx', 'setup', 'accessed, set by o overlay, must be a bigint, got a number'],
    ],
    [
      'a negative mask',
      {
        policies: [
          {
            name: 'p',
            apiVersion: 2,
            parameters: { lowerGfn: -1n },
            resetLate: (_setup, registry) => ({ ...registry, masks: { ...registry.masks, lowerGfn: -1n } }),
          },
        ],
      },
      [
        'mask-width',
        'vmx',
        'setup',
        'lowerGfn, set by kvm_mmu_reset_all_pte_masks, must be within 64 bits and not negative, got -0x1',
      ],
    ],
    [
      'a mask beyond 64 bits',
      { vendor: extendVendor(vmx(), { name: 'o', masks: { mmuWritable: 1n << 64n } }) },
      [
        'mask-width',
        'vmx',
        'setup',
        'mmuWritable, set by o overlay, must be within 64 bits and not negative, got 0x10000000000000000',
      ],
    ],
    [
      'a memory type that nobody gives',
      {
        vendor: defineVendor({
          ...legacyVendor,
          setup: (setup, registry) => ({
            ...registry,
            masks: { ...legacyVendor.setup(setup, registry).masks, memtype: 0x18n },
          }),
        }),
      },
      [
        'memtype',
        'legacy-test',
        'getMtMask',
        'masks.memtype is 0x18, but nobody says which type a page has: give the vendor a hook getMtMask',
      ],
    ],
    [
      'software bits in the address',
      { vendor: extendVendor(vmx(), { name: 'o', masks: { hostWritable: 1n << 40n } }) },
      [
        'mask-in-address',
        'vmx',
        'setup',
        'masks of software, accessed or dirty bits reach into the address: 0x10000000000',
      ],
    ],
    [
      'a step that throws',
      {
        policies: [
          {
            name: 'p',
            apiVersion: 2,
            resetLate: () => {
              throw new Error('no');
            },
          },
        ],
      },
      ['start-up', 'p', 'resetLate', 'SPTE_PLUGIN_HOOK: resetLate of p threw Error: no'],
    ],
  ])('is not well with %s', (_what, config, problem) => {
    expect(problems(config)).toEqual([problem]);
    expect(() => checkComposition({ kernel: '6.8', host, vendor: vmx(), ...config })).toThrow(PluginError);
  });

  it("a caller's own mistake stays one", () => {
    expect(() => compositionProblems({ host: { physBits: 7 }, vendor: vmx() })).toThrow(RangeError);
    expect(
      problems({
        kernel: undefined,
        policies: [{ name: 'p', apiVersion: 2, moduleInit: (() => 1) as never }], // the wrong type is what is tested
      }),
    ).toHaveLength(1);
  });

  it('bits of two names may be one where the levels are others', () => {
    const patched = { ...legacyFormat, leaf: legacyFormat.leaf.filter(({ name }) => name !== 'address') };
    expect(compositionProblems({ host, vendor: { ...legacyVendor, format: patched } })).toEqual([]);
    expect(bits(51, 12)).toBe(legacyFormat.address.mask);
  });
});

describe('what an object is as a plugin', () => {
  it.each([
    [vmx(), 'vendor'],
    [{ name: 'x', format: {} }, 'vendor'],
    [mmio(), 'policy'],
    [{ name: 'x', apiVersion: 2, guess: () => null }, 'policy'],
    [{ name: 'x', guess: () => null }, 'overlay'],
    [{ name: 'x', guesses: {} }, 'overlay'],
    [{ name: 'x', objections: {} }, 'overlay'],
    [{ name: 'x', masks: {} }, 'overlay'],
    [{ name: 'x' }, null],
    [{ name: 'x', version: '1.0' }, null],
    [{ kinds: {} }, null],
    [null, null],
    ['vmx', null],
  ])('is told by its members: %o', (value, role) => {
    expect(pluginRole(value)).toBe(role);
  });
});
