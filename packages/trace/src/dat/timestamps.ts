// SPDX-License-Identifier: GPL-2.0-only

/** Clocks that count nanoseconds. The others count something else: events, or cycles of the CPU. */
const NANOSECOND_CLOCKS: ReadonlySet<string> = new Set([
  'local',
  'global',
  'perf',
  'mono',
  'mono_raw',
  'boot',
  'tai',
  'uptime',
]);

/** Writes a timestamp: seconds and microseconds, rounded as trace-cmd does; a plain count for other clocks. */
export function formatTimestamp(clock: string, timestamp: bigint): string {
  if (!NANOSECOND_CLOCKS.has(clock)) return String(timestamp);
  const microseconds = (timestamp + 500n) / 1000n;
  return `${microseconds / 1_000_000n}.${String(microseconds % 1_000_000n).padStart(6, '0')}`;
}
