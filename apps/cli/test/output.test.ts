// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { main } from '../src/cli.ts';
import type { Io } from '../src/io/io.ts';
import { Output } from '../src/io/output.ts';
import { wantsColour } from '../src/io/paint.ts';
import { visible } from '../src/io/visible.ts';
import { file, folder, run, spte } from './run.ts';
import { shell } from './shell.ts';

// What leaves the command: what a terminal would act upon, and readers and disks that take no more.

const LINE = 't-1 [0] .. 1.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080\n';
const CONTEXT = '--kernel 6.8 --vendor vmx --maxphyaddr 46';
const ATTACK = '\u001B]0;title\u0007\u001B]8;;http://x\u001B\\x\u009B2J\u001B[31m\u007F\u202E\rEVIL';
const ACTS = /(?!\0|\t|\r?\n)[\p{Cc}\u202E]/u;
const OWN = /\p{Cc}\[\d{1,2}m/gu;

describe('text of others', () => {
  it('is shown as it is, but for what a terminal acts upon', () => {
    expect(visible('a\tb\r\nc\u00E9\n')).toBe('a\tb\r\nc\u00E9\n');
    expect(visible('\u001B[2J\r\u009B\u007F\u202E')).toBe(String.raw`\u001b[2J\u000d\u009b\u007f\u202e`);
  });

  it.each([true, false])(
    'does not reach a terminal (%s) through lines, tasks, names or messages',
    async (terminal) => {
      const path = file('trace.txt', `${ATTACK}${LINE}${ATTACK}\n`);
      const named = file(`name-\u001B[2J.txt`, LINE);
      const runs = [
        await spte(`annotate ${path} ${CONTEXT}`, { terminal }),
        await spte(`annotate ${path} ${CONTEXT} --only findings`, { terminal }),
        await spte(`annotate ${path} ${CONTEXT} --jobs 2`, { terminal }),
        await run(['annotate', path, named, '--summary'], { terminal }),
        await run(['annotate', named, path], { terminal }),
        await run([ATTACK], { terminal }),
        await run(['decode', `--${ATTACK}`], { terminal }),
        await run(['decode', ATTACK], { terminal }),
        await run(['errata', ATTACK], { terminal }),
        await run(['vectors', file('vectors.jsonl', `{"fn":"${ATTACK}"}\n`)], { terminal }),
        await run(['host', file('bundle.json', JSON.stringify({ uname: { name: ATTACK, text: ATTACK } }))], {
          terminal,
        }),
      ];
      for (const { out, err } of runs) {
        expect(out.replaceAll(OWN, '')).not.toMatch(ACTS);
        expect(err).not.toMatch(ACTS);
      }
      expect(runs[0]?.out).toContain(String.raw`\u001b]0;title\u0007`);
    },
  );

  it.each(['--json', '--ndjson'])(
    'is the same text in %s, without what a terminal acts upon',
    async (flag) => {
      // A raw field that nothing knows is handed through.
      const hostile = 'a\u009B31mb\u007Fc\u202Ed';
      const stdin = `x-1 [003] ...1. 1.5: kvm_mmu_set_spte: gfn=0x10 spte=0x600000455299b77 foo=${hostile} level=1\n`;
      for (const foo of [hostile, 'a\u007Fb', 'plain']) {
        const { out } = await spte(`annotate --preset haswell ${flag}`, {
          stdin: stdin.replace(hostile, foo),
        });
        expect(out).not.toMatch(ACTS);
        const [first = ''] = flag === '--json' ? [out] : out.split('\n', 1);
        expect(JSON.stringify(JSON.parse(first))).toContain(JSON.stringify(foo));
      }
    },
  );

  it('cannot borrow a colour', async () => {
    const { out } = await spte('annotate -', { stdin: '\u001B[32m  no findings\n', terminal: true });
    expect(out).toContain(String.raw`\u001b[32m  no findings`);
  });
});

describe('colours', () => {
  it.each([
    ['auto', true, {}, true],
    ['auto', false, {}, false],
    ['auto', true, { TERM: 'dumb' }, false],
    ['auto', true, { NO_COLOR: '1' }, false],
    ['auto', true, { NO_COLOR: '' }, true],
    ['auto', false, { FORCE_COLOR: '1' }, true],
    ['auto', false, { FORCE_COLOR: '' }, true],
    ['auto', true, { FORCE_COLOR: '0' }, false],
    ['auto', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['always', false, { NO_COLOR: '1' }, true],
    ['never', true, { FORCE_COLOR: '1' }, false],
  ] as const)('--color=%s, terminal %s, %j', (choice, terminal, env, wanted) => {
    expect(wantsColour(choice, { terminal, env })).toBe(wanted);
  });

  it('are those that the command line says', async () => {
    const one = 'decode 0x600000455299b77@1 --preset haswell';
    const always = await spte(`${one} --color=always`);
    expect(always.out).toMatch(OWN);
    expect((await spte(`${one} --color never`, { terminal: true })).out).toBe((await spte(one)).out);
    expect((await spte(`${one} --color=blue`)).err).toContain('must be one of always, never, auto');
    const jobs = await spte(`annotate ${file('a.txt', LINE)} ${CONTEXT} --jobs 2 --color always`);
    expect(jobs.out).toMatch(OWN);
  });
});

/** A world whose writes fail from the nth on, with this error. */
function failing(nth: number, code: string): { io: Io; said: () => string } {
  let said = '';
  let count = 0;
  const io: Io = {
    write: async () => {
      await Promise.resolve();
      if (++count >= nth) throw Object.assign(new Error(`${code}: write`), { code, syscall: 'write' });
    },
    complain: (text) => {
      said += text;
    },
    draw: () => undefined,
    stdin: [] as unknown as Io['stdin'],
    env: {},
    cwd: folder,
    terminal: false,
    errorTerminal: false,
    cores: 1,
  };
  return { io, said: () => said };
}

const MASKS = 'shadow_nx_mask B ffffffffc0a1 = 0\n';
const vector = '{"fn":"x"}\n';
const COMMANDS: readonly string[] = [
  'decode 0x600000455299b77@1 --preset haswell',
  'decode 0x600000455299b77 --json',
  'annotate trace.txt --preset haswell',
  'annotate trace.txt --preset haswell --ndjson',
  'annotate trace.txt trace.txt --preset haswell --json',
  'annotate trace.txt --preset haswell --summary',
  'annotate trace.txt --preset haswell --format tap',
  'annotate trace.txt --preset haswell --jobs 2',
  'walk image --root 0x0 --preset haswell',
  'walk image --root 0x0 --preset haswell --summary',
  'host . --verify masks.txt',
  'make --gfn 1 --pfn 2 --preset haswell',
  'compare haswell ice-lake',
  'errata',
  'errata --ndjson',
  'vectors vectors.jsonl',
  'presets',
  'presets --json',
  'completion bash',
  '--help',
  'annotate --help',
];

describe('a standard output that takes no more', () => {
  file('trace.txt', LINE.repeat(5000));
  file('image', Buffer.alloc(1 << 16, 0x77));
  file('masks.txt', MASKS);
  file('uname.txt', 'Linux h 6.12.4 x86_64');
  file('vectors.jsonl', vector);

  it.each(COMMANDS)('is told of in one line, by %s', async (line) => {
    for (const nth of [1, 2]) {
      const { io, said } = failing(nth, 'ENOSPC');
      const code = await main(line.split(' '), io);
      if (nth > 1 && !said().includes('cannot write')) continue;
      expect(code).toBe(2);
      expect(
        said()
          .split('\n')
          .filter((one) => one.includes('standard output')),
      ).toEqual(['spte: cannot write the standard output: there is no room left']);
    }
  });

  it.each(COMMANDS)('because its reader has gone is no error, of %s', async (line) => {
    const { io, said } = failing(1, 'EPIPE');
    expect(await main(line.split(' '), io)).toBe(0);
    expect(said()).not.toContain('standard output');
  });

  it('is told of by the process, and leaves no stack trace', async () => {
    const { code, err } = await shell('spte presets > /dev/full');
    expect({ code, err }).toEqual({
      code: 2,
      err: 'spte: cannot write the standard output: there is no room left\n',
    });
  });
});

describe('a slow reader', () => {
  it('is waited for: one write at a time, and none of more than it can take', async () => {
    let open = 0;
    let most = 0;
    let largest = 0;
    const { io } = failing(1, '');
    const slow: Io = {
      ...io,
      async write(bytes) {
        most = Math.max(most, ++open);
        largest = Math.max(largest, bytes.length);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
      },
    };
    const path = file('wide.txt', `${'x'.repeat(70_000)}\n`.repeat(60) + 'y'.repeat(3 << 20));
    expect(await main(['annotate', path, ...CONTEXT.split(' ')], slow)).toBe(4);
    expect({ most, isBounded: largest <= 1 << 18 }).toEqual({ most: 1, isBounded: true });
  });

  it('gets all that was added, in its order, also what nobody waited for', async () => {
    const got: Buffer[] = [];
    const { io } = failing(1, '');
    const out = new Output({
      ...io,
      write: async (bytes) => {
        await new Promise((resolve) => setTimeout(resolve, 0));
        got.push(Buffer.from(bytes));
      },
    });
    const expected: string[] = [];
    for (let i = 0; i < 300; i++) {
      const text = `${i}`.repeat(500);
      expected.push(text);
      if (i % 7 === 0) out.utf8(Buffer.from(text));
      else void out.text(text);
    }
    await out.flush();
    expect(Buffer.concat(got).toString()).toBe(expected.join(''));
  });
});
