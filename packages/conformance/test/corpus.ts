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
  kernel?: string;
  config: Record<string, Json>;
  initWarnings: Json[];
  masks: Record<string, Json>;
  args: Record<string, Json>;
  result: Record<string, Json>;
  warnings: Json[];
}

/** The vector files of the reference kernel, v6.6 to v6.9, and of three others: the kernels' own answers. */
type VectorFile = 'reference' | 'nasty' | Era;

/** Kernels before and after the reference whose answers were recorded too. */
type Era = '6.1' | '6.12' | '7.3';

/** Where a vector file lives. */
function vectorPath(file: VectorFile): string {
  return fileURLToPath(new URL(`../vectors/${file}.jsonl.gz`, import.meta.url));
}

/** The lines of a vector file. */
export function vectorLines(file: VectorFile): string[] {
  return gunzipSync(readFileSync(vectorPath(file)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Every line of the reference kernel. */
export const allLines: readonly string[] = [...vectorLines('reference'), ...vectorLines('nasty')];

/** Reads a line without any of the checks of the runner. */
export function parseRaw(line: string): RawVector {
  return JSON.parse(line) as RawVector;
}

/** Every line of every kernel. */
export const eraLines: readonly string[] = [
  ...allLines,
  ...vectorLines('6.1'),
  ...vectorLines('6.12'),
  ...vectorLines('7.3'),
];
