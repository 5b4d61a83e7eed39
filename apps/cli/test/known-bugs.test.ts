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

describe('splats without an entry', () => {
  const BUG = `kernel BUG at arch/x86/kvm/mmu/mmu.c:963!
RIP: 0010:pte_list_remove.cold+0x16/0x48 [kvm]
---[ end trace 0000000000000000 ]---
`;
  const LEAK = `WARNING: CPU: 1 PID: 3509 at arch/x86/kvm/mmu/tdp_mmu.c:46 [kvm]
RIP: 0010:kvm_mmu_uninit_tdp_mmu+0x3e/0x50 [kvm]
`;
  const splats = {
    "BUG in KVM's MMU: pte_list_remove at arch/x86/kvm/mmu/mmu.c:963": { count: 2, first: 1 },
    "WARNING in KVM's MMU: kvm_mmu_uninit_tdp_mmu at arch/x86/kvm/mmu/tdp_mmu.c:46": { count: 1, first: 6 },
  };
  const errata = {
    'page-fault-races-zap': { strength: 'could be', count: 2, first: 1 },
    'gfn-beyond-maxphyaddr': { strength: 'could be', count: 1, first: 6 },
  };

  it('are counted with the known bugs that they could be, however lines are read', async () => {
    const stdin = `${BUG}\nhello\n${LEAK}\n${BUG}`;
    const summed = (await json('annotate - --summary', { stdin })) as Document;
    expect(summed.summary).toMatchObject({ splats, errata, sptes: 0, findings: 0 });
    const lines = (await json('annotate -', { stdin })) as Document;
    expect(lines.summary).toEqual(summed.summary);
    const files = [file('bug.txt', `${BUG}\nhello\n`), file('leak.txt', LEAK), file('bug-2.txt', BUG)];
    const several = (await json(`annotate ${files.join(' ')} --summary`)) as Document;
    expect(several.summary['splats']).toMatchObject(
      Object.fromEntries(Object.entries(splats).map(([name, { count }]) => [name, { count, first: 1 }])),
    );
  });

  it('are named where nothing else is recognised, which the exit status says still', async () => {
    const { out, code } = await spte('annotate - --summary', { stdin: LEAK });
    expect(out).toContain('no line shows an entry, an exit or a fault\n  splats that show no entry\n');
    expect(out).not.toContain('nothing was recognised');
    expect(code).toBe(4);
    expect((await spte('annotate - --summary', { stdin: 'hello\n' })).out).toContain(
      'nothing was recognised',
    );
  });

  it('count as none where a line before or in them shows an entry', async () => {
    const { summary } = (await json('annotate - --summary', { stdin: MASK + LEAK })) as Document;
    expect(summary['splats']).toEqual({});
  });
});

describe('a fault that an exit has explained', () => {
  const EXIT =
    'kvm_exit: vcpu 1 reason EPT_VIOLATION rip 0x5600 info1 0x0000000000000181 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000\n';
  const FAULT = 'kvm_page_fault: address 3fef42812000 error_code 181\n';

  it('says where, and what only if it is something else', async () => {
    const said = async (stdin: string): Promise<string[]> =>
      (await spte('annotate -', { stdin })).out.split('\n').filter((line) => line.startsWith('    ^'));
    const what = 'a read; nothing is mapped: an entry on the path is not present';
    expect(await said(EXIT + FAULT)).toEqual([`    ^ ${what}`, '    ^ gpa 0x3fef42812000']);
    expect(await said(EXIT + FAULT + FAULT)).toEqual([
      `    ^ ${what}`,
      '    ^ gpa 0x3fef42812000',
      `    ^ gpa 0x3fef42812000: ${what}`,
    ]);
    expect((await said(EXIT + FAULT.replace('181', '184')))[1]).toContain('gpa 0x3fef42812000: a fetch');
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
