// SPDX-License-Identifier: GPL-2.0-only
import {
  accessBits,
  type Host,
  hex,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  pageRole,
  plainHost,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { type Attempt, attempt, Reader } from '../fields/attempt.ts';
import { parseHex } from '../fields/parse.ts';
import type { BuildForm } from '../state/build-form.ts';
import { parseFrame, parseTableAddress } from './frame.ts';
import { type Refused, refusedOf } from './refused.ts';

/** What a rule made. */
interface Made {
  readonly spte: bigint;
  /** What happened besides, in words. */
  readonly effects: readonly string[];
}

/** What the form asks for, to be made on any machine. */
export interface Request {
  readonly level: number;
  /** Runs the rule; throws what the rule throws. */
  readonly make: (mmu: Mmu) => Made;
  /** What of it was not given, and why. */
  readonly refused: (mmu: Mmu) => readonly Refused[];
}

export type RequestField = keyof BuildForm;

/** The kernel function that makes each. */
export const RULES: Readonly<Record<BuildForm['make'], string>> = {
  leaf: 'make_spte()',
  table: 'make_nonleaf_spte()',
  mmio: 'make_mmio_spte()',
};

/** Level of an MMIO SPTE: the rule does not depend on it, and faults on 4K make the most. */
const MMIO_LEVEL = 1;

/** Which field feeds an argument of the rules. */
const FIELD_OF: Readonly<Record<string, RequestField>> = {
  gfn: 'gfn',
  pfn: 'pfn',
  oldSpte: 'oldSpte',
  childPa: 'childPa',
  generation: 'generation',
};

/** What `mmu_try_to_unsync_pages()` returns for a gfn that must stay write-protected: -EPERM. */
const EPERM = 1;

/** Reads the form and hands the request to `use`; what cannot be read, or what a rule throws, becomes an error. */
export function withRequest<T>(form: BuildForm, use: (request: Request) => T): Attempt<T, RequestField> {
  const reader = new Reader<RequestField>();
  const request = requestOf(reader, form);
  return attempt(reader, FIELD_OF, () => use(request));
}

function requestOf(reader: Reader<RequestField>, form: BuildForm): Request {
  switch (form.make) {
    case 'leaf':
      return leafRequest(reader, form);
    case 'table':
      return tableRequest(reader, form);
    case 'mmio':
      return mmioRequest(reader, form);
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

function leafRequest(reader: Reader<RequestField>, form: BuildForm): Request {
  const level = Number(form.at);
  const gfn = reader.read('gfn', parseFrame(form.gfn, level), 0n);
  const pfn = reader.read('pfn', parseFrame(form.pfn, level), 0n);
  const oldSpte = reader.read('oldSpte', parseHex(form.oldSpte), 0n);
  const make = (mmu: Mmu, form: BuildForm, effects: string[]) =>
    makeSpte(mmu, hostOf(form, 0n, effects), {
      role: pageRole({ level, adDisabled: form.adDisabled, guestMode: form.guestMode }),
      gfn,
      pfn,
      access: accessOf(mmu, form),
      oldSpte,
      prefetch: form.prefetch,
      canUnsync: form.canUnsync,
      hostWritable: form.hostWritable,
    });
  return {
    level,
    make(mmu) {
      const effects: string[] = [];
      const { spte, wrprot } = make(mmu, form, effects);
      if (wrprot) effects.unshift('returns wrprot: the gfn stays write-protected');
      return { spte, effects };
    },
    refused: (mmu) => refusedOf(mmu, form, (mmu, form) => make(mmu, form, []).spte),
  };
}

function tableRequest(reader: Reader<RequestField>, form: BuildForm): Request {
  const childPa = reader.read('childPa', parseTableAddress(form.childPa), 0n);
  return {
    level: Number(form.tableAt),
    make: (mmu) => ({ spte: makeNonleafSpte(mmu, childPa, form.adDisabled), effects: [] }),
    refused: () => [],
  };
}

function mmioRequest(reader: Reader<RequestField>, form: BuildForm): Request {
  const gfn = reader.read('gfn', parseFrame(form.gfn, MMIO_LEVEL), 0n);
  const generation = reader.read('generation', parseHex(form.generation), 0n);
  return {
    level: MMIO_LEVEL,
    make: (mmu) => ({
      spte: makeMmioSpte(mmu, hostOf(form, generation, []), gfn, accessOf(mmu, form)),
      effects: [],
    }),
    refused: () => [],
  };
}
