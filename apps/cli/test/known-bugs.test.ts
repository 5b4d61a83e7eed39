// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { file, json, spte } from './run.ts';

const CHANGE = `CPU: 1 PID: 1025 Comm: t Tainted: G        W          6.1.0-rc4+ #64
Invalid SPTE change: cannot replace a present leaf
SPTE with another present leaf SPTE mapping a
different PFN!
as_id: 0 gfn: 100200 old_spte: 600000112400bf3 new_spte: 6000001126009f3 level: 2
`;
const MASK = 'spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000\n';

interface Document {
  readonly summary: Readonly<Record<string, unknown>>;
}

describe('known bugs in a trace', () => {
  it('are told by a message of several lines', async () => {
    const { summary } = (await json('annotate - --summary', { stdin: CHANGE })) as Document;
    expect(summary).toMatchObject({
      findings: 1,
      errata: { 'tdp-leaf-at-wrong-level': { strength: 'is', count: 1, first: 5 } },
    });
    const last = CHANGE.split('\n').slice(-2).join('\n');
    const alone = (await json('annotate - --summary --kernel 6.1', { stdin: last })) as Document;
    expect(alone.summary['errata']).toMatchObject({ 'tdp-leaf-at-wrong-level': { strength: 'looks like' } });
  });

  it('are counted over files, the surest match first', async () => {
    const paths = [
      file('mask.txt', MASK),
      file('change.txt', `\n${CHANGE}`),
      file('mask-2.txt', MASK + MASK),
    ];
    const { summary } = (await json(`annotate ${paths.join(' ')} --summary`)) as Document;
    expect(summary['errata']).toEqual({
      'npt-nx-reserved': { strength: 'looks like', count: 3, first: 1 },
      'tdp-leaf-at-wrong-level': { strength: 'is', count: 1, first: 6 },
    });
    const { out } = await spte(`annotate ${paths[0] ?? ''} --summary`);
    expect(out).toMatch(/known bugs\n {4}npt-nx-reserved +looks like +1 +first in line 1/);
  });

  it('are the same however lines are read', async () => {
    const lines = (await json('annotate -', { stdin: MASK })) as Document;
    const summed = (await json('annotate - --summary', { stdin: MASK })) as Document;
    expect(lines.summary).toEqual(summed.summary);
  });
});

describe('a mask that the kernel printed', () => {
  it('tells the kernel, and is one finding with the bit that is reserved', async () => {
    const { out, code } = await spte('annotate - --check', { stdin: MASK });
    expect(code).toBe(1);
    expect(out).toContain('[reserved-bits, bit 63]');
    expect(out).not.toContain('DISAGREES');
    const { summary } = (await json('annotate - --summary', { stdin: MASK })) as Document;
    expect(summary).toMatchObject({ findings: 1, findingsByCode: { 'reserved-bits': { count: 1 } } });
  });

  it('is named where the machine says otherwise', async () => {
    const { out } = await spte('annotate - --kernel 6.8 --vendor svm', { stdin: MASK });
    expect(out).toContain(
      'error: the entry has bit 63 of the mask that the kernel printed as reserved (0x800f0000001fe000) [printed-reserved-bits, bit 63]',
    );
  });

  it('says how wide addresses are, for a value too', async () => {
    const value = '0x800800018a600ee7@2 --kernel 6.1 --vendor svm';
    const { out } = await spte(`decode ${value} --rsvd-bits 0xf0000001fe000`);
    expect(out).toContain('reserved-bits, bit 51');
    expect(out).not.toContain('printed-reserved-bits');
    expect((await spte(`decode ${value} --rsvd-bits 0x1fe000`)).out).not.toContain('printed-reserved-bits');
  });
});
