// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import type { ExplainedChange } from '../explain/explain-change.ts';
import type { Explanation } from '../explain/explain-spte.ts';
import { changeText, objectionText } from './change-texts.ts';
import { findingText } from './finding-texts.ts';
import { guessText } from './reading-texts.ts';
import { accessText, counted, KIND_NAMES, kindName, pageText } from './words.ts';

/**
 * The answer in one sentence, which command and page show first: whether an entry is wrong, and in what; else what it
 * is. Of a change: whether KVM makes it, and what it is.
 *
 * @example
 * ```ts
 * import { createMmu, explainChange, explainSpte, verdict } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * verdict(explainSpte(mmu, 0x600000455299b77n, 1)); // clean leaf: maps the 4K page at 0x455299000, rwx, WB
 * verdict(explainChange(mmu, 0x600000455299b77n, 0n, 1)); // allowed: the entry was zapped
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, explainChange, explainSpte, verdict } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm() });
 * // Bit 50 lies beyond the machine's 48 address bits.
 * verdict(explainSpte(mmu, 0x400018a600e67n, 1)); // bad leaf: reserved bit 0x4000000000000 is set; at level 1 0xf000000000000 must be 0
 * // KVM never moves a mapping in one step.
 * verdict(explainChange(mmu, 0x18a600e67n, 0x18a601e67n, 1)); // NOT ALLOWED: KVM zaps a leaf before it maps another page: the TDP MMU would BUG ("Invalid SPTE change"); what happened: a present leaf was replaced by one for another page
 * ```
 */
export function verdict(result: Explanation | ExplainedChange): string {
  return 'events' in result ? changeVerdict(result) : entryVerdict(result);
}

/** {@link verdict} of a change. */
export function changeVerdict(change: ExplainedChange): string {
  const [first, ...others] = change.objections;
  if (first === undefined) return `allowed: ${changeText(change)}`;
  const more = others.length === 0 ? '' : `, and ${counted(others.length, 'more objection')}`;
  return `NOT ALLOWED: ${objectionText(first)}${more}; what happened: ${changeText(change)}`;
}

/** {@link verdict} of an entry, for texts that need no word of changes. */
export function entryVerdict(explanation: Explanation): string {
  const { kind, own, findings, guesses } = explanation;
  const [worst] = findings;
  const [best] = guesses;
  const but = best === undefined ? '' : `; but it may be ${guessText(best)}`;
  if (worst === undefined) {
    return `clean ${whatOf(explanation)}${but}`;
  }
  if (worst.code === 'not-an-spte') {
    if (worst.params.cleanIfPresent) return `${KIND_NAMES.unknown}: only the MMU-present bit is missing`;
    return best === undefined ? KIND_NAMES.unknown : `${KIND_NAMES.unknown}: it may be ${guessText(best)}`;
  }
  if (kind === 'unknown') return `${KIND_NAMES.unknown}: ${findingText(worst)}`;
  const more = findings.length === 1 ? '' : `; and ${counted(findings.length - 1, 'more finding')}`;
  return `${worst.severity === 'error' ? 'bad' : 'suspicious'} ${kindName(kind, own)}: ${findingText(worst)}${more}${but}`;
}

function whatOf({ kind, level, mapping, mmio, own }: Explanation): string {
  const name = kindName(kind, own);
  if (own !== null) return `${name}: ${own.plugin} keeps it, KVM counts it as ${KIND_NAMES[own.countsAs]}`;
  if (mmio !== null) return `${name}: no memory at gpa ${hex(mmio.gpa)}, the access is emulated`;
  if (mapping === null) {
    return kind === 'frozen' ? `${name}: a CPU is changing it` : `${name}: maps nothing`;
  }
  const { hpa, access, memtype, restored } = mapping;
  if (kind === 'table') return `${name}: points to the table at ${hex(hpa)}, ${accessText(access)}`;
  const page = pageText(level, hpa);
  if (restored !== null) return `${name}: ${page} without its permissions, to notice the next access`;
  return `${name}: maps ${[page, accessText(access), ...(memtype === null ? [] : [memtype])].join(', ')}`;
}
