// SPDX-License-Identifier: GPL-2.0-only
import { hex, parseDecimal, U64_MAX } from '@spte/core';
import { InvalidArgumentError } from 'commander';
import { shown } from './errors.ts';
import { readWord } from './numbers.ts';

/** Reads a 64-bit word in hex. */
export function parseWord(text: string): bigint {
  const value = readWord(text);
  if (value !== null) return value;
  throw new InvalidArgumentError(
    `${shown(text)} must be a hex number within 0x0..${hex(U64_MAX)}, with or without 0x.`,
  );
}

/** A parser of decimal numbers within `min..max`. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = parseDecimal(text);
    if (value !== null && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`${shown(text)} must be an integer within ${min}..${max}.`);
  };
}

/** A parser of words out of a list. */
export function oneOf<const Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((word) => word === text.toLowerCase());
    if (word === undefined) {
      throw new InvalidArgumentError(`${shown(text)} must be one of ${words.join(', ')}.`);
    }
    return word;
  };
}

/** Reads `on` and `off`, and what people write instead. */
export function parseSwitch(text: string): boolean {
  const word = oneOf('on', 'off', 'yes', 'no', 'true', 'false', '1', '0', 'y', 'n')(text);
  return ['on', 'yes', 'true', '1', 'y'].includes(word);
}
