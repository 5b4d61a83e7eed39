// SPDX-License-Identifier: GPL-2.0-only

import { runVectors } from '@spte/vectors';
import { vectorLines } from '@spte/vectors/node';
import { describe, expect, it } from 'vitest';
import { parseRaw, type RawVector } from './corpus.ts';

const good = vectorLines('nasty')[0] ?? '';

const changed = (change: Partial<Record<keyof RawVector, unknown>>): string =>
  JSON.stringify({ ...parseRaw(good), ...change });

const withConfig = (change: Record<string, unknown>): string =>
  changed({ config: { ...parseRaw(good).config, ...change } });

const vectorOf = (fn: string): RawVector => {
  const found = vectorLines('reference')
    .map(parseRaw)
    .find((vector) => vector.fn === fn);
  if (found === undefined) throw new Error(`no vector of ${fn}`);
  return found;
};

const withArgs = (fn: string, args: Record<string, unknown>): string =>
  JSON.stringify({ ...vectorOf(fn), args: { ...vectorOf(fn).args, ...args } });

describe('runVectors', () => {
  it('passes over blank lines', async () => {
    expect(await runVectors(['', good, '   ', good, ''])).toMatchObject({ passed: 2, failed: 0 });
  });

  it('reads lines that arrive one by one', async () => {
    async function* arriving(): AsyncGenerator<string> {
      for (const line of [good, good]) yield await Promise.resolve(line);
    }
    expect(await runVectors(arriving())).toMatchObject({ passed: 2, failed: 0 });
  });

  it('has nothing to say about no vectors', async () => {
    expect(await runVectors([])).toEqual({ passed: 0, failed: 0, byFunction: new Map(), mismatches: [] });
  });

  it('gives the line, the function, the place and both values of a mismatch', async () => {
    const report = await runVectors([good, changed({ masks: { ...parseRaw(good).masks, nx: '0xbad' } })]);
    expect(report.mismatches).toEqual([
      {
        line: 2,
        fn: parseRaw(good).fn,
        at: 'masks.nx',
        expected: '"0xbad"',
        got: JSON.stringify(parseRaw(good).masks['nx']),
      },
    ]);
  });

  it('counts every failure but keeps only as many mismatches as were asked for', async () => {
    const report = await runVectors(Array<string>(30).fill('{}'), 3);
    expect(report.failed).toBe(30);
    expect(report.mismatches.map(({ line }) => line)).toEqual([1, 2, 3]);
    expect((await runVectors(Array<string>(30).fill('{}'))).mismatches).toHaveLength(20);
  });

  it.each([
    ['a line that is no JSON', '{"fn":', /JSON/],
    ['a line that is no object', '[1]', /vector must be an object, got \[1\]/],
    ['null', 'null', /vector must be an object, got null/],
    ['an object without anything', '{}', /initWarnings is missing/],
    ['a function that is no name', changed({ fn: 7 }), /vector\.fn must be a string, got 7/],
    ['arguments that are no object', changed({ args: [] }), /args must be an object, got \[\]/],
    ['masks that are no object', changed({ masks: 'none' }), /masks must be an object, got "none"/],
    ['a vendor that nobody makes', withConfig({ vendor: 'via' }), /config\.vendor must be .*got "via"/],
    ['an MMU that nobody has', withConfig({ mmuKind: 'npt02' }), /config\.mmuKind must be one of .*npt02/],
    ['a flag that is a word', withConfig({ l1tf: 'yes' }), /config\.l1tf must be true or false, got "yes"/],
    ['a count that is a fraction', withConfig({ physBits: 46.5 }), /config\.physBits must be an integer/],
    ['a width that no CPU has', withConfig({ physBits: 53 }), /host\.physBits .*32\.\.52, got 53/],
    [
      'a word in capitals',
      withConfig({ physicalMask: '0xAB' }),
      /config\.physicalMask must be a lower-case hex word/,
    ],
    [
      'a word of 65 bits',
      withConfig({ physicalMask: '0x10000000000000000' }),
      /must be a lower-case hex word/,
    ],
    ['a level that does not exist', withArgs('get_rsvd_bits', { level: 6 }), /level .*1\.\.5, got 6/],
    [
      'a step that the start-up does not have',
      withArgs('init_sequence', { steps: [{ op: 'kvm_mmu_set_tdx_masks' }] }),
      /unknown op "kvm_mmu_set_tdx_masks"/,
    ],
    [
      'a step without its arguments',
      withArgs('init_sequence', { steps: [{ op: 'kvm_mmu_set_ept_masks' }] }),
      /hasAdBits must be true/,
    ],
    [
      'a mask without its value',
      withArgs('kvm_mmu_set_mmio_spte_mask', { mmioValue: null }),
      /mmioValue must be a lower-case hex word, got null/,
    ],
    ['steps that are no array', withArgs('init_sequence', { steps: 4 }), /args\.steps must be an array/],
    ['a step that is no object', withArgs('init_sequence', { steps: [4] }), /steps\[0\] must be an object/],
  ])('fails %s, says why, and runs the rest', async (_, line, why) => {
    const report = await runVectors([good, line, good]);
    expect(report).toMatchObject({ passed: 2, failed: 1 });
    expect(report.mismatches).toMatchObject([
      { line: 2, at: 'vector', got: expect.stringMatching(why) as string },
    ]);
  });

  it('files what it cannot read under no function', async () => {
    const { byFunction } = await runVectors(['{"fn":', good]);
    expect(byFunction.get('(unreadable)')).toEqual({ passed: 0, failed: 1 });
  });

  it.each(['make_tdx_spte', '', 'constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'fails the unknown function %o',
    async (fn) => {
      // A result that a look-up through the prototype would give.
      const report = await runVectors([changed({ fn, result: '[object Undefined]', warnings: [] }), good]);
      expect(report).toMatchObject({ passed: 1, failed: 1 });
      expect(report.mismatches).toMatchObject([{ fn, at: 'fn', got: fn }]);
    },
  );

  it('does not confuse vectors whose configurations differ in one key', async () => {
    const ept = parseRaw(vectorLines('nasty').find((line) => parseRaw(line).preset === 'ept-ad-xo-46') ?? '');
    const noAd = JSON.stringify({ ...ept, config: { ...ept.config, eptAd: false } });
    const report = await runVectors([JSON.stringify(ept), noAd, JSON.stringify(ept)]);
    expect(report.mismatches).toMatchObject([{ line: 2, at: expect.stringMatching(/^masks\./) as string }]);
    expect(report.passed).toBe(2);
  });

  it('takes the kernel of a vector from its own key when it has one', async () => {
    const cdNw = vectorLines('reference')
      .map(parseRaw)
      .filter(({ fn, config }) => fn === 'vmx_get_mt_mask' && config['mtVariant'] === '6.7');
    const run = (kernel: string) => runVectors(cdNw.map((vector) => JSON.stringify({ ...vector, kernel })));
    expect(await run('6.7')).toMatchObject({ failed: 0, passed: cdNw.length });
    expect((await run('6.6')).failed).toBeGreaterThan(0);
  });
});
