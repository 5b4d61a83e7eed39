// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import type { EntryFault, Outcome } from '../mmu/contract.ts';
import { bitsText } from './words.ts';

const causesText = (causes: readonly EntryFault[]): string =>
  causes.length === 0
    ? ''
    : `: ${causes.map(({ cause, bits }) => `${cause} (${bitsText(bits)})`).join(', ')}`;

/** What becomes of an access, in words. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'translates':
      return `to ${hex(outcome.hpa)}, ${outcome.memtype}`;
    case 'next-table':
      return `on to the table at ${hex(outcome.hpa)}`;
    case 'ept-violation':
      return `EPT violation, qualification ${hex(outcome.qualification)}`;
    case 'ept-misconfig':
      return `EPT misconfiguration${causesText(outcome.causes)}`;
    case 'nested-page-fault':
      return `nested page fault, error code ${hex(outcome.errorCode)}${causesText(outcome.causes)}`;
    case 'page-fault':
      return `#PF, error code ${hex(outcome.errorCode)}${causesText(outcome.causes)}`;
    default:
      return outcome.text;
  }
}
