// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createMmu, toJson } from '@spte/core';
import { mmuConfigOf, PRESETS } from '@spte/host';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../src/context/context.ts';
import type { Io } from '../src/io/io.ts';
import { captured } from './machines.ts';
import { file, json, repository, run, spte } from './run.ts';
import { shell } from './shell.ts';

/** Nothing to read or to write: what a preset needs of the world. */
const NO_IO: Io = {
  write: () => Promise.resolve(),
  complain: () => undefined,
  draw: () => undefined,
  stdin: Readable.from([]),
  env: {},
  cwd: '.',
  terminal: false,
  errorTerminal: false,
  cores: 1,
};

const COMMANDS = [
  'decode',
  'annotate',
  'story',
  'host',
  'vms',
  'check',
  'walk',
  'make',
  'compare',
  'vectors',
  'presets',
  'completion',
  'man',
];

describe('spte', () => {
  it('lists its commands, each of which has help with examples', async () => {
    const { out, code } = await spte('--help');
    expect(code).toBe(0);
    for (const name of COMMANDS) {
      expect(out).toContain(`  ${name} `);
      const help = await spte(`${name} --help`);
      expect(help.out).toContain('Examples:');
      expect(help.code).toBe(0);
    }
  });

  it.each([[''], ['decod'], ['--nonsense'], ['presets extra'], ['completion fish']])(
    '%j: exits 2 with a reason',
    async (line) => {
      const { code, err } = await spte(line);
      expect(err).not.toBe('');
      expect(code).toBe(2);
    },
  );

  it.each([
    ['--vendor vmx --sme-c-bit 47', '--vendor is about Intel (vmx), --sme-c-bit is about AMD (svm)'],
    ['--no-ept --sme-c-bit 47', '--no-ept is about Intel (vmx), --sme-c-bit is about AMD (svm)'],
    ['--vendor vmx --no-npt', '--vendor is about Intel (vmx), --no-npt is about AMD (svm)'],
    ['--vendor svm --no-ad', '--vendor is about AMD (svm), --no-ad is about Intel (vmx)'],
    ['--vendor svm --no-exec-only', '--vendor is about AMD (svm), --no-exec-only is about Intel (vmx)'],
    ['--vendor svm --no-pml', '--vendor is about AMD (svm), --no-pml is about Intel (vmx)'],
    ['--vendor svm --l1tf', '--vendor is about AMD (svm), --l1tf is about Intel (vmx)'],
    ['--vendor svm --mmu ept12', '--vendor is about AMD (svm), --mmu is about Intel (vmx)'],
    ['--shadow --ept', '--shadow is about shadow paging, --ept is about EPT or NPT'],
    ['--no-npt --mmu tdp', '--no-npt is about shadow paging, --mmu is about EPT or NPT'],
    ['--preset haswell --no-npt', '--preset haswell is about Intel (vmx), --no-npt is about AMD (svm)'],
    [
      `--host ${captured('svm61-npt-tdp')} --no-pml`,
      '--host is about AMD (svm), --no-pml is about Intel (vmx)',
    ],
  ])('%s: flags that exclude each other are refused by name', async (flags, message) => {
    for (const command of ['decode 5', 'annotate -', 'make --gfn 1 --pfn 1 --kernel 6.8']) {
      expect(await spte(`${command} ${flags}`)).toEqual({ code: 2, out: '', err: `spte: ${message}\n` });
    }
  });

  it.each(['--vendor svm --no-l1tf --cache-bits 44', '--shadow --no-npt', '--vendor vmx --no-ept --no-ad'])(
    '%s: flags that agree are taken',
    async (flags) => {
      expect((await spte(`decode 5 ${flags}`)).code).toBe(0);
    },
  );

  it('lists the presets of @spte/host, and computes what their configuration says', async () => {
    expect(await json('presets')).toEqual({
      schema: 'spte/presets/1',
      context: null,
      presets: toJson(PRESETS),
    });
    for (const { name, config } of PRESETS) {
      const { masks, root, zeroCheck } = createMmu(mmuConfigOf(config));
      const { mmu } = contextOf(NO_IO, { preset: name });
      expect({ masks: mmu.masks, root: mmu.root, zeroCheck: mmu.zeroCheck }).toEqual({
        masks,
        root,
        zeroCheck,
      });
      expect((await spte(`decode 0 --preset ${name}`)).code).toBe(0);
    }
  });

  it('lets a nested EPT have the execute-only entries of its CPU, however it is asked for', async () => {
    const nested = '600000455299974 --preset cascade-lake --mmu ept12';
    expect((await spte('decode 600000455299974 --preset intel-nested-ept')).out).not.toContain('bad-xwr');
    expect((await spte(`decode ${nested}`)).out).not.toContain('bad-xwr');
    expect((await spte(`decode ${nested} --no-exec-only`)).out).toContain('bad-xwr');
  });

  it('never crashes on words that it does not know', async () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        ...COMMANDS.filter((name) => name !== 'host'),
        '--json',
        '--diff',
        '--level',
        '0x6',
        '--',
        '-',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (argv) => {
        const { code } = await run(argv);
        expect([0, 1, 2, 4]).toContain(code);
      }),
      { numRuns: sampled(80, 300) },
    );
  });
});

describe('the process', () => {
  it('exits with the status, and complains on the standard error', async () => {
    const [fine, found, wrong] = await Promise.all([
      shell('spte decode 0 --kernel 6.8 --vendor svm --check'),
      shell('spte decode 0xdeadbeef --kernel 6.8 --vendor svm --check'),
      shell('spte decode zzz'),
    ]);
    expect([fine.code, found.code, wrong.code]).toEqual([0, 1, 2]);
    expect(wrong).toMatchObject({ out: '', err: expect.stringMatching(/^spte: argument VALUE/) as string });
  });

  it('ends quietly when nobody reads on', async () => {
    const trace = ' t-1 [0] .. 1.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080\n';
    const path = file('long.txt', trace.repeat(20_000));
    const { out, err, code } = await shell(`spte annotate ${path} --preset ice-lake --kernel 6.8 | head -1`);
    expect({ out, err, code }).toEqual({ out: trace, err: '', code: 0 });
  });

  it('reads its standard input and writes no colours into a pipe', async () => {
    const { out } = await shell('echo spte 5a0 | spte annotate --preset milan --kernel 6.8 --summary | cat');
    expect(out).toContain('1 line:');
    expect(out).not.toContain('\u001b');
  });

  it('sees paths from where it was started', async () => {
    const env = { INIT_CWD: join(repository, 'packages/vectors/data') };
    expect((await shell('spte vectors nasty.jsonl.gz', env)).out).toContain('57 passed');
  });
});
