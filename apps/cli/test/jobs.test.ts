// SPDX-License-Identifier: GPL-2.0-only
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { traceFiles } from '@spte/testing/runs';
import { sampled } from '@spte/testing/sampled';
import { beforeAll, describe, expect, it } from 'vitest';
import { duckdb, objects } from './duckdb.ts';
import { file, folder, spte } from './run.ts';
import { FROM_SOURCES, shellLine } from './shell.ts';

const CONTEXT = '--kernel 6.1 --vendor svm --maxphyaddr 40';
const NAMES = ['svm61-npt-tdp', 'svm61-nx-force', 'vmx73-ept-ad', 'svm61-shadow'];
const INPUTS = [...NAMES.map((name) => `${name}.txt`), 'none.txt', 'cut.txt'].join(' ');

const connection = await duckdb();

beforeAll(() => {
  for (const name of NAMES) file(`${name}.txt`, traceFiles[name]?.['trace.txt'] ?? '');
  file('cut.txt', 'kvm_mmu_set_spte: gfn\n');
});

describe('--jobs', () => {
  const line = `annotate ${INPUTS} ${CONTEXT}`;

  it.each(sampled(['--ndjson --check'], ['', '--ndjson --check']))(
    'changes nothing about what is printed: %s',
    async (flags) => {
      const threads = await spte(`${line} ${flags} --jobs 2`);
      expect(threads).toEqual(await spte(`${line} ${flags}`));
      expect(threads.code).toBe(2);
      expect(threads.err).toContain('cut.txt: 1 line names an event but cannot be read');
    },
  );

  it('changes nothing about parts', async () => {
    const threads = await spte(`${line} --json --parquet many/ --jobs 2`);
    expect(threads).toEqual(await spte(`${line} --json --parquet one/`));
    const parts = readdirSync(join(folder, 'one'));
    expect(parts).toHaveLength(NAMES.length + 1);
    expect(readdirSync(join(folder, 'many'))).toEqual(parts);
    for (const part of parts) {
      expect(readFileSync(join(folder, 'many', part))).toEqual(readFileSync(join(folder, 'one', part)));
    }
  });
});

describe('--jobs of one large text', () => {
  it.each(sampled([''], ['', '--ndjson', '--json --only findings', '--summary']))(
    'changes nothing about what is printed: %s',
    async (flags) => {
      const line = `annotate svm61-npt-tdp.txt ${CONTEXT} ${flags}`;
      expect(await spte(`${line} --jobs 2`, { sectionBytes: 10_000 })).toEqual(await spte(line));
    },
  );

  it('changes nothing about rows that are wanted as one file', async () => {
    const line = `annotate svm61-npt-tdp.txt ${CONTEXT} --parquet`;
    const threads = await spte(`${line} sections.parquet --jobs 2`, { sectionBytes: 10_000 });
    expect(threads).toEqual(await spte(`${line} whole.parquet`));
    const rows = async (name: string) =>
      connection === null ? null : objects(connection, `select * from '${join(folder, name)}'`);
    expect(await rows('sections.parquet')).toEqual(await rows('whole.parquet'));
  });
});

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  /** Starts the command; its input never ends. */
  function start(words: string): ChildProcess {
    return spawn(process.execPath, [...FROM_SOURCES, ...words.split(' ')], {
      env: { ...process.env, INIT_CWD: folder, TMPDIR: join(folder, 'tmp') },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  }

  const hidden = (path: string): string[] =>
    readdirSync(join(folder, path)).filter((name) => name.startsWith('.'));

  async function untilHidden(path: string, count: number): Promise<void> {
    while (!existsSync(join(folder, path)) || hidden(path).length < count) await setTimeout(20);
  }

  it.each([
    ['annotate - --parquet stopped/', 'stopped', 1],
    ['annotate fifo1 fifo2 --jobs 2 --parquet stopped2/', 'stopped2', 1],
  ])('ends %s at once, and leaves nothing behind', async (words, place, parts) => {
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    const fifos = ['fifo1', 'fifo2'].map((name) => join(folder, name));
    execFileSync('bash', shellLine(`for f in ${fifos.join(' ')}; do [ -p "$f" ] || mkfifo "$f"; done`));
    const held = fifos.map((path) => openSync(path, 'r+'));
    const child = start(words);
    try {
      const ended = once(child, 'exit');
      await untilHidden(place, parts);
      child.kill('SIGINT');
      expect(await ended).toEqual([null, 'SIGINT']);
      expect(readdirSync(join(folder, place))).toEqual([]);
      expect(readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('spte-'))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
      held.forEach(closeSync);
    }
  });
});
