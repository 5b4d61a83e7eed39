// SPDX-License-Identifier: GPL-2.0-only

import { bitNumbers, hex } from '../bits/bits.ts';
import { judgeSpte } from '../judge/judge-spte.ts';
import type { EntryInHand, Mmu } from '../mmu/contract.ts';
import { entryRole } from '../mmu/extensions.ts';
import { plainHost } from '../mmu/host.ts';
import type { Diagnostic } from '../observe/diagnostics.ts';
import { observe } from '../observe/observe.ts';
import { type Because, because } from '../read/because.ts';
import { type DecodedSpte, decodeSpte } from '../read/decode-spte.ts';
import { answerOf, attempt } from '../read/plugin-answers.ts';
import { isPresentKind } from '../read/spte-kind.ts';
import { mmuSpteUpdate } from '../rules/spte-update.ts';
import type { ChangeEvent } from './change-events.ts';
import type { Objection } from './objection.ts';
import { whatHappened } from './what-happened.ts';

/** A field that differs between two entries. */
export interface ChangedField {
  readonly name: string;
  readonly bits: readonly number[];
  readonly from: string;
  readonly to: string;
}

/** What a change is, and whether KVM makes it. */
export interface ExplainedChange {
  readonly from: DecodedSpte;
  readonly to: DecodedSpte;
  /** Bits that differ, lowest first. */
  readonly bits: readonly number[];
  readonly fields: readonly ChangedField[];
  /** What happened; several for a change that does several things at once. */
  readonly events: readonly ChangeEvent[];
  /** Whether KVM makes such a change. */
  readonly allowed: boolean;
  /** Why not, the plainest first; none when it is allowed. */
  readonly objections: readonly Objection[];
  /** Whether TLBs may hold what the new entry no longer grants. */
  readonly flush: boolean;
  /** State of the page that the new entry has no trace of. */
  readonly lost: { readonly accessed: boolean; readonly dirty: boolean };
  /** WARNs that the update raises in the kernel. */
  readonly warnings: readonly Diagnostic[];
  readonly because: Because;
}

/**
 * Says what happened to an entry: which bits changed, which event that is, whether KVM allows it, whether a TLB flush
 * is due and what is lost.
 *
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when an entry is not a 64-bit word or there is no such level
 *
 * @example
 * ```ts
 * import { createMmu, explainChange } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const { events, allowed, flush } = explainChange(mmu, 0x600000455299b77n, 0x600000455299b75n, 1);
 * events.map(({ code }) => code); // [ 'write-protect' ]
 * [allowed, flush]; // [ true, true ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, explainChange, objectionText } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * // Another page, without a moment in which the entry was not present.
 * const { allowed, objections } = explainChange(mmu, 0x600000455299b77n, 0x600000455300b77n, 1);
 * allowed; // false
 * objections.map(objectionText)[0]?.split(':')[0]; // KVM zaps a leaf before it maps another page
 * ```
 */
export function explainChange(
  mmu: Mmu,
  oldSpte: bigint,
  newSpte: bigint,
  level: number | null = null,
): ExplainedChange {
  const from = decodeSpte(mmu, oldSpte, level);
  const to = decodeSpte(mmu, newSpte, level);
  const happened = whatHappened(mmu, from, to);
  const update = updateOf(mmu, from, to);
  const flush = happened.flush ?? update.flush;
  const wrong = wrongWith(mmu, from, to);
  // What is wrong by itself is said better than that KVM does not make it.
  const others = wrong.length === 0 ? happened.objections : happened.objections.filter(isNoneOfMaking);
  const objections = [...wrong, ...others, ...ofPlugins(mmu, from, to)];
  return {
    from,
    to,
    bits: bitNumbers(oldSpte ^ newSpte),
    fields: changedFields(from, to),
    events: happened.events,
    allowed: objections.length === 0,
    objections,
    flush,
    lost: {
      accessed: from.mapping?.accessed === true && to.mapping?.accessed !== true,
      dirty: from.mapping?.dirty === true && to.mapping?.dirty !== true,
    },
    warnings: update.warnings,
    because: because(mmu, 'handle_changed_spte', oldSpte ^ newSpte),
  };
}

const isNoneOfMaking = ({ code }: Objection): boolean => code !== 'never-made';

/** Flush and WARNs of an update of bits, as the kernel's own rule has them. */
function updateOf(
  mmu: Mmu,
  from: DecodedSpte,
  to: DecodedSpte,
): { flush: boolean; warnings: readonly Diagnostic[] } {
  if (!isPresentKind(from.kind) || from.value === to.value) return { flush: false, warnings: [] };
  // No TLB holds anything of a tracked page: it grants nothing.
  if (from.kind === 'tracked') return { flush: false, warnings: [] };
  // What maps something else afterwards was cleared first, not updated.
  const updated = from.kind !== 'table' && to.mapping !== null && from.mapping?.pfn === to.mapping.pfn;
  if (!updated || to.kind === 'table') return { flush: true, warnings: [] };
  const { value, warnings } = observe(mmu, (mmu) => mmuSpteUpdate(mmu, plainHost, from.value, to.value));
  const { access: before } = from.mapping;
  const { access: after } = to.mapping;
  const loses = (before.read && !after.read) || (before.execute && !after.execute);
  return { flush: value.flush || loses, warnings };
}

function changedFields(from: DecodedSpte, to: DecodedSpte): ChangedField[] {
  const differing = from.value ^ to.value;
  const before = (name: string, mask: bigint): string =>
    from.fields.find((field) => field.name === name && field.mask === mask)?.text ?? hex(from.value & mask);
  const fields = to.fields.filter(({ mask }) => (mask & differing) !== 0n);
  return fields.map(({ name, mask, text }) => ({
    name,
    bits: bitNumbers(mask & differing),
    from: before(name, mask),
    to: text,
  }));
}

/** What plugins object to. */
function ofPlugins(mmu: Mmu, from: DecodedSpte, to: DecodedSpte): Objection[] {
  const inHand = ({ value, kind }: DecodedSpte): EntryInHand => ({ spte: value, kind });
  return mmu.extensions.flatMap(({ name, hooks: { judgeChange, objections } }): Objection[] => {
    if (judgeChange === undefined) return [];
    const answer = attempt(name, 'judgeChange', () =>
      judgeChange(mmu, inHand(from), inHand(to), entryRole(mmu, to.level)).map((own) =>
        answerOf(name, 'objections', objections, own),
      ),
    );
    return 'message' in answer ? [{ code: 'plugin-failed', params: answer }] : [...answer.value];
  });
}

/** What is wrong with the new value, and with what a tracked one saved. */
function wrongWith(mmu: Mmu, from: DecodedSpte, { value, kind, level, mapping }: DecodedSpte): Objection[] {
  if (from.value === value || kind === 'unknown') return [];
  const values = [value, ...(mapping?.restored == null ? [] : [mapping.restored])];
  const findings = values.flatMap((spte) => judgeSpte(mmu, spte, level));
  return findings
    .filter(({ code }, i) => findings.findIndex((other) => other.code === code) === i)
    .map((finding) => ({ code: 'new-is-wrong', params: { finding } }));
}
