// SPDX-License-Identifier: GPL-2.0-only
// What layouts, and all that is said of entries, say in words. `vitest -u` writes the files, to be read before a commit.
import {
  type BitField,
  createMmu,
  eptFormat,
  evidenceText,
  explainChange,
  explainSpte,
  layouts,
  legacyFormat,
  parseKernelVersion,
  releaseCaveat,
  renderChange,
  renderExplanation,
} from '@spte/core';
import { KERNELS, type MachineName, machine, machines } from '@spte/testing/machines';
import { realRuns, word } from '@spte/testing/real-runs';
import { expect, it } from 'vitest';

const text = (lines: Iterable<string>): string => `${[...lines].join('\n')}\n`;

function fieldText(field: BitField): string {
  const { name, high, low, owner, meaning, clear, why, levels, values } = field;
  return [
    `  ${high}:${low} ${name} (${owner}): ${meaning}`,
    ...(clear === undefined ? [] : [`    clear: ${clear}`]),
    ...(why === undefined ? [] : [`    why: ${why}`]),
    ...(levels === undefined ? [] : [`    levels ${levels.join(' to ')}`]),
    ...(values === undefined ? [] : [`    ${JSON.stringify(values)}`]),
  ].join('\n');
}

const isField = (value: unknown): value is BitField =>
  typeof value === 'object' && value !== null && 'meaning' in value && 'mask' in value;

/** All fields within a value, in the order in which they stand there. */
function* fieldsWithin(value: unknown): Generator<BitField> {
  if (typeof value !== 'object' || value === null) return;
  if (isField(value)) yield value;
  else for (const member of Object.values(value)) yield* fieldsWithin(member);
}

/** Where fields stand, by a name for it. */
const PLACES: readonly [string, unknown][] = [
  ...layouts.map((layout): [string, unknown] => [`KVM since ${layout.since}`, layout]),
  ['EPT, table', eptFormat.table],
  ['EPT, leaf', eptFormat.leaf],
  ['EPT, all', eptFormat],
  ['legacy, table', legacyFormat.table],
  ['legacy, leaf', legacyFormat.leaf],
  ['legacy, all', legacyFormat],
];

it('a bit has a text for each of its values, and says when KVM sets it', () => {
  const fields = [...fieldsWithin(PLACES)].filter(({ high, low }) => high === low);
  expect(fields.length).toBeGreaterThan(layouts.length * 5);
  for (const { name, meaning, clear = meaning, why = 'set' } of fields) {
    expect(`${name}: ${clear}`).not.toBe(`${name}: ${meaning}`);
    expect(`${name}: ${why}`).toMatch(/: (set|clear|always set)\b/);
  }
});

it('layouts and formats say of each field what it means', async () => {
  const lines = PLACES.flatMap(([name, place]) => [
    name,
    ...new Set([...fieldsWithin(place)].map(fieldText)),
  ]);
  await expect(text(lines)).toMatchFileSnapshot('words/fields.txt');
});

/** One series beyond each end of those that were read, and more stable releases than any has. */
const SERIES: readonly string[] = [
  ...Array.from({ length: 17 }, (_, minor) => `5.${minor + 3}`),
  ...Array.from({ length: 20 }, (_, minor) => `6.${minor}`),
  ...Array.from({ length: 5 }, (_, minor) => `7.${minor}`),
];
const PATCHES = 310;

it('releases say whether they were read', async () => {
  const lines: string[] = [];
  for (const series of SERIES) {
    let before: string | null = null;
    for (let patch = 0; patch <= PATCHES; patch++) {
      const release = `${series}.${patch}`;
      const said = releaseCaveat(parseKernelVersion(release))?.replace(/^kernel \S+ /, '') ?? 'is covered';
      if (said !== before) lines.push(`${release} ${said}`);
      before = said;
    }
  }
  await expect(text(lines)).toMatchFileSnapshot('words/releases.txt');
});

/** Values of another kind than any that a healthy kernel writes. */
const ODD: readonly bigint[] = [
  0xffff_ffff_ffff_ffffn,
  0xdead_beef_dead_beefn,
  0x5n,
  0x2000_0000_0000_0000n,
  0xffff_8880_1234_5678n,
  0x8000_0000_0000_0000n,
  // EPT: writable without readable; a gfn beyond the last one.
  0x60000_0455_299b76n,
  0xfff_ffff_ffff_f006n,
];

/** Each place of a number alike, so that texts are told apart by their words. */
const withoutNumbers = (line: string): string =>
  line
    .replaceAll(/0x[\da-f]+/g, '0x#')
    .replaceAll(/\bbit [\d ]+\b/g, 'bit #')
    .replaceAll(/\bbits (?!0x)\d+(?:[:, ]+\d+)*/g, 'bits #');

/** Tables, huge pages, MMIO of two generations and two gfns, frozen and empty: each is changed into each. */
const BETWEEN: readonly bigint[] = [
  0x17a827n,
  0x17b827n,
  0x17a907n,
  0x6000004552008f7n | 0x300n,
  0x455200ee7n,
  0xf80d0000056n,
  0xf80d0000066n,
  0xf80d0001056n,
  0x80000000000d0029n,
  0x5a0n,
  0n,
  0x8000000000000000n,
];

/** Some entries and changes of each kind of real kernel, and what no kernel writes. */
const samples = [
  ...new Set(realRuns.flatMap(({ sptes }) => sptes.slice(0, 8).map(([value]) => word(value)))),
  ...ODD,
];
const changes: readonly (readonly [from: bigint, to: bigint])[] = [
  ...realRuns.flatMap(({ changes }) =>
    changes.slice(0, 12).map(([from, to]) => [word(from), word(to)] as const),
  ),
  ...samples.flatMap((from, i) =>
    [0n, 0x5a0n, ...samples.slice(i + 1, i + 4)].map((to) => [from, to] as const),
  ),
];

/** A table, and leaves of two eras and formats, one of them tracked: each of their bits is changed alone. */
const FLIPPED: readonly bigint[] = [
  0x17a827n,
  0x600000455299b77n,
  0x610000455299877n,
  0x7500000455299870n,
  0x80a0000000200f77n,
  0x455299e67n,
];

/** Collects the lines of texts but for the first, which names the values. */
function collector(): { readonly said: ReadonlySet<string>; readonly say: (lines: string) => void } {
  const seen = new Set<string>();
  const said = new Set<string>();
  const say = (lines: string): void => {
    for (const line of lines.split('\n').slice(1)) {
      if (seen.has(line)) continue;
      seen.add(line);
      said.add(withoutNumbers(line));
    }
  };
  return { said, say };
}

it('explanations say what they find', async () => {
  const { said, say } = collector();
  for (const config of Object.values(machines)) {
    for (const kernel of KERNELS) {
      const mmu = createMmu({ ...config, kernel });
      for (const value of samples) {
        for (const level of [null, 1, 2]) {
          const explanation = explainSpte(mmu, value, level);
          say(renderExplanation(explanation));
          for (const test of explanation.evidence) say(`\ntest: ${evidenceText(test)}`);
        }
      }
    }
  }
  await expect(text([...said].toSorted())).toMatchFileSnapshot('words/explanations.txt');
});

/** Machines that together have every change. */
const CHANGING: readonly MachineName[] = [
  'EPT with A/D',
  'EPT without A/D',
  'EPT with debug assertions',
  'EPT with MKTME',
  'NPT with SME',
  'shadow paging on Intel with L1TF',
];

it('changes say what happened', async () => {
  const { said, say } = collector();
  for (const name of CHANGING) {
    for (const kernel of KERNELS) {
      const mmu = machine(name, { kernel });
      for (const [from, to] of changes) say(renderChange(explainChange(mmu, from, to, 1)));
      for (const from of BETWEEN) {
        for (const to of BETWEEN) say(renderChange(explainChange(mmu, from, to, 2)));
      }
      for (const from of FLIPPED) {
        for (let bit = 0n; bit < 64n; bit++) {
          say(renderChange(explainChange(mmu, from, from ^ (1n << bit), 1)));
          say(renderChange(explainChange(mmu, from ^ (1n << bit), from, 1)));
        }
      }
    }
  }
  await expect(text([...said].toSorted())).toMatchFileSnapshot('words/changes.txt');
});
