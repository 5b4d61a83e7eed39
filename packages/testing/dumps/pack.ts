// SPDX-License-Identifier: GPL-2.0-only
// Packs the memory of crash dumps, and what is true of them, for tests: `pack.ts FOLDER` with a folder for each run.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gunzipSync } from 'node:zlib';
import { openDumpFile } from '@spte/vmcore/node';
import { decompress } from 'fzstd';

/** The dump of each run that is packed; the other containers are made from its memory. */
const RUNS = {
  'svm61-two': 'vmcore.zlib',
  'svm61-shadow': 'vmcore.zlib',
  'vmx61-two': 'vmcore.zstd',
  'svm73-two': 'vmcore.zstd',
};

const folder = process.argv[2] ?? '.';
const decoders = { zstd: (input: Uint8Array, size: number) => decompress(input, new Uint8Array(size)) };
const pages: Uint8Array[] = [];
const known = new Map<string, number>();

/** The number of a page; equal pages are kept once. */
function numberOf(page: Uint8Array): number {
  const digest = createHash('sha256').update(page).digest('hex');
  const number = known.get(digest) ?? pages.push(page) - 1;
  known.set(digest, number);
  return number;
}

const runs: Record<string, unknown> = {};
const truths: Record<string, unknown> = {};
for (const [run, file] of Object.entries(RUNS)) {
  const dump = openDumpFile(join(folder, run, file), { decoders });
  const present = [...dump.runs()];
  const numbers: [pfn: number, page: number][] = [];
  for (const { start, end } of present) {
    for (let pfn = start; pfn < end; pfn++) {
      const { bytes } = dump.readPage(pfn);
      if (bytes?.some((byte) => byte !== 0) === true) numbers.push([pfn, numberOf(bytes)]);
    }
  }
  const text = (name: string): string => {
    const bytes = readFileSync(join(folder, run, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  };
  const walks = readdirSync(join(folder, run)).filter((name) => name.startsWith('walk-'));
  runs[run] = { present, pages: numbers, vmcoreinfo: dump.vmcoreinfo };
  truths[run] = {
    vms: JSON.parse(text('vms.json')) as unknown,
    masks: text('masks.txt'),
    walks: Object.fromEntries(walks.map((name) => [name.replace(/\.gz$/, ''), text(name)])),
  };
  dump.close();
}

function pack(name: string, bytes: Uint8Array): void {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LARGE_WINDOW]: 1,
    [constants.BROTLI_PARAM_LGWIN]: 28,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  writeFileSync(new URL(name, import.meta.url), brotliCompressSync(bytes, { params }));
}

pack('truths.json.br', Buffer.from(JSON.stringify(truths)));
const head = Buffer.from(JSON.stringify(runs));
const length = Buffer.alloc(4);
length.writeUInt32LE(head.length);
pack('memory.br', Buffer.concat([length, head, ...pages]));
