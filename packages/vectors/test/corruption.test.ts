// SPDX-License-Identifier: GPL-2.0-only
import { oneIn } from '@spte/testing/sampled';
import { runVectors } from '@spte/vectors';
import { describe, expect, it } from 'vitest';
import { allLines, eraLines, type Json, parseRaw, type RawVector } from './corpus.ts';

type JsonObject = Record<string, Json>;

const SECTIONS = ['result', 'masks', 'warnings', 'initWarnings'] as const;

type Section = (typeof SECTIONS)[number];

/** One thing done to a JSON value, and the value afterwards. */
interface Change {
  readonly what: string;
  readonly value: Json;
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A leaf with the least that can be wrong with it: one bit, one count, one letter, or its type. */
function brokenLeaf(value: string | number | boolean | null): Json[] {
  switch (typeof value) {
    case 'boolean':
      return [!value, String(value)];
    case 'number':
      return [value + 1, String(value)];
    case 'string':
      return /^0x[0-9a-f]+$/.test(value)
        ? [`0x${(BigInt(value) ^ 1n).toString(16)}`, Number(value)]
        : [`${value}.`, null];
    default:
      throw new TypeError('vectors hold no null');
  }
}

function brokenArray(what: string, array: Json[]): Change[] {
  return [
    ...array.flatMap((item, i) =>
      broken(`${what}[${i}]`, item).map((change) => ({ ...change, value: array.with(i, change.value) })),
    ),
    ...array.map((_, i) => ({ what: `${what}[${i}] dropped`, value: array.toSpliced(i, 1) })),
    { what: `${what}[] added`, value: [...array, 'bogus'] },
  ];
}

function brokenObject(what: string, object: JsonObject): Change[] {
  const entries = Object.entries(object);
  return [
    ...entries.flatMap(([name, item]) =>
      broken(`${what}.${name}`, item).map((change) => ({
        ...change,
        value: { ...object, [name]: change.value },
      })),
    ),
    ...entries.map(([name]) => ({
      what: `${what}.${name} dropped`,
      value: Object.fromEntries(entries.filter(([other]) => other !== name)),
    })),
    { what: `${what}.bogus added`, value: { ...object, bogus: '0x0' } },
  ];
}

/** Every way in which a JSON value can be wrong at one place. */
function broken(what: string, value: Json): Change[] {
  if (Array.isArray(value)) return brokenArray(what, value);
  if (isObject(value)) return brokenObject(what, value);
  return brokenLeaf(value).map((leaf) => ({ what: `${what}: ${JSON.stringify(leaf)}`, value: leaf }));
}

const BOGUS_WARNING = { code: 'make.rsvd-bits', kind: 'WARN_ONCE' };

/** Ways in which a list of warnings can be wrong that {@link broken} does not know. */
function brokenWarnings(section: Section, warnings: Json[]): Change[] {
  const [first, second, ...rest] = warnings;
  return [
    { what: `${section}: one too many`, value: [...warnings, BOGUS_WARNING] },
    ...(first !== undefined && second !== undefined && JSON.stringify(first) !== JSON.stringify(second)
      ? [{ what: `${section}: in another order`, value: [second, first, ...rest] }]
      : []),
  ];
}

function brokenSection(vector: RawVector, section: Section): Change[] {
  const value = vector[section];
  return [...broken(section, value), ...(Array.isArray(value) ? brokenWarnings(section, value) : [])];
}

/** The places of a JSON value, an index in an array being as good as another. */
function places(at: string, value: Json): string[] {
  if (Array.isArray(value)) return [at, ...value.flatMap((item) => places(`${at}[]`, item))];
  if (isObject(value))
    return [at, ...Object.entries(value).flatMap(([name, item]) => places(`${at}.${name}`, item))];
  return [`${at}: ${typeof value}`];
}

const codes = (warnings: readonly Json[]): string[] =>
  warnings.map((warning) => (isObject(warning) ? JSON.stringify(warning['code']) : ''));

/** What a vector shows that another of its function may not: a place in the result, a warning. */
function features({ kernel = '6.8', ...vector }: RawVector): string[] {
  const { result, warnings, initWarnings } = vector;
  const fn = `${kernel} ${vector.fn}`;
  return [
    ...places('result', result).map((place) => `${fn} ${place}`),
    ...codes(warnings).map((code) => `${fn} warns ${code}`),
    ...codes(initWarnings).map((code) => `${kernel} start-up warns ${code}`),
    warnings.length > 1 ? `${fn} warns twice` : fn,
  ];
}

/** Vectors that together show every feature of all: at least one for each function. */
function sample(): RawVector[] {
  const shown = new Set<string>();
  return eraLines.map(parseRaw).filter((vector) => {
    const found = features(vector).filter((feature) => !shown.has(feature));
    for (const feature of found) shown.add(feature);
    return found.length > 0;
  });
}

const sampled = sample();

/** One vector for each function of each kernel. */
const onePerFunction = [
  ...new Map(sampled.toReversed().map((vector) => [`${vector.kernel ?? ''} ${vector.fn}`, vector])).values(),
];

/** Masks belong to the configuration: they are wrong or right whatever the function. */
const sampleFor = (section: Section): RawVector[] => (section === 'masks' ? onePerFunction : sampled);

/** Feeds changed vectors to the runner and returns those that it did not refuse at the place of the change. */
async function unnoticed(
  changed: readonly { what: string; at: string; vector: unknown }[],
): Promise<string[]> {
  const report = await runVectors(
    changed.map(({ vector }) => JSON.stringify(vector)),
    Number.POSITIVE_INFINITY,
  );
  expect(report.passed + report.failed).toBe(changed.length);
  const noticedAt = new Map(report.mismatches.map(({ line, at }) => [line, at]));
  return changed.filter(({ at }, i) => noticedAt.get(i + 1)?.startsWith(at) !== true).map(({ what }) => what);
}

describe('a corrupted vector fails', () => {
  it('is tried on every function and on every warning that occurs', () => {
    const all = eraLines.map(parseRaw);
    expect(new Set(sampled.map(({ fn }) => fn))).toEqual(new Set(all.map(({ fn }) => fn)));
    for (const list of ['warnings', 'initWarnings'] as const) {
      const codesOf = (vectors: RawVector[]): Set<string> =>
        new Set(vectors.flatMap((vector) => codes(vector[list])));
      expect(codesOf(sampled)).toEqual(codesOf(all));
    }
    // As they stand, the chosen vectors pass: what fails below fails by the change.
    return expect(
      unnoticed(sampled.map((vector) => ({ what: vector.fn, at: '', vector }))),
    ).resolves.toHaveLength(sampled.length);
  });

  it.each(SECTIONS)('wherever its %s is changed', async (section) => {
    const changed = sampleFor(section).flatMap((vector) =>
      brokenSection(vector, section).map(({ what, value }) => ({
        what: `${vector.fn}: ${what}`,
        at: section,
        vector: { ...vector, [section]: value },
      })),
    );
    expect(changed.length).toBeGreaterThan(sampleFor(section).length);
    // Every vector repeats the masks of its configuration.
    expect(await unnoticed(oneIn(section === 'masks' ? 32 : 12, changed))).toEqual([]);
  });

  it('wherever one bit of one entry of its zero check is flipped', async () => {
    const changed = onePerFunction.flatMap((vector) => {
      const zeroCheck = vector.masks['zeroCheck'] ?? null;
      return broken('masks.zeroCheck', zeroCheck).map(({ what, value }) => ({
        what: `${vector.fn}: ${what}`,
        at: 'masks.zeroCheck',
        vector: { ...vector, masks: { ...vector.masks, zeroCheck: value } },
      }));
    });
    expect(new Set(changed.map(({ what }) => what.replace(/^.*?: (.*):.*$/, '$1')))).toContain(
      'masks.zeroCheck.bit7Set[4]',
    );
    expect(await unnoticed(oneIn(32, changed))).toEqual([]);
  });

  it('when its function is renamed', async () => {
    const changed = sampled.map((vector) => ({
      what: vector.fn,
      at: 'fn',
      vector: { ...vector, fn: `${vector.fn}_` },
    }));
    expect(await unnoticed(changed)).toEqual([]);
  });

  it('when its function is taken for another', async () => {
    const others = new Map([
      ['is_large_pte', 'is_writable_pte'],
      ['spte_shadow_accessed_mask', 'spte_shadow_dirty_mask'],
      ['mark_spte_for_access_track', 'restore_acc_track_spte'],
    ]);
    for (const [fn, other] of others) {
      const lines = allLines.map(parseRaw).filter((vector) => vector.fn === fn);
      const report = await runVectors(lines.map((vector) => JSON.stringify({ ...vector, fn: other })));
      expect({ fn, other, failed: report.failed > 0 }).toEqual({ fn, other, failed: true });
    }
  });

  it.each(['fn', 'config', 'initWarnings', 'masks', 'args', 'result', 'warnings'])(
    'when it has no %s',
    async (key) => {
      const changed = oneIn(4, sampled).map((vector) => ({
        what: vector.fn,
        at: 'vector',
        vector: Object.fromEntries(Object.entries(vector).filter(([name]) => name !== key)),
      }));
      expect(await unnoticed(changed)).toEqual([]);
    },
  );
});
