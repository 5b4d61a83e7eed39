// SPDX-License-Identifier: GPL-2.0-only
import { hex, PAGE_SHIFT } from '@spte/core';
import { type Parsed, parseHex } from '../fields/parse.ts';

/** A physical address has at most 52 bits, so that a frame has 40. */
const MAX_FRAME = (1n << 40n) - 1n;

const LEVEL_BITS = 9n;
const SIZES: Readonly<Record<number, string>> = { 1: '4K', 2: '2M', 3: '1G' };

/** How many frames a page of this level has. */
const framesAt = (level: number): bigint => 1n << (LEVEL_BITS * BigInt(level - 1));

/** The frame that a page of this level begins at, where `frame` is in it; as `gfn_round_for_level()`. */
function roundedFrame(frame: bigint, level: number): bigint {
  return frame & ~(framesAt(level) - 1n);
}

/** Reads a gfn or a pfn that a page of this level is to begin at. */
export function parseFrame(typed: string, level: number): Parsed<bigint> {
  const parsed = parseHex(typed);
  if (!parsed.ok) return parsed;
  const frame = parsed.value;
  if (frame > MAX_FRAME) {
    return {
      ok: false,
      error: `is beyond ${hex(MAX_FRAME)}, the last page of 52 address bits: is it an address?`,
    };
  }
  const start = roundedFrame(frame, level);
  if (start === frame) return parsed;
  const next = start + framesAt(level);
  return {
    ok: false,
    error: `no ${SIZES[level] ?? ''} page begins there: one does at ${hex(start)}, the next at ${hex(next)}`,
  };
}

/** Reads the physical address of a page table. */
export function parseTableAddress(typed: string): Parsed<bigint> {
  const parsed = parseHex(typed);
  if (!parsed.ok) return parsed;
  if (parsed.value >> PAGE_SHIFT > MAX_FRAME) return { ok: false, error: 'is beyond 52 address bits' };
  if ((parsed.value & ((1n << PAGE_SHIFT) - 1n)) === 0n) return parsed;
  return { ok: false, error: 'no table begins there: its last three digits are 0' };
}

/** What was typed as a frame, rounded for a level where it is one at all. */
export function roundedText(typed: string, level: number): string {
  const parsed = parseHex(typed);
  return parsed.ok ? hex(roundedFrame(parsed.value, level)) : typed;
}
