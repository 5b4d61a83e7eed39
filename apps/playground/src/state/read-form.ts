// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { type Codecs, choice, text } from '../fields/codec.ts';

/** The form of an entry to be read. */
export interface ReadForm {
  readonly spte: string;
  readonly level: '?' | '1' | '2' | '3' | '4' | '5';
  /** What the entry is changed to; empty when that is not asked. */
  readonly becomes: string;
}

export const readCodecs: Codecs<ReadForm> = {
  spte: text,
  level: choice('?', '1', '2', '3', '4', '5'),
  becomes: text,
};

/** The entry of a public KVM trace with which the page opens. */
export const firstRead: ReadForm = { spte: '0x600000455299b77', level: '1', becomes: '' };

/** The form without the level, which is not known of another entry. */
export const untold = (form: ReadForm): ReadForm => ({ ...form, level: '?' });

/** The form for an entry at hand. */
export function readFormOf(spte: bigint, level: number | null): ReadForm {
  const levels: readonly ReadForm['level'][] = ['?', '1', '2', '3', '4', '5'];
  return { spte: hex(spte), level: levels[level ?? 0] ?? '?', becomes: '' };
}
