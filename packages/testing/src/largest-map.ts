// SPDX-License-Identifier: GPL-2.0-only

/** How many entries the largest map held to which something was added during a run: what is remembered has a limit. */
export function largestMap(run: () => void): number {
  // eslint-disable-next-line typescript/unbound-method -- is called with the map on which it was called
  const { set } = Map.prototype;
  let most = 0;
  // eslint-disable-next-line no-extend-native -- it counts, and is taken back below
  Map.prototype.set = function <K, V>(this: Map<K, V>, key: K, value: V) {
    set.call(this, key, value);
    most = Math.max(most, this.size);
    return this;
  };
  try {
    run();
  } finally {
    // eslint-disable-next-line no-extend-native -- as it was
    Map.prototype.set = set;
  }
  return most;
}
