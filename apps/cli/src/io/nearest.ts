// SPDX-License-Identifier: GPL-2.0-only

/** Names that are offered for one that there is not. */
const MAX_NEAR = 3;

/** The longest word that is compared: no name is half as long. */
const MAX_WORD = 64;

/** A word in pieces of three letters. */
const piecesOf = (word: string): Set<string> =>
  new Set(Array.from({ length: Math.max(1, word.length - 2) }, (_, at) => word.slice(at, at + 3)));

/** The names that are most like a word that somebody typed, best first; none where nothing is alike. */
export function nearest(word: string, names: readonly string[]): string[] {
  const asked = piecesOf(word.slice(0, MAX_WORD).toLowerCase());
  return names
    .map((name) => ({ name, alike: [...piecesOf(name)].filter((piece) => asked.has(piece)).length }))
    .filter(({ alike }) => alike > 0)
    .toSorted((a, b) => b.alike - a.alike)
    .slice(0, MAX_NEAR)
    .map(({ name }) => name);
}
