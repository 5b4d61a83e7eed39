// SPDX-License-Identifier: GPL-2.0-only

/** Clocks that count nanoseconds. The others count something else: events, or cycles of the CPU. */
const NANOSECOND_CLOCKS: readonly string[] = [
  'local',
  'global',
  'perf',
  'mono',
  'mono_raw',
  'boot',
  'tai',
  'uptime',
];

/** How a timestamp is written: seconds and microseconds, rounded as trace-cmd does; a plain count for other clocks. */
export function timestampFormat(clock: string): (timestamp: bigint) => string {
  if (!NANOSECOND_CLOCKS.includes(clock)) return String;
  return (timestamp) => {
    const microseconds = (timestamp + 500n) / 1000n;
    return `${microseconds / 1_000_000n}.${String(microseconds % 1_000_000n).padStart(6, '0')}`;
  };
}
