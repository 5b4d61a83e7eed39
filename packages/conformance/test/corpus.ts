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

/** The vector files of the reference kernel, v6.6.0 to v6.9, and of others: the kernels' own answers. */
type VectorFile = 'reference' | 'nasty' | Series;

/** A series other than the reference's. */
type Series = '5.4' | '5.10' | '5.15' | '6.1' | '6.6' | '6.12' | '6.13' | '6.14' | '6.17' | '6.18' | '7.3';

/** Series before and after the reference of which a release's answers were recorded too: that release, and how many. */
export const OTHER_KERNELS: Readonly<Record<Series, readonly [kernel: string, lines: number]>> = {
  '5.4': ['5.4.301', 1000 + 325],
  '5.10': ['5.10.265', 1000 + 341],
  '5.15': ['5.15.215', 1000 + 155],
  '6.1': ['6.1.192', 1000 + 15],
  '6.6': ['6.6.150', 1000 + 15],
  '6.12': ['6.12.117', 1000 + 44],
  '6.13': ['6.13.7', 500],
  '6.14': ['6.14', 500],
  '6.17': ['6.17.0', 500],
  '6.18': ['6.18.35', 1000 + 188],
  '7.3': ['7.3.4', 1500 + 79],
};

/** Those series, oldest first. */
export const SERIES = Object.keys(OTHER_KERNELS) as Series[];

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
export const eraLines: readonly string[] = [...allLines, ...SERIES.flatMap(vectorLines)];
