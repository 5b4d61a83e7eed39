// SPDX-License-Identifier: GPL-2.0-only
import { readText } from '../files/read-input.ts';
import { shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import type { Counts, Known } from './verdict.ts';

/** Commands that compare with an earlier run of theirs. */
export type Compared = 'annotate' | 'walk' | 'decode';

/** The documents of each command that say what was found. */
const SCHEMAS: Readonly<Record<Compared, readonly string[]>> = {
  annotate: ['spte/annotate/1'],
  walk: ['spte/walk-summary/1', 'spte/walk/1'],
  decode: ['spte/decode/1'],
};

/** Reads what an earlier run found. */
export async function readBaseline(io: Io, path: string, command: Compared): Promise<readonly Known[]> {
  const known = knownOf(parsed(await readText(io, path)), command);
  if (known !== null) return known;
  throw new UsageError(
    `--baseline ${shown(path)}: no document that \`spte ${command} --json${command === 'decode' ? '' : ' --summary'}\` wrote`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;

/** What a document says; null for one of another kind. */
function knownOf(document: unknown, command: Compared): Known[] | null {
  const schema = memberOf(document, 'schema');
  if (typeof schema !== 'string' || !SCHEMAS[command].includes(schema)) return null;
  if (schema === 'spte/walk-summary/1') {
    return all([
      knownIn(null, listed(memberOf(document, 'findings')), listed(memberOf(document, 'possible'))),
    ]);
  }
  const files = memberOf(document, 'files');
  if (command !== 'annotate') return all([summarized(null, memberOf(document, 'summary'))]);
  if (!Array.isArray(files)) return null;
  // A file that could not be read has an error in the place of a summary.
  const read = files.filter((file: unknown) => memberOf(file, 'error') === undefined);
  return all(read.map((file: unknown) => summarized(memberOf(file, 'file'), memberOf(file, 'summary'))));
}

/** All of them; null where one is. */
function all(known: readonly (Known | null)[]): Known[] | null {
  const there = known.filter((one) => one !== null);
  return there.length === known.length ? there : null;
}

function summarized(file: unknown, summary: unknown): Known | null {
  if (file !== null && typeof file !== 'string') return null;
  const of = (name: string): Counts | null => counted(memberOf(summary, name));
  return knownIn(file, of('findingsByCode'), of('possibleByCode'));
}

function knownIn(file: string | null, findings: Counts | null, possible: Counts | null): Known | null {
  return findings === null || possible === null ? null : { file, found: { findings, possible } };
}

/** `{"CODE":{"count":N}}`. */
function counted(byCode: unknown): Counts | null {
  if (typeof byCode !== 'object' || byCode === null || Array.isArray(byCode)) return null;
  return countsOf(
    Object.entries(byCode).map(([code, seen]: [string, unknown]) => [code, memberOf(seen, 'count')]),
  );
}

/** `[{"code":CODE,"count":N}]`. */
function listed(findings: unknown): Counts | null {
  if (!Array.isArray(findings)) return null;
  return countsOf(findings.map((one: unknown) => [memberOf(one, 'code'), memberOf(one, 'count')]));
}

function countsOf(pairs: readonly (readonly [code: unknown, count: unknown])[]): Counts | null {
  const counts = new Map<string, number>();
  for (const [code, count] of pairs) {
    if (typeof code !== 'string' || typeof count !== 'number') return null;
    if (!Number.isSafeInteger(count) || count < 0) return null;
    counts.set(code, count);
  }
  return counts;
}
