// SPDX-License-Identifier: GPL-2.0-only
import { startsWith } from './magic.ts';

/** First bytes of a trace.dat. */
const MAGIC = [0x17, 0x08, 0x44, ...Buffer.from('tracing')];

/** Whether an input that begins so is a trace.dat. */
export function isTraceDat(first: Uint8Array): boolean {
  return startsWith(first, MAGIC);
}
