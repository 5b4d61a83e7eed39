// SPDX-License-Identifier: GPL-2.0-only
import { explainSpte, verdict } from '@spte/core';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { sentence } from '../read/read.ts';
import type { Question } from './tours.ts';

/** What became of an entry when a bit was turned over. */
interface Answer {
  readonly isRight: boolean;
  readonly verdict: string;
}

/**
 * Turns over a bit of the entry of a question, and asks the packages what it is then.
 *
 * @param bit 0..63
 * @throws Error when the machine of the question is none
 */
export function answerOf({ preset, machine, spte, level, isRight }: Question, bit: number): Answer {
  const computed = mmuOf({ ...presetOf(preset).machine, ...machine });
  if (!computed.ok) throw new Error('a question about no machine');
  const explained = explainSpte(computed.value, spte ^ (1n << BigInt(bit)), level);
  return { isRight: isRight(explained), verdict: sentence(verdict(explained)) };
}
