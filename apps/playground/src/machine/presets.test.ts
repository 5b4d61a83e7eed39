// SPDX-License-Identifier: GPL-2.0-only
import { compareMmus, createMmu } from '@spte/core';
import { mmuConfigOf, PRESETS } from '@spte/host';
import { describe, expect, it } from 'vitest';
import { mmuOf } from './mmu.ts';
import { presets } from './presets.ts';

describe('the presets of the page', () => {
  it('are those of @spte/host', () => {
    expect(presets.map(({ id, name }) => [id, name])).toEqual(PRESETS.map(({ name, what }) => [name, what]));
  });

  it.each(PRESETS)('say through the form what the configuration says: $name', ({ name, config }) => {
    const own = presets.find(({ id }) => id === name);
    const computed = own && mmuOf(own.machine);
    if (!computed?.ok) throw new Error(JSON.stringify(computed));
    const expected = createMmu(mmuConfigOf(config));
    const { root, host, params, zeroCheck, masks } = computed.value;
    expect(compareMmus(expected, computed.value)).toEqual(compareMmus(expected, expected));
    expect({ root, host, params, zeroCheck, masks }).toEqual({
      root: expected.root,
      host: expected.host,
      params: expected.params,
      zeroCheck: expected.zeroCheck,
      masks: expected.masks,
    });
  });
});
