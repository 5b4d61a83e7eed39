// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** A JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** A vector as it stands in its file. */
export interface RawVector {
  fn: string;
  preset?: string;
  note?: string;
  config: Record<string, Json>;
  initWarnings: Json[];
  masks: Record<string, Json>;
  args: Record<string, Json>;
  result: Record<string, Json>;
  warnings: Json[];
}

/** The vector files of the reference kernel, v6.6 to v6.9: copies of the kernel's own answers. */
export type VectorFile = 'reference' | 'nasty';

/** Where a vector file lives. */
export function vectorPath(file: VectorFile): string {
  return fileURLToPath(new URL(`../vectors/${file}.jsonl.gz`, import.meta.url));
}

/** The lines of a vector file. */
export function vectorLines(file: VectorFile): string[] {
  return gunzipSync(readFileSync(vectorPath(file)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Every line of both files. */
export const allLines: readonly string[] = [...vectorLines('reference'), ...vectorLines('nasty')];

/** Reads a line without any of the checks of the runner. */
export function parseRaw(line: string): RawVector {
  return JSON.parse(line) as RawVector;
}
