// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { main } from '../src/cli.ts';
import type { Io } from '../src/io/io.ts';

/** What a run left behind. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions extends Partial<Pick<Io, 'terminal' | 'env' | 'cwd' | 'sectionBytes'>> {
  readonly stdin?: string | Uint8Array | undefined;
}

/** Runs the command within this process. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  const out: Buffer[] = [];
  let err = '';
  const input = async function* (): AsyncGenerator<string | Uint8Array> {
    yield await Promise.resolve(options.stdin ?? '');
  };
  const code = await main(argv, {
    write: async (text) => {
      out.push(Buffer.from(text));
      await Promise.resolve();
    },
    complain: (text) => {
      err += text;
    },
    draw: (text) => {
      err += text;
    },
    stdin: input(),
    env: options.env ?? {},
    cwd: options.cwd ?? folder,
    terminal: options.terminal ?? false,
    errorTerminal: false,
    cores: 1,
    ...(options.sectionBytes === undefined ? {} : { sectionBytes: options.sectionBytes }),
  });
  return { code, out: Buffer.concat(out).toString(), err };
}

/** Runs a command line, words apart by spaces. */
export async function spte(line: string, options: RunOptions = {}): Promise<Run> {
  return run(
    line.split(' ').filter((word) => word !== ''),
    options,
  );
}

/** Its JSON document. */
export async function json(line: string, options: RunOptions = {}): Promise<unknown> {
  const { out } = await spte(`${line} --json`, options);
  return JSON.parse(out);
}

/** Its lines of JSON. */
export async function ndjson(line: string, options: RunOptions = {}): Promise<unknown[]> {
  const { out } = await spte(`${line} --ndjson`, options);
  return out
    .trimEnd()
    .split('\n')
    .map((text): unknown => JSON.parse(text));
}

/** Its lines of JSON without the last one, which sums them up. */
export async function records(line: string, options: RunOptions = {}): Promise<unknown[]> {
  return (await ndjson(line, options)).slice(0, -1);
}

/** A folder of this test file, gone at its end. */
export const folder: string = mkdtempSync(join(tmpdir(), 'spte-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The root of the repository. */
export const repository: string = dirname(fileURLToPath(new URL('../../../package.json', import.meta.url)));

/** A gzipped file of the repository. */
export function unpacked(path: string): Buffer {
  return gunzipSync(readFileSync(join(repository, path)));
}

/** Magic number; four bytes of size follow; a window of 1 MiB, as that of any large file is smaller than the file. */
const ZSTD_HEADER = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x50]);

/** How a block of a zstd frame is given: as it is, or one byte that is repeated. */
const RAW = 0;
const REPEATED = 1;

/** A zstd frame that holds bytes uncompressed, but for blocks of zeros. */
export function zstd(content: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  const blocks: Uint8Array[] = [];
  const most = 1 << 16;
  const zeros = Buffer.alloc(most);
  for (let start = 0; start < content.length; start += most) {
    const block = content.subarray(start, start + most);
    const last = start + most >= content.length ? 1 : 0;
    const empty = zeros.subarray(0, block.length).equals(block);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | ((empty ? REPEATED : RAW) << 1) | last, 0, 3);
    blocks.push(header, empty ? zeros.subarray(0, 1) : block);
  }
  return Buffer.concat([ZSTD_HEADER, size, ...blocks]);
}
