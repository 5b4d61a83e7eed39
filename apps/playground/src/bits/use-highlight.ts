// SPDX-License-Identifier: GPL-2.0-only
import { useState } from 'preact/hooks';

/** Bits to which attention is drawn. */
export interface Spot {
  /** The bit that is pointed at, or null when it is a field or a reason. */
  readonly bit: number | null;
  readonly mask: bigint;
  /** Tells what is pointed at from all else on the page. */
  readonly id: string;
}

export interface Highlight {
  /** What is pointed at, or else what is pinned. */
  readonly spot: Spot | null;
  readonly pinned: Spot | null;
  /** Draws attention while something is pointed at or has the focus; null when no longer. */
  readonly point: (spot: Spot | null) => void;
  /** Keeps the attention there; a second time lets it go. */
  readonly pin: (spot: Spot) => void;
  /** Lets go of everything. */
  readonly release: () => void;
}

/** Attention that the register, the inspector and the table of an entry share. */
export function useHighlight(): Highlight {
  const [pointed, point] = useState<Spot | null>(null);
  const [pinned, setPinned] = useState<Spot | null>(null);
  return {
    spot: pointed ?? pinned,
    pinned,
    point,
    pin: (spot) => setPinned((before) => (before?.id === spot.id ? null : spot)),
    release() {
      point(null);
      setPinned(null);
    },
  };
}
