// SPDX-License-Identifier: GPL-2.0-only

/** A place in a file where a reader takes a number from. */
export interface NumberAt {
  readonly at: number;
  /** 1, 2, 4 or 8. */
  readonly bytes: number;
}

/** A whole file, to be broken. */
export interface Seed {
  readonly bytes: Uint8Array;
  /** Where its numbers are. */
  readonly numbers: readonly NumberAt[];
}

const WATCHED = { getUint8: 1, getUint16: 2, getUint32: 4, getBigUint64: 8 } as const;
type Getter = keyof typeof WATCHED;

/**
 * Makes a seed of a file, by watching where `read` takes numbers from it: so the mutations know the structure of a
 * format without a description of it, and follow the reader when that learns more.
 */
export function seedOf(file: Uint8Array, read: (file: Uint8Array) => void): Seed {
  const bytes = Uint8Array.from(file);
  const found = new Map<string, NumberAt>();
  const restore = (Object.keys(WATCHED) as Getter[]).map((getter) =>
    watch(getter, (view, at) => {
      if (view.buffer !== bytes.buffer) return;
      const place = { at: view.byteOffset + at, bytes: WATCHED[getter] };
      found.set(`${place.at}/${place.bytes}`, place);
    }),
  );
  try {
    read(bytes);
  } finally {
    for (const undo of restore) undo();
  }
  return { bytes, numbers: [...found.values()] };
}

/** Replaced for as long as a seed is made: no reader lets itself be watched in another way. */
const { prototype } = DataView;

/** Reports every call of a method of DataView; gives the function that ends it. */
function watch(getter: Getter, report: (view: DataView, at: number) => void): () => void {
  const original = Object.getOwnPropertyDescriptor(prototype, getter) as PropertyDescriptor;
  const read = original.value as (this: DataView, at: number, littleEndian?: boolean) => unknown;
  Object.defineProperty(prototype, getter, {
    ...original,
    value(this: DataView, at: number, littleEndian?: boolean): unknown {
      report(this, at);
      return read.call(this, at, littleEndian);
    },
  });
  return () => {
    Object.defineProperty(prototype, getter, original);
  };
}
