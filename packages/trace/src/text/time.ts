// SPDX-License-Identifier: GPL-2.0-only
import { MAX_TIME_DIGITS } from './limits.ts';

/** A time without its dot, and how many of the digits stood after it; 255 digits for anything that is not such a time. */
export interface PrintedTime {
  readonly time: bigint;
  readonly digits: number;
}

const NO_TIME: PrintedTime = { time: 0n, digits: 255 };

/** Reads `5.892991`, or ticks without a dot. */
export function printedTime(timestamp: string | null): PrintedTime {
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(timestamp ?? '') ?? [];
  const digits = whole + fraction;
  if (digits === '' || digits.length > MAX_TIME_DIGITS) return NO_TIME;
  return { time: BigInt(digits), digits: fraction.length };
}
