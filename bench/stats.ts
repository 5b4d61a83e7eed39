// SPDX-License-Identifier: GPL-2.0-only
// What the benchmarks share: medians, their spread, and tables.

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** The middle of the samples. */
export const median = (values: readonly number[]): number => sorted(values)[values.length >> 1] ?? Number.NaN;

/** The least of the samples. */
export const least = (values: readonly number[]): number => Math.min(...values);

/** The middle half of the samples. */
export function spread(values: readonly number[]): string {
  const all = sorted(values);
  const at = (part: number): string => (all[Math.floor(part * (all.length - 1))] ?? Number.NaN).toFixed(2);
  return `${at(0.25)}..${at(0.75)}`;
}

/** Samples of several contenders. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** How many times longer `a` takes than `b`. */
export const ratio = (samples: Samples, a: string, b: string): number =>
  median(samples[a] ?? []) / median(samples[b] ?? []);

/** Lets contenders take turns: one round to warm up, then those that count. */
export function takeTurns(contenders: Readonly<Record<string, () => number>>, rounds: number): Samples {
  const samples: Record<string, number[]> = Object.fromEntries(
    Object.keys(contenders).map((name) => [name, []]),
  );
  for (let round = 0; round <= rounds; round++) {
    for (const [name, sample] of Object.entries(contenders)) {
      const figure = sample();
      if (round > 0) samples[name]?.push(figure);
    }
  }
  return samples;
}

/** How long a call takes, in nanoseconds. */
export function nanoseconds(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start);
}

/** How much CPU time a call takes, in nanoseconds: other programs on the machine do not count. */
export function cpuNanoseconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return 1000 * (user + system);
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
