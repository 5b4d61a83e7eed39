// SPDX-License-Identifier: GPL-2.0-only

/** Texts that are too long for a link, while the tab is open; a link names them by their place. */
const held: string[] = [];

/** Texts that are held: going back further than this finds none. */
const MOST = 8;

/** Named by the load of the page, so that a link of another tab does not find another text. */
const load = Date.now().toString(36);

let forgotten = 0;

/** Keeps a text, and says the name by which a link finds it again in this tab. */
export function holdText(text: string): string {
  const known = held.indexOf(text);
  if (known >= 0) return `${load}-${known + forgotten}`;
  held.push(text);
  if (held.length > MOST) {
    held.shift();
    forgotten++;
  }
  return `${load}-${held.length - 1 + forgotten}`;
}

/** The text of that name; null when it is not held here. */
export function heldText(name: string | null): string | null {
  const [of, place] = name?.split('-') ?? [];
  return of === load ? (held[Number(place) - forgotten] ?? null) : null;
}
