// SPDX-License-Identifier: GPL-2.0-only
// Codes, events and kinds are types of core: one that is renamed breaks the build. What types do not see is asked here.
import { checkRecord, parseLine } from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { errata } from '../src/index.ts';
import { mmuOf } from './evidence-of.ts';

const RELEASE = /^\d+\.\d+(?:\.\d+)?(?:-rc\d+)?$/;

const series = (release: string): string => release.split('.').slice(0, 2).join('.');

const numbers = (release: string): number[] => release.split(/[.-]/).map(Number);

/** Whether a release comes before another, both without candidates. */
function comesBefore(a: string, b: string): boolean {
  const [one, other] = [numbers(a), numbers(b)];
  const at = other.findIndex((number, index) => number !== (one[index] ?? 0));
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0);
}

const conditions = errata.flatMap(({ when }) => when.flatMap(({ all }) => all));

it('there are 90 errata: 76 bugs, 7 wrong checks or statistics, 7 look-alikes; ids are not used twice', () => {
  const kinds = errata.map(({ kind }) => kind);
  expect(new Set(errata.map(({ id }) => id)).size).toBe(90);
  expect(
    ['bug', 'check-wrong', 'look-alike'].map((of) => kinds.filter((kind) => kind === of).length),
  ).toEqual([76, 7, 7]);
  expect(errata.filter(({ verifiedInText }) => verifiedInText).length).toBe(72);
});

describe.each(errata.map((erratum) => [erratum.id, erratum] as const))('%s', (id, erratum) => {
  const { short, fix, introduced, fixedIn, stable, unfixedIn, cve, when, excuses, kind, vendors, modes } =
    erratum;

  it('has a name, words that fit a line, and ids of commits', () => {
    expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    expect(short.length).toBeLessThanOrEqual(78);
    expect(short.endsWith('.')).toBe(false);
    for (const commit of fix) expect(commit).toMatch(/^[\da-f]{12}$/);
    expect(cve ?? 'CVE-2000-0000').toMatch(/^CVE-\d{4}-\d{4,}$/);
    expect(vendors.length * modes.length).toBeGreaterThan(0);
  });

  it('has releases of the series that they are said of', () => {
    for (const [of, release] of [...Object.entries(stable), ...Object.entries(unfixedIn)]) {
      expect(release.replace('<=', '')).toMatch(RELEASE);
      expect(series(release.replace('<=', ''))).toBe(of);
    }
    expect(fixedIn ?? '1.0').toMatch(RELEASE);
    expect(Object.keys(stable).filter((of) => of in unfixedIn)).toEqual([]);
  });

  it('has a range that is not empty', () => {
    const starts = [introduced ?? '', ...when.map(({ since = '' }) => since)].filter((text) =>
      RELEASE.test(text),
    );
    const ends = [...when.flatMap(({ before = [] }) => before), ...(fixedIn === null ? [] : [fixedIn])];
    for (const release of ends) expect(release).toMatch(RELEASE);
    for (const start of starts) {
      for (const stop of ends) expect(start.includes('-rc') || comesBefore(start, stop)).toBe(true);
      // A candidate comes before the release itself.
      for (const stop of ends) expect(comesBefore(stop, start.replace(/-rc\d+$/, ''))).toBe(false);
    }
  });

  it('excuses findings only where a check was wrong, and asks for masks that its values fit', () => {
    expect(kind === 'check-wrong' || excuses.length === 0).toBe(true);
    for (const { all } of when) {
      for (const condition of all) {
        const test = 'spte' in condition ? condition.spte : 'on' in condition ? condition.on : undefined;
        const { mask, value } = test ?? {};
        expect((value ?? 0n) & ~(mask ?? value ?? 0n)).toBe(0n);
      }
    }
  });
});

it('the fields of checks are those that @spte/trace compares', () => {
  const line = parseLine('spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000');
  const mmu = mmuOf({ kernel: '5.18', vendor: 'svm', mode: 'npt' });
  const known = line === null ? [] : checkRecord(line, mmu).map(({ field }) => field);
  const asked = conditions.flatMap((condition) => ('check' in condition ? condition.check : []));
  expect([...new Set(asked)]).toEqual(known);
});

it('the events and fields of traces are those that @spte/trace reads', () => {
  const lines = [
    'fast_page_fault: vcpu 0 gva 1000 error_code P|W sptep 00000000dbce34f4 old 0x1 new 2 spurious 0 fixed 1',
    'kvm_mmu_get_page: sp gen 0 gfn 10 l1 8-byte q0 direct --x invalid nxe ad root 0 sync new',
  ].flatMap((line) => parseLine(line) ?? []);
  for (const condition of conditions) {
    if (!('trace' in condition)) continue;
    const fields = lines.find(({ event }) => event === condition.trace)?.fields ?? {};
    expect(Object.keys(fields)).toEqual(
      expect.arrayContaining([...Object.keys(condition.fields), ...(condition.same ?? [])]),
    );
  }
});
