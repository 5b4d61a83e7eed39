// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, unpacked } from './run.ts';

interface Fixture {
  readonly runs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const fixture = (path: string): Fixture => JSON.parse(unpacked(path).toString()) as Fixture;

/** Machines of real kernels, by name: the files that they gave about themselves. */
export const machines: Fixture['runs'] = fixture('packages/host/test/fixtures/runs.json.gz').runs;

/** Traces of the same, by name. */
export const traces: Fixture['runs'] = fixture('packages/trace/test/fixtures/traces.json.gz').runs;

/** Puts the files of a machine into a folder, which is called as it is unless told otherwise. */
export function captured(name: string, called: string = name): string {
  const place = join(folder, called);
  mkdirSync(place, { recursive: true });
  for (const [file, text] of Object.entries(machines[name] ?? {})) writeFileSync(join(place, file), text);
  return place;
}
