// SPDX-License-Identifier: GPL-2.0-only
import { useState } from 'preact/hooks';

/** Bits to which attention is drawn. */
export interface Spot {
  readonly mask: bigint;
  /** What is said about them. */
  readonly caption: string;
}

export interface Highlight {
  /** What is pointed at, or else what was chosen. */
  readonly spot: Spot | null;
  readonly chosen: Spot | null;
  /** Draws attention while something is pointed at or has the focus; null when no longer. */
  readonly point: (spot: Spot | null) => void;
  /** Keeps the attention there; a second time lets it go. */
  readonly choose: (spot: Spot) => void;
}

/** Attention that the ruler and the table of an entry share. */
export function useHighlight(): Highlight {
  const [pointed, point] = useState<Spot | null>(null);
  const [chosen, setChosen] = useState<Spot | null>(null);
  return {
    spot: pointed ?? chosen,
    chosen,
    point,
    choose: (spot) => setChosen((before) => (before?.caption === spot.caption ? null : spot)),
  };
}
