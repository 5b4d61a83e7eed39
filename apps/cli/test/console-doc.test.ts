// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { version6 } from '../../../packages/trace/test/dat-files.ts';
import { runConsole } from './console.ts';
import { image } from './images.ts';
import { captured } from './machines.ts';
import { folder, repository, unpacked, zstd } from './run.ts';

/** The whole trace of a run, of which the tests of `@spte/trace` have a part. */
const trace = (): string => unpacked('packages/trace/test/fixtures/vmx61-ept-noad.trace.txt.gz').toString();

/** The lines of a block that the command was given: explanations stand below them, indented. */
function given(document: string, command: RegExp): string {
  const [, block = ''] =
    new RegExp(`^\\$ ${command.source}.*\\n((?:.*\\n)*?)\`\`\`$`, 'm').exec(document) ?? [];
  return block.replaceAll(/^(?: |\$).*\n/gm, '');
}

/** What documents find where their commands are run. */
type Files = (document: string, at: string) => void;

const repositoryIn = (at: string): void =>
  symlinkSync(join(repository, 'packages'), join(folder, at, 'packages'));

/** Puts a file where the commands of a document run. */
const put = (at: string, name: string, content: string | Uint8Array): void =>
  writeFileSync(join(folder, at, name), content);

function machineWithImage(at: string, called: string): void {
  captured('svm61-npt-tdp-dump', `${at}/${called}`);
  put(at, 'mem.img.zst', zstd(readFileSync(image('mem.img'))));
}

const documents: Readonly<Record<string, Files>> = {
  'README.md': (_document, at) => {
    repositoryIn(at);
    machineWithImage(at, 'captured');
    mkdirSync(join(folder, at, 'traces'));
    put(at, 'traces/one.dat', version6());
    put(at, 'traces/two.dat', version6());
  },
  'CONTRIBUTING.md': (_document, at) => repositoryIn(at),
  'apps/cli/README.md': (document, at) => {
    captured('vmx61-ept-noad', `${at}/captured`);
    put(at, 'captured/trace.txt', trace());
    put(at, 'splat.txt', given(document, /spte annotate splat\.txt/));
    for (const day of ['day1', 'day2']) {
      mkdirSync(join(folder, at, day));
      put(at, `${day}/${day}.dat`, version6());
    }
    machineWithImage(at, 'amd');
  },
  'docs/transcripts.md': (document, at) => {
    captured('vmx61-ept-noad', `${at}/captured`);
    put(at, 'trace.txt', trace());
    const part = given(document, /spte annotate part\.txt/);
    const whole = new Set(
      trace()
        .split('\n')
        .map((line) => line.trim()),
    );
    expect(
      part
        .trimEnd()
        .split('\n')
        .filter((line) => !whole.has(line)),
    ).toEqual([]);
    put(at, 'part.txt', part);
    put(at, 'splat.txt', given(document, /spte annotate splat\.txt/));
  },
  'apps/cli/docs/ci.md': (_document, at) => {
    captured('vmx61-ept-noad', `${at}/captured`);
    put(at, 'trace.txt', trace());
    const lines = trace().split('\n');
    lines[28] = lines[28]?.replace('spte 6100000045bc877 ', 'spte 6108000045bc877 ') ?? '';
    put(at, 'next.txt', lines.join('\n'));
  },
  'apps/cli/docs/json.md': (_document, at) => {
    repositoryIn(at);
    captured('vmx61-ept-noad', `${at}/host`);
    captured('svm61-npt-tdp-dump', `${at}/amd`);
    put(at, 'trace.txt', trace());
    put(at, 'splat.txt', 'spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000\n');
    image(`${at}/mem.img`);
    image(`${at}/later.img`, (address, page) => {
      if (address !== 0x83da000) return;
      page.writeBigUInt64LE(0xffd3e67n, 2 * 8);
      page.writeBigUInt64LE(0n, 8 * 8);
    });
  },
};

describe('what documents show that the command prints is what it prints', () => {
  it.each(Object.keys(documents))('%s', async (name) => {
    const path = join(repository, name);
    const before = readFileSync(path, 'utf8');
    const at = name.replaceAll('/', '-');
    mkdirSync(join(folder, at));
    documents[name]?.(before, at);
    const { document, ran } = await runConsole(before, join(folder, at));
    expect(ran).toBeGreaterThan(0);
    // `vitest -u` writes the document.
    await expect(document).toMatchFileSnapshot(path);
  });
});

describe('what is run of a document', () => {
  const shown = (text: string): Promise<{ readonly document: string; readonly ran: number }> =>
    runConsole(`\`\`\`console\n${text}\`\`\`\n`, folder);
  const block = (text: string): string => `\`\`\`console\n${text}\`\`\`\n`;

  it('gets what the command prints, in the place of something else', async () => {
    const { document, ran } = await shown('$ echo one | cat\ntwo\n$ echo two\ntwo\n');
    expect(document).toBe(block('$ echo one | cat\none\n$ echo two\ntwo\n'));
    expect(ran).toBe(2);
  });

  it('keeps its cuts, and the lines around them are those that are printed', async () => {
    const { document } = await shown('$ seq 9\n0\n…\n4\n5x\n  …\n8\n8\n');
    expect(document).toBe(block('$ seq 9\n1\n…\n4\n5\n  …\n8\n9\n'));
  });

  it('is marked where nothing between two cuts is printed any more', async () => {
    const { document } = await shown('$ seq 9\n1\n…\nx\n…\n9\n');
    expect(document).toContain('not printed: x');
  });

  it('may show no output at all, and may not complain', async () => {
    expect((await shown('$ spte presets\n')).document).toBe(block('$ spte presets\n'));
    await expect(shown('$ spte nothing\n')).rejects.toThrow('exit status 2');
  });

  it('does not need what no test can run', async () => {
    const text = '$ npm start    # the page\n$ trace-cmd report | spte annotate\nanything\n';
    expect(await shown(text)).toEqual({ document: block(text), ran: 0 });
  });
});
