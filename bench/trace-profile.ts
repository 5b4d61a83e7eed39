// SPDX-License-Identifier: GPL-2.0-only
// Where a process spends its time.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { table } from './stats.ts';

/** What `node --cpu-prof` writes, as far as it is used. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 12;

/** The functions that take most time themselves, as a table; `start` runs a process with more flags. */
export function profileOf(folder: string, start: (flags: readonly string[]) => unknown): string {
  const target = join(folder, 'profile');
  mkdirSync(target, { recursive: true });
  start(['--cpu-prof', `--cpu-prof-dir=${target}`]);
  // The loader of the sources leaves one as well, which is shorter.
  const [longest = ''] = readdirSync(target)
    .map((name) => readFileSync(join(target, name), 'utf8'))
    .toSorted((a, b) => b.length - a.length);
  const { nodes, samples, timeDeltas } = JSON.parse(longest) as CpuProfile;
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName === '' ? '(anonymous)' : functionName} ${url === '' ? '' : `${basename(url)}:${lineNumber + 1}`}`,
    ]),
  );
  const times = new Map<string, number>();
  let all = 0;
  samples.forEach((id, i) => {
    const name = names.get(id) ?? '';
    const time = timeDeltas[i] ?? 0;
    times.set(name, (times.get(name) ?? 0) + time);
    all += time;
  });
  const rows = [...times].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
  return table(
    ['function', 'share'],
    rows.map(([name, time]) => [`\`${name.trim()}\``, `${((100 * time) / all).toFixed(1)} %`]),
  );
}
