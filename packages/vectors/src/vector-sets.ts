// SPDX-License-Identifier: GPL-2.0-only

/** A file of vectors. */
export interface VectorSet {
  /** What it is called: `6.18`, `reference`. */
  readonly name: string;
  /** The release whose answers it has; null for the reference, v6.6.0 to v6.9, which answer alike. */
  readonly kernel: string | null;
  /** Vectors in it. */
  readonly count: number;
}

const set = (name: string, kernel: string | null, count: number): VectorSet => ({ name, kernel, count });

/** Every file of vectors: those of the reference, `nasty` of which is by hand, then series from the oldest. */
export const VECTOR_SETS: readonly VectorSet[] = [
  set('reference', null, 4000),
  set('nasty', null, 57),
  set('5.4', '5.4.301', 1000 + 325),
  set('5.10', '5.10.265', 1000 + 341),
  set('5.15', '5.15.215', 1000 + 155),
  set('6.1', '6.1.192', 1000 + 15),
  set('6.6', '6.6.150', 1000 + 15),
  set('6.12', '6.12.117', 1000 + 44),
  set('6.13', '6.13.7', 500),
  set('6.14', '6.14', 500),
  set('6.17', '6.17.0', 500),
  set('6.18', '6.18.35', 1000 + 188),
  set('7.3', '7.3.4', 1500 + 79),
];
