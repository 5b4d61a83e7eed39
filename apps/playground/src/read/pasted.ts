// SPDX-License-Identifier: GPL-2.0-only

import { hex } from '@spte/core';
import { type ContextFact, type FoundContext, findContext } from '@spte/host';
import { machineOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { type ReadForm, readFormOf } from '../state/read-form.ts';
import type { State } from '../state/state.ts';
import { type PastedEntry, type Recognised, recognise } from './recognise.ts';

/** The form that shows an entry of what was pasted. */
export function formOfEntry({ value, level, becomes }: PastedEntry): ReadForm {
  return { ...readFormOf(value, level), becomes: becomes === null ? '' : hex(becomes) };
}

/** The context that the library finds for what was pasted; null for bare values, which are read as the page says. */
export function foundContext({ kind, facts, patterns }: Recognised): FoundContext | null {
  if (kind !== 'trace' && kind !== 'log' && Object.keys(facts).length === 0) return null;
  return findContext({ read: facts, entries: patterns });
}

/** Takes what was pasted: its first entry, and the machine that it is of where it says so. */
export function pasteInto(state: State, paste: string): State {
  const found = recognise(paste);
  const [entry] = found.entries;
  const config = found.config ?? foundContext(found)?.config;
  return {
    ...state,
    paste,
    view: 'read',
    ...(config !== undefined && { machine: machineOf(config) }),
    ...(entry !== undefined && { read: formOfEntry(entry) }),
  };
}

/** One thing that is known or taken for known of the machine. */
export interface Chip {
  readonly name: string;
  /** What the input that changes it is called. */
  readonly label: string;
  readonly value: string;
  readonly origin: ContextFact['origin'];
  readonly from: string;
}

/** The input of each chip on the page, and under which name the library knows it. */
const CHIPS = [
  { name: 'vendor', field: 'vendor', unit: '', label: 'Vendor module' },
  { name: 'kernel', field: 'kernel', unit: '', label: 'Kernel' },
  { name: 'maxPhyAddr', field: 'physBits', unit: ' address bits', label: 'Usable physical bits' },
  { name: 'l1tf', field: 'l1tf', unit: '', label: 'L1TF' },
  { name: 'nxHugePages', field: 'nxHugePages', unit: '', label: 'nx_huge_pages' },
  { name: 'mmioCaching', field: 'mmioCaching', unit: '', label: 'mmio_caching' },
] as const;

const valueText = (value: string | boolean): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;

/** The machine as chips. What the user changed after pasting is given; what a preset says is assumed. */
export function chipsOf(
  { machine, preset }: State,
  found: Recognised | null,
  context: FoundContext | null,
): Chip[] {
  const pasted = found?.config ?? context?.config;
  const before = pasted === undefined ? presetOf(preset).machine : machineOf(pasted);
  const assumed = pasted === undefined ? `the preset ${presetOf(preset).name}` : 'nothing says it';
  return CHIPS.map(({ name, field, unit, label }): Chip => {
    const chip = { name: field, label, value: `${valueText(machine[field])}${unit}` };
    const fact = context?.facts[name];
    if (machine[field] !== before[field]) return { ...chip, origin: 'given', from: 'chosen here' };
    if (found?.config != null) return { ...chip, origin: 'read', from: 'what was pasted' };
    return fact === undefined
      ? { ...chip, origin: 'assumed', from: assumed }
      : { ...chip, origin: fact.origin, from: fact.from };
  });
}
