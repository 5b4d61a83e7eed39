// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedSpte, type Evidence, evidenceText, type SpteKind } from '@spte/core';

/** A test of what an entry is, with its outcome in words. */
export interface Proof {
  /** What follows from it, such as `leaf, tracked or table`, or `not frozen`. */
  readonly verdict: string;
  readonly text: string;
  /** The kernel function that tests it. */
  readonly rule: string;
}

/** What speaks for the kind of an entry and against it. */
export interface Proofs {
  readonly speaksFor: readonly Proof[];
  readonly speaksAgainst: readonly Proof[];
}

/** Sorts the tests by whether they confirm what the entry was found to be. */
export function proofsOf({ kind, evidence }: Pick<DecodedSpte, 'kind' | 'evidence'>): Proofs {
  const confirms = ({ kinds, holds }: Evidence): boolean => kinds.includes(kind) === holds;
  return {
    speaksFor: evidence.filter(confirms).map(proofOf),
    speaksAgainst: evidence.filter((test) => !confirms(test)).map(proofOf),
  };
}

function proofOf(evidence: Evidence): Proof {
  const { kinds, holds, because } = evidence;
  return {
    verdict: `${holds ? '' : 'not '}${listOf(kinds)}`,
    text: evidenceText(evidence),
    rule: because.rule,
  };
}

function listOf(kinds: readonly SpteKind[]): string {
  const [last, ...before] = kinds.toReversed();
  return before.length === 0 ? (last ?? '') : `${before.toReversed().join(', ')} or ${last ?? ''}`;
}
