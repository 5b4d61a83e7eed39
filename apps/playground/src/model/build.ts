// SPDX-License-Identifier: GPL-2.0-only
import {
  accessBits,
  type Diagnostic,
  decodeSpte,
  type Host,
  hex,
  judgeSpte,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  type Observed,
  observe,
  pageRole,
  plainHost,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { type Attempt, attempt, Reader } from './attempt.ts';
import { type BitItem, itemsOfReasons } from './bit-item.ts';
import { type Cell, cellsOf } from './cells.ts';
import { wrongBits } from './findings.ts';
import { parseHex } from './parse.ts';
import type { BuildForm } from './state.ts';

/** A new SPTE, ready to be shown. */
export interface BuiltEntry {
  readonly spte: bigint;
  readonly level: number;
  readonly cells: readonly Cell[];
  /** One for each reason. */
  readonly items: readonly BitItem[];
  readonly warnings: readonly Diagnostic[];
  /** What happened besides, in words. */
  readonly effects: readonly string[];
}

type Field = keyof BuildForm;

/** Level of an MMIO SPTE: the rule does not depend on it, and faults on 4K make the most. */
const MMIO_LEVEL = 1;

/** Which field feeds an argument of the rules. */
const FIELD_OF: Readonly<Record<string, Field>> = {
  gfn: 'gfn',
  pfn: 'pfn',
  oldSpte: 'oldSpte',
  childPa: 'childPa',
  generation: 'generation',
};

/** What `mmu_try_to_unsync_pages()` returns for a gfn that must stay write-protected: -EPERM. */
const EPERM = 1;

/** Runs the rule that the form asks for. */
export function buildEntry(mmu: Mmu, form: BuildForm): Attempt<BuiltEntry, Field> {
  switch (form.make) {
    case 'leaf':
      return buildLeaf(mmu, form);
    case 'table':
      return buildTable(mmu, form);
    case 'mmio':
      return buildMmio(mmu, form);
  }
}

/** The access that the form asks for, in the bits of this kernel. */
function accessOf({ kernel }: Mmu, form: BuildForm): number {
  const bits = accessBits(kernel);
  return (['read', 'write', 'user', 'exec'] as const).reduce(
    (access, name) => (form[name] ? access | bits[name] : access),
    0,
  );
}

/** A VM that answers what the form says. */
function hostOf(form: BuildForm, generation: bigint, effects: string[]): Host {
  return {
    ...plainHost,
    pfnValid: () => !form.device,
    e820Ram: () => !form.device,
    noncoherentDma: () => form.noncoherentDma,
    cr0Cd: () => form.cr0Cd,
    quirkCdNw: () => form.quirkCdNw,
    guestMtrr: () => Number(form.guestMtrr),
    tryToUnsyncPages: () => (form.writeTracked ? -EPERM : 0),
    dirtyLog: () => form.dirtyLog,
    markPageDirty: (gfn) => effects.push(`marks gfn ${hex(gfn)} dirty in its memslot`),
    nxHugePagesDisabled: () => form.nxOptOut,
    memslotGeneration: () => generation,
  };
}

function buildLeaf(mmu: Mmu, form: BuildForm): Attempt<BuiltEntry, Field> {
  const reader = new Reader<Field>();
  const gfn = reader.read('gfn', parseHex(form.gfn), 0n);
  const pfn = reader.read('pfn', parseHex(form.pfn), 0n);
  const oldSpte = reader.read('oldSpte', parseHex(form.oldSpte), 0n);
  const level = Number(form.at);
  return attempt(reader, FIELD_OF, () => {
    const effects: string[] = [];
    const host = hostOf(form, 0n, effects);
    const made = observe(mmu, (mmu) =>
      makeSpte(mmu, host, {
        role: pageRole({ level, adDisabled: form.adDisabled, guestMode: form.guestMode }),
        gfn,
        pfn,
        access: accessOf(mmu, form),
        oldSpte,
        prefetch: form.prefetch,
        canUnsync: form.canUnsync,
        hostWritable: form.hostWritable,
      }),
    );
    const { spte, wrprot } = made.value;
    if (wrprot)
      effects.unshift('wrprot: write access was asked for and refused, the gfn stays write-protected');
    return built(mmu, level, spte, made, effects);
  });
}

function buildTable(mmu: Mmu, form: BuildForm): Attempt<BuiltEntry, Field> {
  const reader = new Reader<Field>();
  const childPa = reader.read('childPa', parseHex(form.childPa), 0n);
  return attempt(reader, FIELD_OF, () => {
    const made = observe(mmu, (mmu) => makeNonleafSpte(mmu, childPa, form.adDisabled));
    return built(mmu, Number(form.tableAt), made.value, made, []);
  });
}

function buildMmio(mmu: Mmu, form: BuildForm): Attempt<BuiltEntry, Field> {
  const reader = new Reader<Field>();
  const gfn = reader.read('gfn', parseHex(form.gfn), 0n);
  const generation = reader.read('generation', parseHex(form.generation), 0n);
  return attempt(reader, FIELD_OF, () => {
    const host = hostOf(form, generation, []);
    const made = observe(mmu, (mmu) => makeMmioSpte(mmu, host, gfn, accessOf(mmu, form)));
    return built(mmu, MMIO_LEVEL, made.value, made, []);
  });
}

function built(
  mmu: Mmu,
  level: number,
  spte: bigint,
  { reasons, warnings }: Observed<unknown>,
  effects: readonly string[],
): BuiltEntry {
  const { fields } = decodeSpte(mmu, spte, level);
  return {
    spte,
    level,
    cells: cellsOf(spte, fields, wrongBits(judgeSpte(mmu, spte, level))),
    items: itemsOfReasons(reasons, fields),
    warnings,
    effects,
  };
}
