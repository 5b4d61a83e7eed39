// SPDX-License-Identifier: GPL-2.0-only
import {
  bitsText,
  type CodePart,
  type EptPointer,
  explainEptp,
  explainPageFault,
  hex,
  type PageFaultCode,
} from '@spte/core';
import { explainNestedPageFault, type NestedPageFault } from '@spte/vendor-svm';
import { type EptViolation, explainEptViolation } from '@spte/vendor-vmx';
import type { Facts } from '../context/machine.ts';
import type { Paint } from '../io/paint.ts';

/** Words that are no entries: what the CPU reports of a fault, and where its tables begin. */
export interface CodeOptions {
  readonly qualification?: readonly bigint[];
  readonly errorCode?: readonly bigint[];
  readonly eptp?: readonly bigint[];
}

/** What they say. */
export interface Codes {
  readonly qualifications: readonly EptViolation[];
  readonly errorCodes: readonly (PageFaultCode | NestedPageFault)[];
  readonly eptps: readonly EptPointer[];
}

/** Whether such words are asked about. */
export function asksCodes({ qualification, errorCode, eptp }: CodeOptions): boolean {
  return [qualification, errorCode, eptp].some((words) => words !== undefined);
}

/** Explains them; what an error code is follows from the machine, else from the bits that only nested faults have. */
export function explainCodes(
  { qualification = [], errorCode = [], eptp = [] }: CodeOptions,
  { vendor, tdp }: Facts,
): Codes {
  const isNested = (code: bigint): boolean =>
    vendor === undefined && tdp === undefined ? code >> 32n !== 0n : vendor !== 'vmx' && tdp !== false;
  return {
    qualifications: qualification.map(explainEptViolation),
    errorCodes: errorCode.map((code) =>
      isNested(code) ? explainNestedPageFault(code) : explainPageFault(code),
    ),
    eptps: eptp.map(explainEptp),
  };
}

/** Codes as text: a sentence for each, and its bits. */
export function renderCodes(paint: Paint, { qualifications, errorCodes, eptps }: Codes): string {
  const block = (heading: string, sentence: string, parts: readonly CodePart[]): string =>
    [
      paint('bold', heading),
      `  ${sentence}`,
      ...parts.map(({ bits, text }) => paint('dim', `  ${bitsText(bits).padEnd(8)} ${text}`)),
    ].join('\n');
  return [
    ...qualifications.map((code) =>
      block(`${code.kind} ${hex(code.value)}`, violationText(code), code.parts),
    ),
    ...errorCodes.map((code) => block(`${code.kind} ${hex(code.value)}`, faultText(code), code.parts)),
    ...eptps.map((pointer) => block(`EPT pointer ${hex(pointer.value)}`, eptpText(pointer), [])),
  ].join('\n\n');
}

const NOT_MAPPED = 'nothing is mapped: an entry on the path is not present';

function triedText({ access }: EptViolation | PageFaultCode, stage: EptViolation['stage']): string {
  const what = access.length === 0 ? 'no access' : `a ${access.join(' and ')}`;
  return stage === 'guest page walk' ? `${what} on the guest's own page tables` : what;
}

function violationText(code: EptViolation): string {
  const why = code.entryPresent ? `the path allows ${code.entryAllows}` : NOT_MAPPED;
  return `${triedText(code, code.stage)}; ${why}`;
}

function faultText(code: PageFaultCode | NestedPageFault): string {
  const tried = triedText(code, 'stage' in code ? code.stage : null);
  if (code.reserved) return `${tried}; a reserved bit is set on the path, as KVM has it for MMIO`;
  return `${tried}; ${code.present ? 'the entries are there and refuse' : NOT_MAPPED}`;
}

function eptpText({ memtype, levels, ad, root, wrong }: EptPointer): string {
  if (memtype === null || wrong.length > 0)
    return `no CPU takes it: ${bitsText(wrong)} cannot be so in an EPT pointer`;
  return `${memtype}, ${levels} levels, A/D bits ${ad ? 'on' : 'off'}, root table ${hex(root)}`;
}
