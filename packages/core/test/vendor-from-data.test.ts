// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, decodeSpte, judgeSpte, PluginError, spteKind, vendorFromData } from '@spte/core';
import { vmx } from '@spte/testing/shipped';
import { describe, expect, it } from 'vitest';

const host = { physBits: 46 };
const LEAF = 0x600000455299b77n;
const SHARED = 1n << 59n;

/** A plugin that uses everything that data can say. */
const whole = {
  $schema: 'https://example.org/plugin.json',
  name: 'dsm',
  version: '1.0.0',
  kernels: { since: '5.13', before: '7.2' },
  fields: [
    {
      name: 'shared',
      bits: '59',
      in: ['leaf'],
      set: 'sometimes',
      meaning: 'another node has the page',
      clear: 'no other node has the page',
      why: 'the protocol says so',
      values: { 0: 'own', 1: 'shared' },
    },
    {
      name: 'node',
      bits: '62:60',
      in: ['leaf'],
      set: 'sometimes',
      meaning: 'the node',
      kernels: { since: '6.1' },
    },
  ],
  masks: { lowerGfn: '0xfffff000' },
  kinds: {
    poison: {
      mask: '0xfff0000000000fff',
      value: '0x500',
      label: 'poisoned entry',
      countsAs: 'empty',
      fields: [{ name: 'frame', bits: '51:12', meaning: 'the frame that was there' }],
      isMirror: false,
      kernels: { since: '6.1' },
    },
  },
  findings: {
    'shared-writable': {
      severity: 'error',
      text: 'shared, but writable',
      next: 'which node wrote?',
      mask: '0x0800000000000002',
      value: '0x0800000000000002',
      kinds: ['leaf'],
      levels: [1, 2],
      isMirror: false,
      kernels: { before: '7.0' },
    },
  },
};

const machine = (data: unknown, kernel = '6.8') =>
  createMmu({ kernel, host, vendor: vendorFromData(data, vmx()) });

describe('a plugin of data', () => {
  it('says fields, masks, kinds and findings', () => {
    const mmu = machine(whole);
    expect([mmu.masks.lowerGfn, mmu.setBy.lowerGfn]).toEqual([0xfffff000n, 'dsm overlay']);
    expect(judgeSpte(mmu, LEAF | SHARED, 1)).toEqual([
      expect.objectContaining({
        code: 'dsm/shared-writable',
        severity: 'error',
        text: 'shared, but writable',
        next: 'which node wrote?',
        bits: [1, 59],
      }),
    ]);
    expect(judgeSpte(mmu, (LEAF | SHARED) & ~2n, 1)).toEqual([]);
    expect(spteKind(mmu, 0x455299500n, 1)).toBe('dsm/poison');
    const field = decodeSpte(mmu, LEAF | SHARED, 1).fields.find(({ name }) => name === 'shared');
    expect(field).toMatchObject({
      text: 'yes',
      meaning: 'another node has the page',
      why: 'the protocol says so',
    });
    expect(decodeSpte(mmu, LEAF | (5n << 60n), 1).fields).toContainEqual(
      expect.objectContaining({ name: 'node', value: 5n }),
    );
  });

  it('holds in its kernels', () => {
    for (const kernel of ['5.4', '7.3']) {
      const mmu = machine(whole, kernel);
      expect([mmu.extensions, mmu.setBy.lowerGfn]).toEqual([[], 'kvm_mmu_reset_all_pte_masks']);
    }
    expect(machine(whole, '5.15').extensions[0]?.software.map(({ field }) => field.name)).toEqual(['shared']);
    expect(machine({ name: 'bare' }).extensions).toEqual([]);
  });

  it.each<[unknown, string]>([
    [null, 'the plugin must be an object, got null'],
    [[], 'the plugin must be an object, got []'],
    [{}, 'name must be a name of at most 64 letters, digits and any of _ . -, got nothing'],
    [{ name: 'a/b' }, 'got "a/b"'],
    [{ name: 'x'.repeat(65) }, 'name must be a name of at most 64'],
    [
      { name: 'a', evil: 1 },
      'evil must be left out, for there are only name, version, kernels, fields, masks, kinds, findings, $schema, got 1',
    ],
    [
      { name: 'a', version: 'a\u001b[31m' },
      'version must be a text of 1 to 500 characters, without control characters',
    ],
    [{ name: 'a', version: 7 }, 'version must be a text'],
    [{ name: 'a', version: 'x'.repeat(501) }, 'version must be a text'],
    [
      { name: 'a', kernels: { since: 'new' } },
      'kernels.since must be a release such as "6.16" or "6.1.120", got "new"',
    ],
    [{ name: 'a', kernels: { since: 6.16 } }, 'got 6.16'],
    [{ name: 'a', fields: {} }, 'fields must be a list of at most 64, got {}'],
    [{ name: 'a', fields: Array.from({ length: 65 }, () => ({})) }, 'fields must be a list of at most 64'],
    [
      { name: 'a', fields: [{ name: 'f', bits: '64', meaning: 'm', in: [], set: 'always' }] },
      'fields[0].bits must be bits such as "59" or "62:60", within 63:0, got "64"',
    ],
    [{ name: 'a', fields: [{ name: 'f', bits: '3:5', meaning: 'm', in: [], set: 'always' }] }, 'got "3:5"'],
    [{ name: 'a', fields: [{ name: 'f', bits: 'x', meaning: 'm', in: [], set: 'always' }] }, 'got "x"'],
    [{ name: 'a', fields: [{ name: 'f', bits: 5, meaning: 'm', in: [], set: 'always' }] }, 'got 5'],
    [
      { name: 'a', fields: [{ name: 'f', bits: '59', meaning: 'm', in: ['leafs'], set: 'always' }] },
      'fields[0].in[0] must be one of leaf, table, nonpresent, got "leafs"',
    ],
    [{ name: 'a', masks: { physBits: '0x1' } }, 'masks.physBits must be left out'],
    [
      { name: 'a', masks: { user: '0x10000000000000000' } },
      'masks.user must be a word in hex, "0x0" to "0xffffffffffffffff", got "0x10000000000000000"',
    ],
    [{ name: 'a', masks: { user: 1 } }, 'masks.user must be a word in hex'],
    [{ name: 'a', kinds: { 'x y': {} } }, 'a name in kinds must be a name of at most 64 letters'],
    [
      { name: 'a', kinds: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, {}])) },
      'kinds must be an object of at most 64 members',
    ],
    [
      { name: 'a', kinds: { k: { mask: '0x1', value: '0x2' } } },
      'kinds.k.value must be within its mask 0x1, or no entry is ever one, got "0x2"',
    ],
    [
      { name: 'a', kinds: { k: { mask: '0x1', value: '0x1', label: 'l', countsAs: 'empty', isMirror: 1 } } },
      'kinds.k.isMirror must be true or false, got 1',
    ],
    [
      {
        name: 'a',
        findings: { f: { severity: 'error', text: 't', mask: '0x1', value: '0x1', levels: [6] } },
      },
      'findings.f.levels[0] must be a level, 1 to 5, got 6',
    ],
  ])('is refused where it is wrong: %j', (data, text) => {
    expect(() => vendorFromData(data, vmx())).toThrow(text);
    expect(() => vendorFromData(data, vmx())).toThrow(PluginError);
  });

  it('is refused where its bits are those of another', () => {
    const fields = [{ name: 'f', bits: '11', meaning: 'm', in: ['table'], set: 'sometimes' }];
    expect(() => vendorFromData({ name: 'a', fields }, vmx())).toThrow(
      'a: f meets KVM: mmuPresent, in kernels since 5.13',
    );
  });
});
