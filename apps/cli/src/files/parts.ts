// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, rmSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { shown, UsageError, unwritable } from '../io/errors.ts';
import { type Io, pathOf } from '../io/io.ts';
import { removeLeftovers } from '../io/leftovers.ts';

/**
 * The Parquet file of each input. `target` is a folder when it ends in `/`, is an existing folder, or there are several
 * inputs. It is created when missing, and each input gets a part in it, named after the input. Otherwise `target` is the
 * file itself.
 *
 * @throws UsageError when that is impossible
 */
export function partPaths(io: Io, target: string, inputs: readonly string[]): string[] {
  if (target === '-') throw new UsageError('--parquet writes a file, not the standard output');
  const place = pathOf(io, target);
  const found = statSync(place, { throwIfNoEntry: false });
  const folder = inputs.length > 1 || /[/\\]$/.test(target) || found?.isDirectory() === true;
  const parts = folder ? partNames(io, inputs).map((name) => join(place, name)) : [place];
  if (folder) makeFolder(place, target);
  for (const part of parts) {
    refuseOdd(io, part, inputs);
    removeOldTemporaries(part, target);
  }
  return parts;
}

function makeFolder(place: string, target: string): void {
  try {
    mkdirSync(place, { recursive: true });
  } catch (error) {
    throw unwritable(target, error);
  }
}

/** Distinct names: of the file, and of as many folders above it as are needed to tell them apart. */
function partNames(io: Io, inputs: readonly string[]): string[] {
  const paths = inputs.map((input) => (input === '-' ? ['stdin'] : pathOf(io, input).split(sep)));
  const deepest = Math.max(...paths.map((path) => path.length));
  for (let depth = 1; depth <= deepest; depth++) {
    const names = paths.map((path) => path.slice(-depth).join('-'));
    if (new Set(names).size === names.length) return names.map((name) => `${name}.parquet`);
  }
  throw new UsageError('the same input is given twice; --parquet writes one part per input');
}

/** Refuses to replace anything that is not a file of columns: a device, or an input. */
function refuseOdd(io: Io, part: string, inputs: readonly string[]): void {
  const there = statSync(part, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFile()) throw new UsageError(`--parquet: ${shown(part)} exists and is not a regular file`);
  const same = ({ dev, ino }: Stats): boolean => dev === there.dev && ino === there.ino;
  for (const input of inputs) {
    const stats = statSync(pathOf(io, input), { throwIfNoEntry: false });
    if (stats !== undefined && same(stats)) {
      throw new UsageError(`--parquet would overwrite the input ${shown(input)}`);
    }
  }
}

/** Removes those of processes that were killed. */
function removeOldTemporaries(part: string, target: string): void {
  try {
    removeLeftovers(dirname(resolve(part)), (name) => {
      const [, of, pid] = /^\.(.+)\.(\d+)\.tmp$/.exec(name) ?? [];
      return of === basename(part) ? pid : undefined;
    });
  } catch (error) {
    throw unwritable(target, error);
  }
}

/** Where a part is written until it is complete: beside it, under a name that `*.parquet` does not match. */
export function temporaryOf(part: string): string {
  return join(dirname(resolve(part)), `.${basename(part)}.${process.pid}.tmp`);
}

/** Removes what is left of parts that were not completed. */
export function removeTemporaries(parts: readonly string[]): void {
  for (const part of parts) rmSync(temporaryOf(part), { force: true });
}
