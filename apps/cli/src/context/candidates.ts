// SPDX-License-Identifier: GPL-2.0-only
import { type Candidate, layouts } from '@spte/core';
import { configWith, type MachineFacts, plainConfig } from '@spte/host';
import { usable } from './context.ts';
import { type ContextOptions, factsOf } from './context-options.ts';

interface Mode {
  readonly name: string;
  readonly facts: MachineFacts & Required<Pick<MachineFacts, 'vendor' | 'tdp'>>;
}

/** The ways to map a guest's memory that put different bits into entries. */
const MODES: readonly Mode[] = [
  { name: 'EPT', facts: { vendor: 'vmx', tdp: true, ad: true } },
  { name: 'EPT without A/D', facts: { vendor: 'vmx', tdp: true, ad: false, pml: false } },
  { name: 'NPT', facts: { vendor: 'svm', tdp: true } },
];

/** Legacy tables: those of either vendor look alike. */
const shadow = (vendor: 'vmx' | 'svm'): Mode => ({ name: 'shadow paging', facts: { vendor, tdp: false } });

interface Era {
  readonly name: string;
  readonly kernel: string;
}

/** The releases from one to another, or to the newest. */
function span(since: string, until: string | null): string {
  if (until === null) return `${since}+`;
  return until === since ? since : `${since}-${until}`;
}

/** One kernel of every layout, oldest first. */
const CHRONICLE: readonly Era[] = layouts.map(({ since, until }) => ({
  name: span(since, until),
  kernel: since === '5.13' ? '6.8' : since,
}));

/** The reference first: of readings that are equally good, that of the first candidate is shown first. */
const ERAS = CHRONICLE.toSorted((a, b) => Number(b.kernel === '6.8') - Number(a.kernel === '6.8'));

const agrees = (asked: MachineFacts, mode: MachineFacts): boolean =>
  (asked.vendor ?? mode.vendor) === mode.vendor &&
  (asked.tdp ?? mode.tdp) === mode.tdp &&
  (asked.ad === undefined || mode.ad === undefined || asked.ad === mode.ad);

/** One context for every layout and mode that the flags leave open. */
export function candidatesOf(options: ContextOptions): Candidate[] {
  const facts = factsOf(options);
  const eras = facts.kernel === undefined ? ERAS : [{ name: facts.kernel, kernel: facts.kernel }];
  const modes = [...MODES, shadow(facts.vendor ?? 'vmx')].filter((mode) => agrees(facts, mode.facts));
  return modes.flatMap((mode) =>
    eras.map((era) => ({
      name: `${mode.name} ${era.name}`,
      mmu: usable(
        configWith(plainConfig(mode.facts.vendor ?? 'vmx'), { ...facts, ...mode.facts, kernel: era.kernel }),
        { plugin: options.plugin, mirror: options.mirror },
      ),
    })),
  );
}

/** Names of candidates with those of one mode put together: `EPT 5.13-7.1; NPT 5.4.0-5.9, 7.2+`. */
export function gathered(names: readonly string[]): string {
  const modes = new Map<string, string[]>();
  for (const name of names) {
    const space = name.lastIndexOf(' ');
    const mode = name.slice(0, space);
    modes.set(mode, [...(modes.get(mode) ?? []), name.slice(space + 1)]);
  }
  return [...modes].map(([mode, eras]) => `${mode} ${spansOf(eras).join(', ')}`).join('; ');
}

/** Eras as spans, those that follow one another as one; a kernel that was given is its own. */
function spansOf(eras: readonly string[]): readonly string[] {
  const at = eras.map((era) => CHRONICLE.findIndex(({ name }) => name === era)).toSorted((a, b) => a - b);
  if (at[0] === -1) return eras;
  const runs: { first: number; last: number }[] = [];
  for (const era of at) {
    const run = runs.at(-1);
    if (run !== undefined && era <= run.last + 1) run.last = era;
    else runs.push({ first: era, last: era });
  }
  return runs.map(({ first, last }) => span(layouts[first]?.since ?? '', layouts[last]?.until ?? null));
}
