// SPDX-License-Identifier: GPL-2.0-only
export function sum(at: usize, n: i32): i64 {
  let acc = i64x2.splat(0);
  for (let i = 0; i < n; i += 2) acc = i64x2.add(acc, v128.load(at + ((<usize>i) << 3)));
  return i64x2.extract_lane(acc, 0) + i64x2.extract_lane(acc, 1);
}
