// SPDX-License-Identifier: GPL-2.0-only
import { presetOf } from '@spte/host';
import { InvalidArgumentError } from 'commander';
import { shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { isPath } from './context.ts';
import { type ContextOptions, parseFact, SWITCHES, VALUE_FLAGS } from './context-options.ts';

/** Words that stand for themselves. */
const WORDS: Readonly<Record<string, ContextOptions>> = {
  vmx: { vendor: 'vmx' },
  intel: { vendor: 'vmx' },
  svm: { vendor: 'svm' },
  amd: { vendor: 'svm' },
  ept: { vendor: 'vmx', ept: true },
  npt: { vendor: 'svm', npt: true },
  shadow: { shadow: true },
};

/**
 * Reads a context such as `kernel=6.1,vendor=vmx,ad=off`: facts by the names of the flags, presets, kernels and
 * vendors by their names, a folder or bundle by its path.
 */
export function parseContext(io: Io, text: string): ContextOptions {
  if (!text.includes('=') && isPath(io, text) && presetOf(text) === undefined) return { host: text };
  const parts = text.split(',').map((part) => part.trim());
  return Object.assign(
    {},
    ...parts.filter((part) => part !== '').map((part) => parsePart(part)),
  ) as ContextOptions;
}

function parsePart(part: string): ContextOptions {
  const equals = part.indexOf('=');
  if (equals < 0) return parseBare(part);
  const name = part.slice(0, equals).toLowerCase();
  let fact: ContextOptions | null;
  try {
    fact = parseFact(name, part.slice(equals + 1));
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new UsageError(`${name} of a context: ${error.message}`);
    throw error;
  }
  if (fact !== null) return fact;
  const names = [...Object.keys(VALUE_FLAGS), ...Object.keys(SWITCHES)];
  throw new UsageError(`${shown(name)} is not a context key; known keys: ${names.join(', ')}`);
}

function parseBare(word: string): ContextOptions {
  const lower = word.toLowerCase();
  const known = Object.hasOwn(WORDS, lower) ? WORDS[lower] : undefined;
  if (known !== undefined) return known;
  if (presetOf(lower) !== undefined) return { preset: lower };
  const fact = /^v?\d/.test(word) ? parseFact('kernel', word) : null;
  if (fact !== null) return fact;
  throw new UsageError(
    `${shown(word)} is not a context: expected keys (kernel=6.1,vendor=vmx,ad=off), a preset, a kernel, or a folder`,
  );
}
