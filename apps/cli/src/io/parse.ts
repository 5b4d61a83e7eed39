// SPDX-License-Identifier: GPL-2.0-only
import { hex, U64_MAX } from '@spte/core';
import { InvalidArgumentError } from 'commander';
import { shown } from './errors.ts';

const HEX = /^(?:0x)?[\da-f]{1,16}$/i;
const DECIMAL = /^\d{1,9}$/;

/** Reads a 64-bit word in hex, with or without `0x`; `_` between digits does not count. */
export function parseWord(text: string): bigint {
  const plain = text.trim().replaceAll('_', '');
  if (!HEX.test(plain)) {
    throw new InvalidArgumentError(
      `${shown(text)} must be a hex number within 0x0..${hex(U64_MAX)}, with or without 0x.`,
    );
  }
  return BigInt(/^0x/i.test(plain) ? plain : `0x${plain}`);
}

/** A parser of decimal numbers within `min..max`. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = DECIMAL.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`${shown(text)} must be an integer within ${min}..${max}.`);
    }
    return value;
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
