// SPDX-License-Identifier: GPL-2.0-only
import { VECTOR_SETS } from '@spte/vectors';
import { vectorLines } from '@spte/vectors/node';

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

/** The names of series before and after the reference's, oldest first. */
export const SERIES: readonly string[] = VECTOR_SETS.filter(({ kernel }) => kernel !== null).map(
  ({ name }) => name,
);

/** Every line of the reference kernel. */
export const allLines: readonly string[] = [...vectorLines('reference'), ...vectorLines('nasty')];

/** Reads a line without any of the checks of the runner. */
export function parseRaw(line: string): RawVector {
  return JSON.parse(line) as RawVector;
}

/** Every line of every kernel. */
export const eraLines: readonly string[] = [...allLines, ...SERIES.flatMap(vectorLines)];
