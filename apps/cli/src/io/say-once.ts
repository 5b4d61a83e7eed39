// SPDX-License-Identifier: GPL-2.0-only
import type { Io } from './io.ts';

/** What each run has said. */
const said = new WeakMap<Io['complain'], Set<string>>();

/** Says something beside the answer, once a run. */
export function sayOnce({ complain }: Pick<Io, 'complain'>, text: string): void {
  const before = said.get(complain) ?? new Set();
  said.set(complain, before);
  if (!before.has(text)) complain(`spte: ${text}\n`);
  before.add(text);
}
