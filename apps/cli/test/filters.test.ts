// SPDX-License-Identifier: GPL-2.0-only
import { traceFiles } from '@spte/testing/runs';
import { describe, expect, it } from 'vitest';
import { captured } from './machines.ts';
import { file, json, records, run, spte } from './run.ts';

const RUN = 'vmx61-ept-noad';
const TRACE = traceFiles[RUN]?.['trace.txt'] ?? '';
const HOST = `--host ${captured(RUN)}`;
const CONTEXT = '--kernel 6.8 --vendor vmx --maxphyaddr 39';

interface Line {
  readonly line: number;
  readonly event: string;
  readonly timestamp: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sptes: readonly { readonly kind: string }[];
}

interface Document {
  readonly files: readonly { readonly lines: readonly Line[] }[];
  readonly summary: Readonly<Record<string, unknown>>;
}

/** The numbers of the lines that are left of a real trace. */
async function left(filters: string): Promise<number[]> {
  const lines = (await records(`annotate ${HOST} ${filters}`, { stdin: TRACE })) as Line[];
  return lines.map(({ line }) => line);
}

/** The numbers of its lines of which something holds. */
async function those(holds: (line: Line, text: string) => boolean): Promise<number[]> {
  const lines = (await records(`annotate ${HOST}`, { stdin: TRACE })) as Line[];
  const texts = TRACE.split('\n');
  return lines.filter((line) => holds(line, texts[line.line - 1] ?? '')).map(({ line }) => line);
}

const LEVELS = [1, 512, 512 ** 2, 512 ** 3, 512 ** 4];

/** Whether the text of a line is about a page: it is within what the level maps, or has the fault or the fast fix. */
function isAbout(text: string, gfn: number): boolean {
  const [, own = ''] = /\bgfn ([\da-f]+)/.exec(text) ?? [];
  const [, entry = '1'] = /\blevel (\d)/.exec(text) ?? [];
  const [, table = Number(entry) - 1] = /\bl(\d) \d-byte/.exec(text) ?? [];
  const size = LEVELS[Number(table)] ?? Number.NaN;
  const begin = Math.floor(Number.parseInt(own, 16) / size) * size;
  const [, fault = ''] =
    /(?:kvm_page_fault:.* address 0x|fast_page_fault:.* gva )([\da-f]+)/.exec(text) ?? [];
  return (gfn >= begin && gfn < begin + size) || Math.floor(Number.parseInt(fault, 16) / 4096) === gfn;
}

describe('filters of annotate', () => {
  it('leave the lines of an event, a time, a kind', async () => {
    expect(await left('--event kvm_exit,kvm_mmu_set_spte')).toEqual(
      await those((_, text) => / kvm_exit: | kvm_mmu_set_spte: /.test(text)),
    );
    expect(await left('--from 56.30 --to 56.355')).toEqual(
      await those(({ timestamp }) => Number(timestamp) >= 56.3 && Number(timestamp) <= 56.355),
    );
    expect(await left('--from 57 --kind mmio,frozen')).toEqual(
      await those(
        ({ sptes, timestamp }) =>
          Number(timestamp) >= 57 && sptes.some(({ kind }) => kind === 'mmio' || kind === 'frozen'),
      ),
    );
    expect((await left('--from 56.30 --to 56.355')).length).toBeGreaterThan(0);
  });

  it.each([0x10, 0x2, 0x1_0000, 0x23_4567])(
    'leave the lines about page %i, and about what maps it',
    async (gfn) => {
      const hex = gfn.toString(16);
      const about = await those((_, text) => isAbout(text, gfn));
      const found = await left(`--gfn ${hex}`);
      expect(found.length).toBeGreaterThan(0);
      // Entries for MMIO say the page themselves.
      const texts = TRACE.split('\n');
      const isMore = (line: number): boolean => /mmio_spte: .*spte[ =]/.test(texts[line - 1] ?? '');
      expect(found.filter((line) => !isMore(line))).toEqual(about.filter((line) => !isMore(line)));
      expect(await left(`--gpa 0x${hex}000-0x${hex}fff`)).toEqual(found);
    },
  );
});

const AT = (gfn: string, { task = 'vmtest-1', time = '1.5' } = {}): string =>
  ` ${task} [000] ...1. ${time}: kvm_mmu_set_spte: gfn ${gfn} spte 600000455299b77 (rwxu) level 1 at 1a1080\n`;
const BAD = AT('20').replace('600000455299b77', '600008455299b77');
const HUGE =
  ' vmtest-1 [000] ...1. 1.5: kvm_tdp_mmu_spte_changed: as id 0 gfn 200 level 2 old_spte 600000455200bf7 new_spte 0\n';
const FAULT =
  ' CPU 1/KVM-7 [001] ..... 2.5: kvm_page_fault: vcpu 1 rip 0x2000 address 0x210123 error_code 0x182\n';
const FAST =
  ' vmtest-1 [000] ..... 3.5: fast_page_fault: vcpu 0 gva 210456 error_code P|W|U sptep 0 old 0x600000455299b75 new 600000455299b77 spurious 0 fixed 1\n';
const NPF =
  ' vmtest-1 [000] d..1. 4.5: kvm_exit: vcpu 0 reason npf rip 0x200e info1 0x200000006 info2 0x210fff intr_info 0x0 error_code 0x0\n';
const OTHER =
  ' CPU 1/KVM-7 [001] ..... 5.5: kvm_mmu_set_spte: gfn 999 spte 600000455299b77 (rwxu) level 1 at 1a1080\n';
const stdin = [AT('10'), 'a word\n', HUGE, 'another\n', BAD, FAULT, FAST, NPF, OTHER].join('');

/** The numbers of the lines that are left of a made one. */
async function of(filters: string): Promise<number[]> {
  const lines = (await records(`annotate ${CONTEXT} ${filters}`, { stdin })) as Line[];
  return lines.map(({ line }) => line);
}

describe('filters of annotate, one by one', () => {
  it.each([
    ['--gfn 10', [1]],
    ['--gfn 0x10-0x20', [1, 5]],
    ['--gfn 210', [3, 6, 7, 8]],
    ['--gfn 3ff,999', [3, 9]],
    ['--gfn 400', []],
    ['--gpa 210123', [3, 6]],
    ['--gpa 210456-210fff', [3, 7, 8]],
    ['--vcpu 1', [6, 9]],
    ['--vcpu 0,1', [6, 7, 8, 9]],
    ['--task vmtest', [1, 3, 5, 7, 8]],
    ['--from 2.5 --to 3.5', [6, 7]],
    ['--from 3.500000001', [8, 9]],
    ['--finding reserved-bits', [5]],
    ['--finding check-disagrees', []],
    ['--event kvm_exit --event kvm_page_fault', [6, 8]],
    ['--kind empty', [3]],
    ['--kind leaf --gfn 200-fff', [3, 7, 9]],
    ['--only findings --gfn 0-fff', [5]],
  ])('%s', async (filters, lines) => {
    expect(await of(filters)).toEqual(lines);
  });

  it('take a task by its name, its number, or both', async () => {
    for (const task of ['CPU 1/KVM', '7', 'CPU 1/KVM-7']) {
      const { out } = await run(['annotate', ...CONTEXT.split(' '), '--ndjson', '--task', task], { stdin });
      expect(out.split('\n').filter((line) => line.startsWith('{"line"'))).toHaveLength(2);
    }
  });

  it('print lines around, as grep does', async () => {
    const { out } = await spte(`annotate ${CONTEXT} --kind empty -C 1`, { stdin });
    expect(out.replaceAll(/^ {4}.*\n/gm, '')).toBe(`2- a word\n3: ${HUGE}4- another\n`);
    const apart = await spte(`annotate ${CONTEXT} --gfn 10,999 -C 1`, { stdin });
    expect(apart.out.match(/^(?:\d+[-:]|--)/gm)).toEqual(['1:', '2-', '--', '8-', '9:']);
    const alone = await spte(`annotate ${CONTEXT} --gfn 10,999`, { stdin });
    expect(alone.out.match(/^(?:\d+[-:]|--)/gm)).toEqual(['1:', '9:']);
    const near = await spte(`annotate ${CONTEXT} --gfn 10,200 -C 1`, { stdin });
    expect(near.out.match(/^(?:\d+[-:]|--)/gm)).toEqual(['1:', '2-', '3:', '4-']);
  });

  it('keep no more than a few megabytes of lines around', async () => {
    const long = `${'x'.repeat(1 << 20)}\n`.repeat(6);
    const { out } = await spte(`annotate ${CONTEXT} --gfn 10 -C 9`, { stdin: `${long}${AT('10')}` });
    expect(out.match(/^\d+[-:]/gm)).toEqual(['3-', '4-', '5-', '6-', '7:']);
  });
});

describe('what filters leave', () => {
  it('is what is counted, told and judged', async () => {
    const checked = async (filters: string): Promise<[number, unknown]> => {
      const { code } = await spte(`annotate --check ${CONTEXT} ${filters}`, { stdin });
      const { summary } = (await json(`annotate ${CONTEXT} ${filters}`, { stdin })) as Document;
      return [code, summary['findings']];
    };
    expect(await checked('')).toEqual([1, 1]);
    expect(await checked('--gfn 20')).toEqual([1, 1]);
    expect(await checked('--gfn 10')).toEqual([0, 0]);
    const { out } = await spte(`annotate --summary ${CONTEXT} --gfn 10-20 --kind leaf`, { stdin });
    expect(out).toContain(
      '\n  2 of 7 lines that were read match --gfn 0x10-0x20 --kind leaf\n  2 entries: 2 leaf\n',
    );
    const tap = await spte(`annotate --format tap ${CONTEXT} --gfn 10`, { stdin });
    expect(tap.out).not.toContain('reserved-bits');
  });

  it('may be nothing, which is not the same as nothing to look at', async () => {
    const none = await spte(`annotate ${CONTEXT} --gfn 77`, { stdin });
    expect(none).toEqual({
      code: 0,
      out: '',
      err: expect.stringContaining('spte: none of 7 lines that were read match --gfn 0x77\n') as string,
    });
    const { summary } = (await json(`annotate ${CONTEXT} --gfn 77`, { stdin })) as Document;
    expect(summary).toMatchObject({
      sptes: 0,
      filtered: { of: 7, lines: 0, looked: 9, by: { gfn: '0x77' } },
    });
    const foreign = await spte(`annotate ${CONTEXT} --gfn 77 --summary`, { stdin: 'nothing\n' });
    expect(foreign.code).toBe(4);
    expect(foreign.out).toContain('nothing was recognised');
    const said = await spte(`annotate ${CONTEXT} --gfn 77 --summary`, { stdin });
    expect(said.out).toContain('none of 7 lines');
    expect(said.out).not.toContain('nothing was recognised');
  });

  it('is the same of sections and threads', async () => {
    const path = file('whole.txt', TRACE);
    for (const how of ['--ndjson', '--summary', '']) {
      const line = `annotate ${path} ${HOST} --from 56.3 --event kvm_exit,kvm_page_fault ${how}`;
      const whole = await spte(line);
      const cut = await spte(`${line} --jobs 2`, { sectionBytes: 1 << 19 });
      expect(cut.out).toBe(whole.out);
      expect(whole.out.length).toBeGreaterThan(100);
    }
  });

  it.each([
    ['--gfn 12-3', '"12-3" ends before it begins'],
    ['--gfn 10000000000000', 'must be a hex number within 0x0..0xfffffffffffff, or two with - between'],
    ['--gpa 1-2-3', '"1-2-3" must be a hex number within 0x0..0xffffffffffffffff'],
    ['--gfn 1,,2', '"1,,2" has an empty name'],
    ['--kind leaves', 'there is no kind "leaves": did you mean leaf'],
    ['--kind ooo', 'one of leaf, tracked'],
    ['--finding reserved', 'there is no finding "reserved": did you mean reserved-bits'],
    ['--from 1e3', '"1e3" must be seconds as a trace prints them'],
    ['--from 3 --to 2', '--from 3 is later than --to 2'],
    ['--vcpu 65536', '"65536" must be an integer within 0..65535'],
    ['-C 1001', '"1001" must be an integer within 0..1000'],
    ['-C 1 --json', "'-C, --around <N>' cannot be used with option '--json'"],
  ])('is not asked for by %s', async (filters, said) => {
    const { code, err } = await spte(`annotate ${CONTEXT} ${filters}`, { stdin });
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });

  it('takes lines for what they lack: a task, a time, a vCPU', async () => {
    const bare = 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080\n';
    const ofThread = `     CPU 3/KVM-281   [001] ..... 7.5: ${bare}`;
    const none = async (filters: string): Promise<string> =>
      (
        await spte(`annotate - --kernel 6.8 --vendor svm --maxphyaddr 40 ${filters}`, {
          stdin: bare + ofThread,
        })
      ).out;
    expect(await none('--from 0')).toMatch(/^2: /);
    expect(await none('--to 7')).toBe('');
    expect(await none('--task 281')).toMatch(/^2: /);
    expect(await none('--vcpu 3')).toMatch(/^2: /);
    expect(await none('--vcpu 0')).toBe('');
    expect((await none('--gfn 10')).split('\n').filter((line) => /^[12]: /.test(line))).toHaveLength(2);
  });

  it('finds what only the kernel found wrong', async () => {
    const splat = 'spte = 0x400018a600ee7, level = 2, rsvd bits = 0x4f0000001fe000\n';
    const context = '--kernel 6.8 --vendor svm --maxphyaddr 52';
    const found = await spte(`annotate - ${context} --finding printed-reserved-bits`, { stdin: splat });
    expect(found.out).toContain('bit 50');
    const other = await spte(`annotate - ${context} --finding reserved-bits`, { stdin: splat });
    expect(other.out).toBe('');
  });
});
