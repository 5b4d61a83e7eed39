// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { json, ndjson, spte } from './run.ts';

const HASWELL = '--kernel 6.8 --vendor vmx --maxphyaddr 39 --cache-bits 44 --l1tf';

describe('spte decode', () => {
  it('names the reserved bit of the example in the README', async () => {
    const { out, code } = await spte(`decode 0x600008455299b77 --level 1 ${HASWELL}`);
    expect(out).toContain('reserved bit 0x8000000000 is set');
    expect(out).toContain('[reserved-bits, bit 39]');
    expect(out).toContain('L1TF: UNSAFE');
    expect(code).toBe(0);
  });

  it('exits 1 under --check when there are findings, and 0 when there are none', async () => {
    expect((await spte(`decode 0x600008455299b77 --level 1 ${HASWELL} --check`)).code).toBe(1);
    expect((await spte(`decode 0x600000455299b77 --level 1 ${HASWELL} --check`)).code).toBe(0);
  });

  it('gives JSON of the shape that other programs rely on', async () => {
    const answer = await json(`decode 600000455299b77 0x6 --level 1 ${HASWELL}`);
    const { entries, context, schema } = answer as { entries: unknown; context: object; schema: string };
    expect(schema).toBe('spte/decode/1');
    expect(context).toMatchObject({ vendor: 'vmx', mode: 'ept' });
    expect(entries).toMatchObject([
      {
        role: 'spte',
        value: '0x600000455299b77',
        level: 1,
        kind: 'leaf',
        gfn: null,
        gpa: null,
        pfn: '0x455299',
        access: 'rwx',
        memtype: 'WB',
        generation: null,
        findings: [],
      },
      { kind: 'mmio' },
    ]);
    const [{ bits }] = entries as [{ bits: { bit: number; field: string; reason: string }[] }];
    const sum = bits.reduce((word, { bit }) => word | (1n << BigInt(bit)), 0n);
    expect(sum).toBe(0x600000455299b77n);
    expect(bits.every(({ field, reason }) => field !== '' && reason !== '')).toBe(true);
  });

  it('undoes the L1TF relocation of an MMIO entry', async () => {
    const context = '--kernel 5.10 --shadow --vendor vmx --phys-bits 36 --l1tf';
    expect(await ndjson(`decode 2038001ffe00d407@1 ${context}`)).toMatchObject([
      { kind: 'mmio', gfn: '0xfe00d', gpa: '0xfe00d000', generation: '0x10080', findings: [] },
      { summary: { entries: 1, findings: 0, possible: 0 } },
    ]);
  });

  it('tries every kernel and mode without a context, and says on what they agree', async () => {
    const { out } = await spte('decode 0x600000455299b77 --level 1');
    expect(out).toMatch(/level 1, \d+ readings/);
    expect(out).toContain('all agree: ');
    expect(out).toMatch(/^ {2}EPT 5\.13-6\.9: clean leaf: maps the 4K page at 0x455299000, rwx, WB$/m);
    expect(out).toContain('wrong in ');
    const { entries } = (await json('decode 0x600000455299b77')) as {
      entries: [{ kind: string; readings: unknown[] }];
    };
    const [first] = entries;
    expect(first.kind).toBe('leaf');
    expect(first.readings.length).toBeGreaterThan(1);
  });

  it('takes what is known and tries the rest', async () => {
    const { out } = await spte('decode 0x600000455299b77 --level 1 --vendor svm');
    expect(out).not.toContain('EPT');
    expect((await spte('decode 0x80a0000000200f77 --level 1 --kernel 7.3')).out).toContain('EPT 7.3');
  });

  it('ranks contexts for values that belong together', async () => {
    const { out } = await spte('decode --which 0xfcd210107@4 0x1004c40107@3 0x1db00000000b83b6@1');
    expect(out.split('\n')[0]).toBe('3 of 3 clean, 3 recognised: EPT 5.4.85-5.12');
    expect(await json('decode --which fcd210107@4')).toMatchObject({
      schema: 'spte/which/1',
      contexts: [{ clean: 1, values: 1 }, {}].concat(Array.from({ length: 30 }, () => ({}))),
    });
  });

  it('explains what the CPU says of faults, and where its tables begin', async () => {
    const { out, code } = await spte(
      'decode --qualification 0x1aa 82 --error-code 0x100000007 --error-code b --eptp 0x105a27005e',
    );
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => !line.startsWith('  bit'))).toEqual([
      'EPT violation qualification 0x1aa',
      '  a write; the path allows r-x',
      '',
      'EPT violation qualification 0x82',
      "  a write on the guest's own page tables; nothing is mapped: an entry on the path is not present",
      '',
      'NPF EXITINFO1 0x100000007, by its bits',
      '  a write; the entries are there and refuse',
      '',
      '#PF error code 0xb, assumed: --vendor and --shadow say what it is a code of',
      '  a write; a reserved bit is set on the path, as KVM has it for MMIO',
      '',
      'EPT pointer 0x105a27005e',
      '  WB, 4 levels, A/D bits on, root table 0x105a270000',
      '',
    ]);
  });

  it('reads an error code as the machine does', async () => {
    const kinds = async (words: string): Promise<unknown> =>
      json(`decode --error-code ${words}`).then((codes) => (codes as { errorCodes: object[] }).errorCodes);
    const [violation, nested, fault] = ['EPT violation qualification', 'NPF EXITINFO1', '#PF error code'];
    expect(await kinds('6 --vendor svm')).toMatchObject([{ kind: nested, stage: null, origin: 'given' }]);
    expect(await kinds('6 --vendor svm --no-npt')).toMatchObject([{ kind: fault, origin: 'given' }]);
    expect(await kinds('1 --vendor vmx')).toMatchObject([{ kind: violation, origin: 'given' }]);
    expect(await kinds('6')).toMatchObject([{ kind: fault, user: true, origin: 'assumed' }]);
    expect(await kinds('0x182')).toMatchObject([{ kind: violation, access: ['write'], origin: 'read' }]);
    expect(await kinds('0x100000006')).toMatchObject([{ kind: nested, origin: 'read' }]);
  });

  it('says what cannot be an EPT pointer, and gives one line a code', async () => {
    expect((await spte('decode --eptp 0x1005d --qualification 0x80')).out).toContain(
      '  no CPU takes it: bits 2, 0 cannot be so in an EPT pointer',
    );
    const { out } = await spte('decode --eptp 0x1005e --qualification 0x80 --ndjson');
    expect(out.trim().split('\n')).toHaveLength(3);
    expect(out).toContain('"access":[]');
    expect(out.trimEnd()).toMatch(/\n\{"summary":\{"codes":2,"context":null\}\}$/);
  });

  it('wants entries or codes, not both and not none', async () => {
    const none = await spte('decode');
    expect([none.code, none.err]).toEqual([2, 'spte: argument VALUE: an entry in hex is missing\n']);
    const both = await spte('decode --eptp 0x1005e -- 0x7');
    expect(both.code).toBe(2);
    expect(both.err).toContain('"0x7": entries cannot be asked about together with');
  });

  it('says what happened between two values', async () => {
    const line = `decode --diff 0x600000455299b77 0x600000455299975 --level 1 ${HASWELL}`;
    const { out } = await spte(line);
    expect(out).toContain(
      '  allowed: writes were forbidden: dirty logging, to notice the next write; the dirty bit was cleared, to log the next write\n  a TLB flush is due; lost: dirty\n',
    );
    expect(await json(line)).toMatchObject({
      old: { role: 'old' },
      new: { role: 'new' },
      change: { allowed: true, flush: true, bits: [1, 9] },
    });
  });

  it.each([
    ['decode zzz', 'argument VALUE: "zzz" must be a hex number'],
    ['decode 12345678901234567', 'must be a hex number within 0x0..0xffffffffffffffff'],
    ['decode 5@7', 'must be an integer within 1..5'],
    ['decode 5 --level 0', "option '--level <N>' argument '0' is invalid"],
    ['decode', 'argument VALUE: an entry in hex is missing'],
    ['decode --diff 5', '--diff takes two values, old and new, got 1'],
    ['decode 5 --json --ndjson', "option '--json' cannot be used with option '--ndjson'"],
    ['decode 5 --kernel six', 'kernel must look like 6.8'],
    ['decode 5 --preset pentium', '--preset must be one of cascade-lake'],
    ['decode 5 --host no/such', 'cannot read "no/such": there is no such file or folder'],
    ['decode 5 --kernel 6.8 --vendor vmx --phys-bits 60', 'must be an integer within 32..52'],
    ['decode 5 --host . --preset milan', '--host and --preset exclude each other'],
    ['decode 5 --nonsense', "unknown option '--nonsense'"],
  ])('%s: exits 2 and says what is wrong', async (line, message) => {
    const { code, out, err } = await spte(line);
    expect(err).toContain(message);
    expect(err.startsWith('spte: ')).toBe(true);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('repeats no control character of what was typed, and no more of it than fits a screen', async () => {
    const { err } = await spte('decode 5 --kernel 6.1\u001b[31m');
    expect(err).toContain(String.raw`argument '6.1\u001b[31m' is invalid`);
    expect(err).not.toContain('\u001b');
    const long = await spte(`decode 5 --kernel ${'9'.repeat(100_000)}`);
    expect(long.err.length).toBeLessThan(1100);
    expect(long.err).toContain('at most 64 letters');
  });

  it('colours on a terminal only, and not with NO_COLOR', async () => {
    const line = `decode 0x600008455299b77 --level 1 ${HASWELL}`;
    expect((await spte(line, { terminal: true })).out).toContain('\u001b[31m');
    expect((await spte(line, { terminal: true, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b');
    expect((await spte(line)).out).not.toContain('\u001b');
  });

  it('takes no printed mask where no entry is explained', async () => {
    for (const how of ['--diff 0x1 0x2', '--which 0x1']) {
      const { code, err } = await spte(`decode ${how} --rsvd-bits 0x4`);
      expect([code, err]).toEqual([
        2,
        expect.stringContaining('--rsvd-bits is of entries that are explained'),
      ]);
    }
  });

  it('asks no more of contexts than what the flags leave open', async () => {
    const { out } = await spte('decode --which 0x600000455299b77@1 --vendor svm --no-npt');
    expect(out).toContain('shadow paging');
    expect(out).not.toContain('NPT');
    const given = await spte('decode --which 0x600000455299b77@1 --kernel 6.8');
    expect(given.out).toContain('EPT 6.8');
    expect(given.out).not.toContain('5.13');
  });
});
