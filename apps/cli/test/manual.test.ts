// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeLeftovers } from '../src/io/leftovers.ts';
import { file, folder, spte } from './run.ts';
import { shell } from './shell.ts';

/** Runs a program with an input; null where there is none of that name. */
const tool = (name: string, args: readonly string[], input: string): string | null => {
  const { error, stdout, stderr } = spawnSync(name, args, { input, encoding: 'utf8' });
  return error === undefined ? stdout + stderr : null;
};

/** Commands, and the flags of each as its help shows them. */
async function flagsOf(name: string): Promise<string[]> {
  const { out } = await spte(`${name} --help`);
  return [...out.matchAll(/^ {2}(?:-h, )?(--[\w-]+)/gm)].map(([, flag]) => flag as string);
}

const commands = async (): Promise<string[]> =>
  [...(await spte('--help')).out.matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name]) => name as string)
    .filter((name) => name !== 'help');

describe('spte man', () => {
  it('explains every command and every flag', async () => {
    const { out, code } = await spte('man');
    expect(code).toBe(0);
    const names = await commands();
    expect(names).toContain('decode');
    for (const name of names) {
      expect(out).toContain(`.SS "spte ${name}`);
      for (const flag of await flagsOf(name)) expect(out).toContain(flag.replaceAll('-', '\\-'));
    }
  });

  it('has every flag that many commands have once', async () => {
    const { out } = await spte('man');
    expect(out.split('\n').filter((line) => line.startsWith('.B \\-\\-maxphyaddr'))).toHaveLength(1);
    expect(out.split('\n').filter((line) => line === '.SH CONTEXT (KERNEL AND MACHINE)')).toHaveLength(1);
    expect(out).toContain('Flags of OUTPUT and CONTEXT (KERNEL AND MACHINE): below.');
  });

  it('is a page that groff(1) has nothing against', async () => {
    const { out } = await spte('man');
    // The requests that it is made of: no text is taken for one.
    const requests = [...out.matchAll(/^[.'](\S*)/gm)].map(([, name]) => name);
    expect(new Set(requests)).toEqual(new Set('TH SH B I RI PP nf fi SS TP'.split(' ')));
    expect(tool('groff', ['-man', '-Tutf8', '-ww', '-z'], out) ?? '').toBe('');
  });
});

describe('spte completion', () => {
  const completed = async (...words: string[]): Promise<string[]> => {
    const line = `source <(spte completion bash); COMP_WORDS=(spte ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _spte; echo "\${COMPREPLY[@]}"`;
    const { out } = await shell(line);
    return out.trim().split(' ');
  };

  it('knows commands, flags, and what may stand after either, in bash', async () => {
    expect(await completed('wal')).toEqual(['walk']);
    expect(await completed('help', 'dec')).toEqual(['decode']);
    expect(await completed('walk', '--su')).toEqual(['--summary']);
    expect(await completed('decode', '--vendor', '')).toEqual(['vmx', 'svm']);
    expect(await completed('completion', '')).toEqual(['bash', 'zsh']);
    expect(await completed('decode', 'x')).toEqual(['']);
  });

  it('says in zsh what the help says', async () => {
    const { out } = await spte('completion zsh');
    expect(out).toContain("'*--vendor[vmx (intel) or svm (amd)]:value:(vmx svm)'");
    expect(out).toContain(
      "'*--host[a machine: a folder with cpuinfo, params, uname, or a captured bundle]:value:_files'",
    );
    expect(out).toContain("'*--summary[");
    expect(out).toContain("'1:word:(bash zsh)'");
    for (const name of await commands()) {
      for (const flag of await flagsOf(name)) expect(out).toContain(`'*${flag}[`);
    }
    expect(tool('zsh', ['-n'], out) ?? '').toBe('');
  });
});

describe('what a killed process has left behind', () => {
  /** No process has this number: Linux has 2^22 at most. */
  const DEAD = 1 << 23;
  const hoursAgo = (path: string, hours: number): void => {
    const time = Date.now() / 1000 - hours * 3600;
    utimesSync(join(folder, path), time, time);
  };

  it('is removed when it is old', () => {
    mkdirSync(join(folder, 'left'), { recursive: true });
    const files = [
      [`${DEAD}.old`, 2],
      [`${DEAD + 1}.young`, 0],
      [`${process.pid}.mine`, 2],
      ['other.txt', 2],
    ] as const;
    for (const [name, hours] of files) {
      file(`left/${name}`, '');
      hoursAgo(`left/${name}`, hours);
    }
    mkdirSync(join(folder, `left/${DEAD}.folder`));
    file(`left/${DEAD}.folder/image`, '');
    hoursAgo(`left/${DEAD}.folder`, 2);
    removeLeftovers(join(folder, 'left'), (name) => /^(\d+)\./.exec(name)?.[1]);
    expect(readdirSync(join(folder, 'left')).toSorted()).toEqual(
      [`${DEAD + 1}.young`, `${process.pid}.mine`, 'other.txt'].toSorted(),
    );
  });

  it('is removed by who writes a part of the same name', async () => {
    file('a.txt', 'nothing\n');
    mkdirSync(join(folder, 'parts'));
    for (const name of [`.a.txt.parquet.${DEAD}.tmp`, `.b.txt.parquet.${DEAD}.tmp`]) {
      file(`parts/${name}`, '');
      hoursAgo(`parts/${name}`, 2);
    }
    await spte('annotate a.txt --preset haswell --parquet parts/');
    expect(readdirSync(join(folder, 'parts')).toSorted()).toEqual([
      `.b.txt.parquet.${DEAD}.tmp`,
      'a.txt.parquet',
    ]);
  });
});
