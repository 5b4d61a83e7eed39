// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presets } from '../machine/presets.ts';
import type { ReadForm } from '../state/read-form.ts';
import { type State, stateOf } from '../state/state.ts';
import { type ReadEntry, readEntry } from './read.ts';
import { loadEntry, type RealEntry, realEntries } from './real-entries.ts';

function read({ machine, read }: State): ReadEntry {
  const mmu = mmuOf(machine);
  if (!mmu.ok) throw new Error(JSON.stringify(mmu.errors));
  const entry = readEntry(mmu.value, read);
  if (!entry.ok) throw new Error(JSON.stringify(entry.errors));
  return entry.value;
}

const opening = stateOf(presets[0]);

function readReal(title: string): ReadEntry {
  const entry = realEntries.find((entry: RealEntry) => entry.title === title);
  if (entry === undefined) throw new Error(`no real entry ${title}`);
  return read(loadEntry(opening, entry));
}

/** Facts of an entry by `group: name`. */
const factsIn = (entry: ReadEntry) =>
  Object.fromEntries(
    entry.facts.flatMap(({ title, facts }) => facts.map(({ name, value }) => [`${title}: ${name}`, value])),
  );

const codesOf = (entry: ReadEntry) => entry.explained.findings.map(({ code }) => code);

describe('reading an entry', () => {
  it('opens with a leaf of a public trace', () => {
    const entry = read(opening);
    expect(entry.headline).toBe('Clean leaf: maps the 4K page at 0x455299000, rwx, WB');
    expect(entry.explained.findings).toEqual([]);
    expect(factsIn(entry)).toMatchObject({
      'Mapping: pfn': '0x455299',
      'Mapping: allows': 'read, write, execute',
      'Mapping: memory type': 'WB',
      'Reserved bits: set': 'none',
    });
  });

  it.each([
    ['Table', 'Clean table: points to the table at 0x2c583e000, rwx'],
    ['Leaf, 2M, no X', 'Clean leaf: maps the 2M page at 0x21be00000, rw-, WB'],
    ['Frozen', 'Clean frozen entry: a CPU is changing it'],
    ['MMIO, EPT', 'Clean MMIO entry: no memory at gpa 0xc1010000, the access is emulated'],
    ['MMIO under L1TF', 'Clean MMIO entry: no memory at gpa 0xfe00d000, the access is emulated'],
    [
      'Access-tracked',
      'Clean access-tracked leaf: the 4K page at 0x45bc000 without its permissions, to notice the next access',
    ],
  ])('says what the real entry %j is', (title, headline) => {
    expect(readReal(title).headline).toBe(headline);
  });

  it('finds the reserved bits that two kernels warned of', () => {
    expect(factsIn(readReal('NX reserved'))['Reserved bits: reserved here']).toContain('0x800f0000001fe000,');
    expect(codesOf(readReal('NX reserved'))).toEqual(['reserved-bits']);
    expect(factsIn(readReal('Garbage on top'))['Reserved bits: reserved here']).toContain(
      '0xffff000000000000,',
    );
    const wrong = readReal('Garbage on top').cells.filter((cell) => cell.wrong);
    // Bits 51 and 0 are also how MMIO is marked, which does not go together with bit 11.
    expect(codesOf(readReal('Garbage on top'))).toContain('mmio-and-present');
    expect(wrong.map(({ bit }) => bit)).toEqual([51, 50, 49, 48, 11, 0]);
  });

  it('tells what L1TF could fetch from an entry that faults', () => {
    expect(factsIn(readReal('MMIO under L1TF'))).toMatchObject({
      'L1TF: would fetch': '0xffe00d000',
      'L1TF: safe': 'yes',
    });
    expect(factsIn(readReal('Access-tracked'))['L1TF: but']).toContain("guest's own");
    expect(factsIn(read(opening))['L1TF: safe']).toBeUndefined();
  });

  it('takes an EPT misconfiguration of an MMIO entry for what it is', () => {
    const entry = readReal('MMIO, EPT');
    expect(factsIn(entry)['On the CPU: any access']).toContain('EPT misconfiguration: write-without-read');
    expect(codesOf(entry)).toEqual([]);
  });

  it('shows each of the 64 bits once, 63 first, whatever the entry', () => {
    for (const spte of ['0', 'ffffffffffffffff', '800', '5a0', 'deadbeefdeadbeef']) {
      for (const level of ['?', '1', '2', '3', '4', '5'] as const) {
        const { cells } = read({ ...opening, read: { spte, level, becomes: '' } });
        expect(cells.map(({ bit }) => bit)).toEqual(Array.from({ length: 64 }, (_, i) => 63 - i));
      }
    }
  });

  it('says what speaks for the kind and against it', () => {
    const { speaksFor, speaksAgainst } = read(opening).proofs;
    expect(speaksFor.map(({ verdict }) => verdict)).toContain('leaf, tracked or table');
    expect(speaksFor.map(({ verdict }) => verdict)).toContain('not frozen');
    expect(speaksAgainst).toEqual([]);
    expect(readReal('Garbage on top').proofs.speaksAgainst.map(({ verdict }) => verdict)).toEqual(['mmio']);
  });

  it('names the value of the A/D type and why KVM keeps it', () => {
    const entry = readReal('Access-tracked');
    expect(entry.items.find(({ name }) => name === 'adType')).toMatchObject({
      value: 'no A/D bits, access tracking',
      why: containing('each SPTE says so itself'),
    });
    expect(factsIn(entry)['Mapping: A/D']).toBe('no A/D bits, access tracking');
  });

  it('asks for the level where legality depends on it', () => {
    const entry = read({ ...opening, read: { ...opening.read, level: '?' } });
    expect(factsIn(entry)['Reserved bits: set']).toContain('choose one');
  });

  it.each([
    ['zz', 'not hex'],
    ['0x1ffffffffffffffff', 'spte must be within 0x0..0xffffffffffffffff'],
    ['', 'is empty'],
  ])('says what is wrong with %j', (spte, problem) => {
    const mmu = mmuOf(opening.machine);
    if (!mmu.ok) throw new Error('no MMU');
    const form: ReadForm = { spte, level: '1', becomes: '' };
    expect(readEntry(mmu.value, form)).toEqual({
      ok: false,
      errors: { spte: containing(problem) },
    });
  });
});
