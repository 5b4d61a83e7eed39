// SPDX-License-Identifier: GPL-2.0-only

const SECONDS = /^(\d{1,12})(?:\.(\d{1,9}))?$/;
const NANO_DIGITS = 9;

/** Nanoseconds of seconds as a trace prints them, `56.284610`; null for what is written otherwise. */
export function nanoseconds(text: string): bigint | null {
  const [, seconds, fraction = ''] = SECONDS.exec(text) ?? [];
  return seconds === undefined ? null : BigInt(seconds + fraction.padEnd(NANO_DIGITS, '0'));
}
