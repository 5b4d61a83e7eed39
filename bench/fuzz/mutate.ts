// SPDX-License-Identifier: GPL-2.0-only
import type { Random } from '@spte/testing/random';
import type { NumberAt, Seed } from './seed.ts';

type Bytes = Uint8Array;

/** Sizes that readers tend to get wrong. */
const ODD_SIZES = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x10000n,
  0x3ffffffn,
  0x4000000n,
  0x4000001n,
  0x7fffffffn,
  0x80000000n,
  0xfffffff0n,
  0xffffffffn,
  0x100000000n,
  0x1fffffffffffffn,
  0x20000000000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
];

const readNumber = (bytes: Bytes, { at, bytes: size }: NumberAt): bigint => {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
};

const writeNumber = (bytes: Bytes, { at, bytes: size }: NumberAt, value: bigint): void => {
  for (let i = 0; i < size && at + i < bytes.length; i++) {
    bytes[at + i] = Number(BigInt.asUintN(8, value >> BigInt(8 * i)));
  }
};

/** A number in the place of another: off by a little, of another place in the file, or odd. */
function otherNumber(random: Random, bytes: Bytes, place: NumberAt, seed: Seed): bigint {
  const old = readNumber(bytes, place);
  const near = BigInt(random.below(9) - 4);
  switch (random.below(6)) {
    case 0:
      return old + (near === 0n ? 1n : near);
    case 1:
      return BigInt(random.below(bytes.length + 1));
    case 2:
      return BigInt(bytes.length) - BigInt(place.at) + near;
    case 3:
      return random.pick(ODD_SIZES) + near;
    case 4:
      return readNumber(bytes, random.pick(seed.numbers));
    default:
      return -old;
  }
}

/** A range of at most `most` bytes. */
function range(random: Random, bytes: Bytes, most: number): [start: number, end: number] {
  const start = random.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + 1 + random.below(most))];
}

const join = (...parts: Bytes[]): Bytes => {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

type Change = (random: Random, bytes: Bytes, seed: Seed, other: Seed) => Bytes;

const setNumber: Change = (random, bytes, seed) => {
  const place = random.pick(seed.numbers);
  writeNumber(bytes, place, otherNumber(random, bytes, place, seed));
  return bytes;
};

const swapNumbers: Change = (random, bytes, seed) => {
  const [a, b] = [random.pick(seed.numbers), random.pick(seed.numbers)];
  const value = readNumber(bytes, a);
  writeNumber(bytes, a, readNumber(bytes, b));
  writeNumber(bytes, b, value);
  return bytes;
};

const flipBit: Change = (random, bytes) => {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
};

const setByte: Change = (random, bytes) => {
  bytes[random.below(bytes.length)] = random.pick([0, 1, 0x20, 0x30, 0x39, 0x3b, 0x5d, 0x7f, 0x80, 0xff]);
  return bytes;
};

const fillRange: Change = (random, bytes) => {
  const [start, end] = range(random, bytes, 64);
  return bytes.fill(random.pick([0, 0xff, 0x41]), start, end);
};

const removeRange: Change = (random, bytes) => {
  const [start, end] = range(random, bytes, random.pick([1, 8, 64, bytes.length]));
  return join(bytes.subarray(0, start), bytes.subarray(end));
};

/** Doubles a range, now and then many times over. */
const repeatRange: Change = (random, bytes) => {
  const [start, end] = range(random, bytes, random.pick([1, 16, 256]));
  const times = 1 + random.below(random.pick([1, 8]));
  const piece = bytes.subarray(start, end);
  return join(bytes.subarray(0, end), ...Array.from({ length: times }, () => piece), bytes.subarray(end));
};

const cut: Change = (random, bytes) => bytes.subarray(0, random.below(bytes.length));

/** The beginning of this file and the end of another, or a piece of another over a piece of this one. */
const splice: Change = (random, bytes, _seed, other) => {
  const at = random.below(bytes.length);
  const from = random.oneIn(2) ? at : random.below(other.bytes.length);
  if (random.oneIn(2)) return join(bytes.subarray(0, at), other.bytes.subarray(from));
  bytes.set(other.bytes.subarray(from, from + Math.min(64, bytes.length - at)), at);
  return bytes;
};

/** Another decimal in the place of one, as texts in a file have them. */
const setDecimal: Change = (random, bytes) => {
  const start = random.below(bytes.length);
  const at = bytes.findIndex((byte, index) => index >= start && byte >= 0x30 && byte <= 0x39);
  if (at < 0) return bytes;
  const digits = random.pick([
    '0',
    '1',
    '7',
    '65535',
    '65536',
    '999999',
    '4294967295',
    '99999999999999999999',
  ]);
  return join(bytes.subarray(0, at), new TextEncoder().encode(digits), bytes.subarray(at + 1));
};

/** Numbers first: they lead furthest. */
const CHANGES: readonly Change[] = [
  setNumber,
  setNumber,
  setNumber,
  setNumber,
  swapNumbers,
  flipBit,
  flipBit,
  setByte,
  fillRange,
  removeRange,
  repeatRange,
  setDecimal,
  splice,
  cut,
];

/** A file with one to five things wrong. */
export function mutate(random: Random, seeds: readonly Seed[]): Uint8Array {
  const seed = random.pick(seeds);
  let bytes: Bytes = Uint8Array.from(seed.bytes);
  for (let changes = 1 + random.below(random.pick([1, 2, 5])); changes > 0 && bytes.length > 0; changes--) {
    bytes = random.pick(CHANGES)(random, bytes, seed, random.pick(seeds));
  }
  return bytes;
}
