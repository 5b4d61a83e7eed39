// SPDX-License-Identifier: GPL-2.0-only
// Which findings count: the policy as a function, and what the commands make of it.

import { traceFiles } from '@spte/testing/runs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CODES, severityOf } from '../src/verdict/codes.ts';
import { githubCommand, tapText } from '../src/verdict/report.ts';
import {
  bothFound,
  bothVerdicts,
  createJudge,
  type Found,
  NO_VERDICT,
  type Policy,
  STRICT,
  sum,
} from '../src/verdict/verdict.ts';
import { image } from './images.ts';
import { captured } from './machines.ts';
import { file, json, ndjson, spte } from './run.ts';

const found = (findings: Record<string, number>, possible: Record<string, number> = {}): Found => ({
  findings: new Map(Object.entries(findings)),
  possible: new Map(Object.entries(possible)),
});

const policy = (of: Partial<Policy>): Policy => ({ ...STRICT, ...of });

describe('the policy', () => {
  it('counts everything where it says nothing', () => {
    const judge = createJudge(STRICT, ['a']);
    expect(judge('a', found({ 'reserved-bits': 2, 'encryption-bits': 1 }, { 'bad-xwr': 1 }))).toMatchObject({
      findings: 3,
      possible: 1,
      ignored: 0,
      counted: { findings: 3, possible: 1 },
    });
  });

  it('leaves out what is ignored, of findings and of possible ones', () => {
    const judge = createJudge(policy({ ignore: new Set(['bad-xwr']) }), ['a']);
    expect(judge('a', found({ 'bad-xwr': 2, 'reserved-bits': 1 }, { 'bad-xwr': 3 }))).toMatchObject({
      findings: 1,
      possible: 0,
      ignored: 5,
      counted: { findings: 1, possible: 0 },
    });
  });

  it('counts errors alone, if they alone are to fail', () => {
    const judge = createJudge(policy({ failOn: 'error' }), ['a']);
    const one = found({ 'encryption-bits': 2, 'table-loop': 1 }, { 'ad-type-invalid': 1, 'bad-xwr': 1 });
    expect(judge('a', one)).toMatchObject({
      findings: 3,
      possible: 2,
      counted: { findings: 1, possible: 1 },
    });
  });

  it('compares a file with the file of its name, and the others with what is left', () => {
    const baseline = [
      { file: 'a', found: found({ 'bad-xwr': 1 }) },
      { file: 'old', found: found({ 'bad-xwr': 3 }, { 'bad-xwr': 1 }) },
    ];
    const judge = createJudge(policy({ baseline }), ['a', 'b', 'c']);
    const fresh = (name: string, one: Found): unknown => judge(name, one).fresh;
    // That the other file had more does not excuse this one.
    expect(fresh('a', found({ 'bad-xwr': 2 }))).toEqual(found({ 'bad-xwr': 1 }));
    expect(fresh('b', found({ 'bad-xwr': 2 }))).toEqual(found({}));
    expect(fresh('c', found({ 'bad-xwr': 2 }, { 'bad-xwr': 1 }))).toEqual(found({ 'bad-xwr': 1 }));
  });

  it('does not take what was possible for what is certain', () => {
    const judge = createJudge(policy({ baseline: [{ file: null, found: found({}, { 'bad-xwr': 1 }) }] }), [
      'a',
    ]);
    expect(judge('a', found({ 'bad-xwr': 1 })).counted).toEqual({ findings: 1, possible: 0 });
  });

  const anyCounts = fc.dictionary(fc.constantFrom('bad-xwr', 'encryption-bits', 'x'), fc.nat(5));
  const anyFound = fc.tuple(anyCounts, anyCounts).map(([a, b]) => found(a, b));
  const anyRun = fc.array(fc.record({ file: fc.constantFrom('a', 'b', 'c'), found: anyFound }), {
    maxLength: 5,
  });
  const together = (all: readonly { readonly found: Found }[]): Found =>
    all.map((one) => one.found).reduce(bothFound, found({}));

  it('finds nothing new in the run that the baseline is of, whatever its order', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const judge = createJudge(
          policy({ baseline: run.toReversed() }),
          run.map((one) => one.file),
        );
        for (const one of run) expect(sum(judge(one.file, one.found).fresh.findings)).toBe(0);
      }),
    );
  });

  it('comes to the difference of the totals where no name is the same', () => {
    fc.assert(
      fc.property(anyRun, anyRun, (before, now) => {
        const baseline = before.map((one) => ({ ...one, file: `old ${one.file}` }));
        const judge = createJudge(
          policy({ baseline }),
          now.map((one) => one.file),
        );
        const verdict = now.map((one) => judge(one.file, one.found)).reduce(bothVerdicts, NO_VERDICT);
        const [was, is] = [together(before).findings, together(now).findings];
        for (const [code, count] of is) {
          const more = count - (was.get(code) ?? 0);
          expect(verdict.fresh.findings.get(code) ?? 0).toBe(Math.max(0, more));
        }
      }),
    );
  });

  it('knows the severity of every code, and takes others for errors', () => {
    expect(CODES.filter((code) => severityOf(code) === 'warning')).toMatchInlineSnapshot(`
      [
        "table-permissions-missing",
        "ad-type-invalid",
        "present-mask-missing",
        "encryption-bits",
        "bits-kvm-never-sets",
        "mmio-gfn-too-high",
        "bits-without-meaning",
        "software-bits-missing",
        "plugin-failed",
      ]
    `);
    expect(CODES.filter((code) => severityOf(code) === 'error')).toMatchInlineSnapshot(`
      [
        "reserved-bits",
        "printed-reserved-bits",
        "bad-memtype",
        "bad-xwr",
        "invariant.mmu-without-host-writable",
        "invariant.hw-writable-without-mmu-writable",
        "mmio-and-present",
        "l1tf-guard-missing",
        "not-an-spte",
        "table-loop",
        "table-hole",
        "table-reserved-address",
        "table-repeats",
        "forbidden-change",
        "check-disagrees",
      ]
    `);
    expect(severityOf('of another version')).toBe('error');
  });
});

const LINES = `# tracer: nop
 vmtest-1 [000] ...1. 1.6: kvm_mmu_set_spte: gfn 11 spte 600008455299b77 (rwxu) level 1 at 1a1088
 vmtest-2 [001] ...1. 1.7: kvm_mmu_set_spte: gfn 12 spte 600000455299b75 (rwxu) level 1 at 1a1090
 vmtest-2 [001] ...1. 1.9: kvm_tdp_mmu_spte_changed: as id 0 gfn 100200 level 2 old_spte 600000112400bf3 new_spte 6000001126009f3
`;
const CONTEXT = '--kernel 6.8 --vendor vmx --mmu tdp --maxphyaddr 39';
const SVM = '--host svm';
const WALK = `walk wrong.img --root 0x83dd000 ${SVM}`;

/** Bits that no kernel sets, in the leaf of gpa 0x2000. */
function damage(address: number, page: Buffer): void {
  if (address === 0x83da000) page.writeBigUInt64LE(page.readBigUInt64LE(2 * 8) | (1n << 60n), 2 * 8);
}

beforeAll(() => {
  captured('svm61-npt-tdp-dump', 'svm');
  image('wrong.img', damage);
  captured('vmx61-ept-noad', 'vmx');
  // Every seventh new value has a bit flipped, another one each time.
  let entries = 0;
  const flipped = (_whole: string, name: string, value: string): string =>
    ++entries % 7 === 0
      ? `${name} ${(BigInt(`0x${value}`) ^ (1n << BigInt(entries % 64))).toString(16)}`
      : `${name} ${value}`;
  const trace = traceFiles['vmx61-ept-noad']?.['trace.txt'] ?? '';
  file('planted.txt', trace.replaceAll(/\b(spte|new_spte) ([0-9a-f]+)\b/g, flipped));
  file('splat.txt', '[   22.8] spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000\n');
  file('lines.txt', LINES);
  file('twice.txt', LINES + LINES);
  file('cut.txt', `${LINES} vmtest-2 [001] ...1. 1.9: kvm_mmu_set_spte: gfn\n`);
  file('nothing.txt', 'nothing of KVM\n');
});

const codeOf = async (line: string): Promise<number> => (await spte(line)).code;

describe('--ignore', () => {
  it('shows a finding and does not count it', async () => {
    const line = `annotate lines.txt ${CONTEXT} --check --ignore reserved-bits,check-disagrees`;
    const { code, out, err } = await spte(`${line} --only findings`);
    expect([code, err.split('\n').at(-2)]).toEqual([1, 'spte: 1 finding counts; 2 ignored']);
    expect(out).toContain('[reserved-bits, bit 39]');
    const all = await spte(`${line} --ignore forbidden-change --summary`);
    expect([all.code, all.out.trimEnd().split('\n').at(-1)]).toEqual([0, '  0 findings count; 3 ignored']);
    expect(all.out).toContain('reserved-bits     1  first in line 2');
    const summary = { findings: 1, possible: 0, ignored: 2, counted: { findings: 1, possible: 0 } };
    expect(await json(`${line} --summary`)).toMatchObject({ summary, files: [{ summary }] });
    expect((await ndjson(`${line} --summary`)).at(-1)).toMatchObject({ summary });
  });

  it('does not change a document where it is not given', async () => {
    const { out } = await spte(`annotate lines.txt ${CONTEXT} --summary --json`);
    expect(out).not.toMatch(/"ignored"|"counted"/);
  });

  it('holds for a walk and for entries', async () => {
    expect(await codeOf(`${WALK} --check`)).toBe(1);
    expect(await codeOf(`${WALK} --check --ignore reserved-bits`)).toBe(1);
    for (const form of [
      '',
      '--summary',
      '--summary --json',
      '--json',
      '--ndjson',
      '--translate 0x2000',
      '--parquet w.parquet',
    ]) {
      expect([form, await codeOf(`${WALK} --check ${form}`)]).toEqual([form, 1]);
      expect([form, await codeOf(`${WALK} --check ${form} --ignore bits-without-meaning`)]).toEqual([
        form,
        0,
      ]);
    }
    const walked = { ignored: 1, counted: { findings: 0, possible: 0 } };
    const ignoring = `${WALK} --ignore bits-without-meaning`;
    expect(await json(`${ignoring} --summary`)).toMatchObject(walked);
    expect(await json(`${ignoring} --translate 0x2000`)).toMatchObject(walked);
    expect((await ndjson(`${ignoring} --translate 0x2000`)).at(-1)).toMatchObject({ summary: walked });
    expect(await json(ignoring)).toMatchObject({ summary: { ...walked, findings: 0 } });
    expect((await spte(`${ignoring} --summary`)).out).toContain('  0 findings count; 1 ignored\n');
    const decode = `decode 600008455299b77 --level 1 ${CONTEXT}`;
    expect(await codeOf(`${decode} --check`)).toBe(1);
    expect(await codeOf(`${decode} --check --ignore reserved-bits`)).toBe(0);
    expect(await json(`${decode} --ignore reserved-bits`)).toMatchObject({
      summary: { findings: 0, ignored: 1, findingsByCode: { 'reserved-bits': { count: 1 } } },
    });
    const change = `decode --diff 600000112400bf3 6000001126009f3 --level 2 ${CONTEXT}`;
    expect(await codeOf(`${change} --check`)).toBe(1);
    expect(await codeOf(`${change} --check --ignore forbidden-change`)).toBe(0);
    expect(await json(`${change} --ignore forbidden-change`)).toMatchObject({ ignored: 1 });
    expect((await ndjson(`${change} --ignore forbidden-change`)).at(-1)).toMatchObject({
      summary: { ignored: 1 },
    });
  });

  it('names the codes that are near to one that there is not', async () => {
    const { code, err } = await spte('decode 0 --ignore bad-xwr,resrved-bits');
    expect([code, err]).toMatchInlineSnapshot(`
      [
        2,
        "spte: option '--ignore <CODE,...>' argument 'bad-xwr,resrved-bits' is invalid. there is no finding "resrved-bits": did you mean reserved-bits, printed-reserved-bits, table-reserved-address?
      ",
      ]
    `);
    expect((await spte('decode 0 --ignore zz')).err).toMatchInlineSnapshot(`
      "spte: option '--ignore <CODE,...>' argument 'zz' is invalid. there is no finding "zz": one of reserved-bits, printed-reserved-bits, bad-memtype, bad-xwr, invariant.mmu-without-host-writable, invariant.hw-writable-without-mmu-writable, mmio-and-present, l1tf-guard-missing, not-an-spte, table-permissions-missing, ad-type-invalid, present-mask-missing, encryption-bits, bits-kvm-never-sets, mmio-gfn-too-high, bits-without-meaning, software-bits-missing, plugin-failed, table-loop, table-hole, table-reserved-address, table-repeats, forbidden-change, check-disagrees
      "
    `);
  });
});

describe('--fail-on', () => {
  it('lets warnings pass', async () => {
    const warned = `${WALK} --check`;
    expect(await codeOf(`${warned} --fail-on warning`)).toBe(1);
    const { code, err } = await spte(`${warned} --fail-on error`);
    expect([code, err]).toEqual([0, 'spte: 0 findings count\n']);
    expect(await codeOf(`annotate lines.txt ${CONTEXT} --check --fail-on error`)).toBe(1);
    expect(await codeOf('decode 0 --fail-on info')).toBe(2);
  });
});

describe('--baseline', () => {
  const line = `annotate lines.txt ${CONTEXT} --check`;

  it('counts what an earlier run did not find', async () => {
    file('base.json', (await spte(`annotate lines.txt ${CONTEXT} --json --summary`)).out);
    const { code, out } = await spte(`${line} --summary --baseline base.json`);
    expect([code, out.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      '  0 findings count; nothing new since the baseline',
    ]);
    const more = await spte(`annotate twice.txt ${CONTEXT} --check --summary --baseline base.json`);
    expect([more.code, more.out.trimEnd().split('\n').at(-1)]).toEqual([
      1,
      '  3 findings count; new since the baseline: reserved-bits 1, check-disagrees 1, forbidden-change 1',
    ]);
    // A file that the baseline knows by name does not lend what it may have.
    const both = `annotate twice.txt lines.txt ${CONTEXT} --check --baseline base.json`;
    expect(await json(`${both} --summary`)).toMatchObject({
      files: [{ summary: { counted: { findings: 6 } } }, { summary: { counted: { findings: 0 }, new: {} } }],
      summary: { findings: 9, counted: { findings: 6 }, new: { 'reserved-bits': 2 } },
    });
    const ignored = await spte(`${both} --summary --ignore reserved-bits,check-disagrees`);
    expect(ignored.err).toContain(
      'spte: 2 findings count; 6 ignored; new since the baseline: forbidden-change 2\n',
    );
    // What a run that compares itself wrote is a baseline, too.
    file('next.json', (await spte(`${line} --json --summary --ignore bad-xwr --baseline base.json`)).out);
    expect(await codeOf(`${line} --baseline next.json`)).toBe(0);
  });

  it('leaves out files that could not be read', async () => {
    const { code, out } = await spte(`annotate lines.txt none.txt ${CONTEXT} --json --summary`);
    expect(code).toBe(2);
    file('part.json', out);
    expect(await codeOf(`${line} --baseline part.json`)).toBe(0);
  });

  it('is of walks and entries, too', async () => {
    for (const form of ['', ' --summary']) {
      file('walk.json', (await spte(`${WALK} --json${form}`)).out);
      expect(await codeOf(`${WALK} --check --baseline walk.json`)).toBe(0);
      expect(await json(`${WALK} --summary --baseline walk.json`)).toMatchObject({
        new: {},
        newPossible: {},
      });
    }
    const decode = (values: string): string => `decode ${values} --level 1 ${CONTEXT}`;
    file('decode.json', (await spte(`${decode('600008455299b77')} --json`)).out);
    expect(await codeOf(`${decode('600008455299b77')} --check --baseline decode.json`)).toBe(0);
    const { code, err } = await spte(
      `${decode('600008455299b77 600008455299b77')} --check --baseline decode.json`,
    );
    expect([code, err]).toEqual([1, 'spte: 1 finding counts; new since the baseline: reserved-bits 1\n']);
    // Possible findings are compared among themselves.
    const possible = 'decode 600008455299b77@1 --kernel 6.8 --vendor vmx --mmu tdp';
    file('possible.json', (await spte(`${possible} --json`)).out);
    expect([
      await codeOf(`${possible} --check`),
      await codeOf(`${possible} --check --baseline possible.json`),
    ]).toEqual([3, 0]);
    expect((await spte(`${possible} --baseline decode.json`)).err).toContain(
      'new possible since the baseline',
    );
  });

  const summary = '"summary":{"findingsByCode":{},"possibleByCode":{}}';
  it.each([
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['another document', `{"schema":"spte/decode/1",${summary}}`],
    ['without files', '{"schema":"spte/annotate/1"}'],
    ['a file without a summary', '{"schema":"spte/annotate/1","files":[{"file":"a"}]}'],
    ['a file without a name', `{"schema":"spte/annotate/1","files":[{${summary}}]}`],
    [
      'counts that are a list',
      '{"schema":"spte/annotate/1","files":[{"file":"a","summary":{"findingsByCode":[],"possibleByCode":{}}}]}',
    ],
    [
      'a count that is none',
      '{"schema":"spte/annotate/1","files":[{"file":"a","summary":{"findingsByCode":{"bad-xwr":{"count":-1}},"possibleByCode":{}}}]}',
    ],
    [
      'a count that is text',
      '{"schema":"spte/annotate/1","files":[{"file":"a","summary":{"findingsByCode":{"bad-xwr":{"count":"1"}},"possibleByCode":{}}}]}',
    ],
  ])('is refused: %s', async (_what, text) => {
    file('bad.json', text);
    const { code, err } = await spte(`${line} --baseline bad.json`);
    expect([code, err]).toEqual([
      2,
      'spte: --baseline "bad.json": no document that `spte annotate --json --summary` wrote\n',
    ]);
  });

  it('is refused where a walk lists no findings, and where there is no file', async () => {
    file('bad.json', '{"schema":"spte/walk-summary/1","findings":{}}');
    expect((await spte(`${WALK} --baseline bad.json`)).err).toContain(
      'no document that `spte walk --json --summary` wrote',
    );
    file('bad.json', '{"schema":"spte/decode/1"}');
    expect((await spte('decode 0 --baseline bad.json')).err).toContain(
      'no document that `spte decode --json` wrote',
    );
    expect((await spte(`${line} --baseline none.json`)).err).toContain('there is no such file');
    expect((await spte(`annotate - --baseline -`)).err).toContain('only once');
  });
});

describe('--format github', () => {
  it('says what is wrong in each line', async () => {
    const { code, out } = await spte(
      `annotate lines.txt ${CONTEXT} --format github --check --ignore check-disagrees`,
    );
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "::error file=lines.txt,line=2,title=reserved-bits::0x0600008455299b77 at level 1: reserved bit 0x8000000000 is set; at level 1 0xfff8000000000 must be 0
      ::notice file=lines.txt,line=3,title=check-disagrees::the kernel printed access rwxu, computed is r-xu
      ::error file=lines.txt,line=4,title=forbidden-change::0x600000112400bf3 -> 0x6000001126009f3: KVM zaps a leaf before it maps another page: the TDP MMU would BUG ("Invalid SPTE change")
      ::notice title=verdict::lines.txt: 2 findings count; 1 ignored
      "
    `);
  });

  it('says what is wrong in an image, and with an entry', async () => {
    expect((await spte(`${WALK} --format github`)).out).toMatchInlineSnapshot(`
      "::warning file=wrong.img,title=bits-without-meaning::gpa 0x2000: 0x100000000ffd3e65 at level 1: bit 0x1000000000000000 is set, where neither the CPU nor KVM 5.13 to 6.9 keeps anything
      "
    `);
    expect((await spte(`${WALK} --format github --summary`)).out).toBe(
      (await spte(`${WALK} --format github`)).out,
    );
    expect((await spte(`${WALK} --format github --translate 0x2000`)).out).toBe(
      (await spte(`${WALK} --format github`)).out,
    );
    expect(
      (await spte(`decode 600008455299b77 0 --level 1 ${CONTEXT} --format github`)).out,
    ).toMatchInlineSnapshot(`
      "::error title=reserved-bits::0x0600008455299b77 at level 1: reserved bit 0x8000000000 is set; at level 1 0xfff8000000000 must be 0
      "
    `);
    expect(
      (await spte('decode 600008455299b77@1 --kernel 6.8 --vendor vmx --mmu tdp --format github')).out,
    ).toMatchInlineSnapshot(`
      "::notice title=reserved-bits::0x0600008455299b77 at level 1: reserved bit 0x8000000000 is set; at level 1 0xffff000000000 must be 0: in EPT 6.8, 36 bits, not likeliest, EPT 6.8, 42 bits, EPT 6.8, 52 bits and 3 more
      "
    `);
    expect(
      (await spte(`decode --diff 600000112400bf3 6000001126009f3 --level 2 ${CONTEXT} --format github`)).out,
    ).toMatchInlineSnapshot(`
      "::error title=forbidden-change::0x600000112400bf3 -> 0x6000001126009f3: KVM zaps a leaf before it maps another page: the TDP MMU would BUG ("Invalid SPTE change")
      "
    `);
  });

  it('lets no text end a command or begin another', () => {
    expect(githubCommand('error', { file: 'a,b:c%\r\n::x' }, '50%: a,b\r\n::error::x\u001B[31m')).toBe(
      '::error file=a%2Cb%3Ac%25%0D%0A%3A%3Ax::50%25: a,b%0D%0A::error::x\uFFFD[31m',
    );
    expect(githubCommand('notice', {}, 'x')).toBe('::notice::x');
  });
});

describe('--format tap', () => {
  it('has a point for each input', async () => {
    const { code, out } = await spte(
      `annotate lines.txt nothing.txt none.txt ${CONTEXT} --format tap --check`,
    );
    expect(code).toBe(2);
    expect(out).toMatchInlineSnapshot(`
      "TAP version 14
      1..3
      not ok 1 - lines.txt
        ---
        status: 1
        findings:
          - code: reserved-bits
            severity: error
            line: 2
            message: "0x0600008455299b77 at level 1: reserved bit 0x8000000000 is set; at level 1 0xfff8000000000 must be 0"
          - code: check-disagrees
            severity: error
            line: 3
            message: "the kernel printed access rwxu, computed is r-xu"
          - code: forbidden-change
            severity: error
            line: 4
            message: "0x600000112400bf3 -> 0x6000001126009f3: KVM zaps a leaf before it maps another page: the TDP MMU would BUG (\\"Invalid SPTE change\\")"
        ...
      not ok 2 - nothing.txt
        ---
        status: 4
        ...
      not ok 3 - none.txt
        ---
        status: 2
        message: "cannot read \\"none.txt\\": there is no such file or folder"
        ...
      "
    `);
    const fine = await spte(
      `annotate lines.txt ${CONTEXT} --format tap --ignore reserved-bits,check-disagrees,forbidden-change`,
    );
    expect(fine.out).toMatch(
      /^TAP version 14\n1\.\.1\nok 1 - lines\.txt\n {2}---\n {2}verdict: "0 findings count; 3 ignored"/,
    );
  });

  it('does not depend on the number of threads', async () => {
    const line = `annotate lines.txt twice.txt ${CONTEXT} --format tap`;
    expect((await spte(`${line} --jobs 2`)).out).toBe((await spte(line)).out);
  });

  it('lists a hundred findings, and says how many there are more', async () => {
    file('many.txt', LINES.repeat(50));
    const { out } = await spte(`annotate many.txt ${CONTEXT} --format tap`);
    expect(out.match(/- code:/g)).toHaveLength(100);
    expect(out).toContain('\n  more: 50\n  ...\n');
  });

  it('has a point for an image, and one for each entry', async () => {
    expect((await spte(`${WALK} --format tap`)).out).toMatchInlineSnapshot(`
      "TAP version 14
      1..1
      not ok 1 - wrong.img
        ---
        status: 1
        findings:
          - code: bits-without-meaning
            severity: warning
            message: "gpa 0x2000: 0x100000000ffd3e65 at level 1: bit 0x1000000000000000 is set, where neither the CPU nor KVM 5.13 to 6.9 keeps anything"
        ...
      "
    `);
    expect((await spte(`decode 600008455299b77@1 0 ${CONTEXT} --format tap`)).out).toMatchInlineSnapshot(`
      "TAP version 14
      1..2
      not ok 1 - 0x600008455299b77@1
        ---
        status: 1
        findings:
          - code: reserved-bits
            severity: error
            message: "0x0600008455299b77 at level 1: reserved bit 0x8000000000 is set; at level 1 0xfff8000000000 must be 0"
        ...
      ok 2 - 0x0
      "
    `);
    expect(
      (await spte('decode 600008455299b77@1 --kernel 6.8 --vendor vmx --mmu tdp --format tap')).out,
    ).toContain('possible: true');
  });

  it('takes no name for a directive', () => {
    expect(tapText('a#b\\ # TODO\n\u001B[2J')).toBe('a\\#b\\\\ \\# TODO\uFFFD\uFFFD[2J');
  });
});

describe('what is told item by item', () => {
  /** How often each code is told of, in notices and not. */
  const told = (out: string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const [, code = ''] of out.matchAll(/^::\w+ file=.*,title=([^:]+)::/gm)) {
      counts[code] = 1 + (counts[code] ?? 0);
    }
    return counts;
  };

  it.each([
    ['certain', '--host vmx'],
    ['possible', ''],
  ])('is what is counted, where findings are %s', async (_what, context) => {
    const line = `annotate planted.txt splat.txt ${context}`;
    const { summary } = (await json(`${line} --summary`)) as {
      summary: Record<'findingsByCode' | 'possibleByCode', Record<string, { count: number }>>;
    };
    const counts: Record<string, number> = {};
    for (const byCode of [summary.findingsByCode, summary.possibleByCode]) {
      for (const [code, { count }] of Object.entries(byCode)) counts[code] = count + (counts[code] ?? 0);
    }
    expect(Object.keys(counts).length).toBeGreaterThan(2);
    expect(told((await spte(`${line} --format github`)).out)).toEqual(counts);
  });
});

describe('what has no findings', () => {
  it.each([
    ['decode --which 0 --format tap', '--format is about findings: it does not go with --which'],
    ['decode --eptp 105a27005e --ignore bad-xwr', '--ignore is about findings'],
    [
      `walk wrong.img --root 0 --diff wrong.img --fail-on error`,
      '--fail-on is about findings: it does not go with --diff',
    ],
    ['decode 0 --format tap --json', "option '--format <FORMAT>' cannot be used with option '--json'"],
    ['decode 0 --format tap --ndjson', "option '--format <FORMAT>' cannot be used with option '--ndjson'"],
    ['decode 0 --format xml', "argument 'xml' is invalid"],
  ])('%s', async (line, why) => {
    const { code, err } = await spte(line);
    expect(code).toBe(2);
    expect(err).toContain(why);
  });
});

describe('of several statuses', () => {
  const annotate = (files: string, rest = ''): Promise<number> =>
    codeOf(`annotate ${files} ${CONTEXT} ${rest}`);
  it('2 comes before 5, 5 before 1, 1 before 3 and 4, and these before 0', async () => {
    expect(await annotate('none.txt cut.txt lines.txt', '--check')).toBe(2);
    expect(await annotate('cut.txt lines.txt', '--check')).toBe(5);
    expect(await annotate('cut.txt')).toBe(5);
    expect(await annotate('lines.txt nothing.txt', '--check')).toBe(1);
    expect(await annotate('nothing.txt', '--check')).toBe(4);
    const [sure, maybe] = ['600000455299b72@1', '600008455299b77@1'];
    const decode = (values: string, rest: string): Promise<number> =>
      codeOf(`decode ${values} --kernel 6.8 --vendor vmx --mmu tdp --check ${rest}`);
    expect(await decode(`${sure} ${maybe}`, '')).toBe(1);
    expect(await decode(maybe, '')).toBe(3);
    expect(await decode(maybe, '--ignore reserved-bits')).toBe(0);
  });

  it('what does not count does not hide that the input is damaged, or that nothing was read', async () => {
    const ignore = '--check --ignore reserved-bits,check-disagrees,forbidden-change';
    for (const format of ['', '--format tap', '--format github', '--summary', '--json', '--ndjson']) {
      expect([format, await annotate('cut.txt', `${ignore} ${format}`)]).toEqual([format, 5]);
      expect([format, await annotate('nothing.txt', `${ignore} ${format}`)]).toEqual([format, 4]);
      expect([format, await annotate('lines.txt', `${ignore} ${format}`)]).toEqual([format, 0]);
    }
  });
});
