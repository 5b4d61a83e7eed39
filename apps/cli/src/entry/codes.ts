// SPDX-License-Identifier: GPL-2.0-only
import {
  bitsText,
  type CodePart,
  type EptPointer,
  explainEptp,
  explainPageFault,
  hex,
  type PageFaultCode,
  type SaidWord,
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

type Code = EptViolation | PageFaultCode | NestedPageFault;

/** How it is known what an error code is a code of: the flags say it, bits that no other code has, or nothing does. */
type Origin = 'given' | 'read' | 'assumed';

/** What an error code says, as a code of what. */
type ErrorCode = Code & { readonly origin: Origin };

/** What they say. */
export interface Codes {
  readonly qualifications: readonly EptViolation[];
  readonly errorCodes: readonly ErrorCode[];
  readonly eptps: readonly EptPointer[];
}

/** Whether such words are asked about. */
export function asksCodes({ qualification, errorCode, eptp }: CodeOptions): boolean {
  return [qualification, errorCode, eptp].some((words) => words !== undefined);
}

/** Explains them. */
export function explainCodes(
  { qualification = [], errorCode = [], eptp = [] }: CodeOptions,
  facts: Facts,
): Codes {
  return {
    qualifications: qualification.map(explainEptViolation),
    errorCodes: errorCode.map((code) => explainErrorCode(code, facts)),
    eptps: eptp.map(explainEptp),
  };
}

/** Bit 7 of a qualification, a valid linear address, is of no other error code. */
const LINEAR_ADDRESS_VALID = 1n << 7n;

/** What KVM calls the error code of a fault is another word on each kind of machine. */
function explainErrorCode(code: bigint, { vendor, tdp }: Facts): ErrorCode {
  if (tdp === false) return { ...explainPageFault(code), origin: 'given' };
  if (vendor === 'vmx') return { ...explainEptViolation(code), origin: 'given' };
  if (vendor === 'svm') return { ...explainNestedPageFault(code), origin: 'given' };
  if (code >> 32n !== 0n) return { ...explainNestedPageFault(code), origin: 'read' };
  if ((code & LINEAR_ADDRESS_VALID) !== 0n) return { ...explainEptViolation(code), origin: 'read' };
  return { ...explainPageFault(code), origin: 'assumed' };
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
    ...qualifications.map((code) => block(headingOf(code), codeText(code), code.parts)),
    ...errorCodes.map((code) =>
      block(`${headingOf(code)}${ORIGINS[code.origin]}`, codeText(code), code.parts),
    ),
    ...eptps.map((pointer) => block(`EPT pointer ${hex(pointer.value)}`, eptpText(pointer), [])),
  ].join('\n\n');
}

/** What is said beside a code of how it is known what it is one of. */
const ORIGINS: Readonly<Record<Origin, string>> = {
  given: '',
  read: ', by its bits',
  assumed: ', assumed: --vendor and --shadow say what it is a code of',
};

/** What a code means that a trace shows, as a sentence; null for a word that is none. */
export function saidText({ kind, value }: SaidWord): string | null {
  const explain = EXPLAINERS.get(kind);
  return explain === undefined ? null : codeText(explain(BigInt(value)));
}

const EXPLAINERS: ReadonlyMap<string | undefined, (value: bigint) => Code> = new Map<
  string,
  (value: bigint) => Code
>([
  ['EPT violation qualification', explainEptViolation],
  ['NPF EXITINFO1', explainNestedPageFault],
  ['#PF error code', explainPageFault],
]);

const headingOf = ({ kind, value }: Code): string => `${kind} ${hex(value)}`;

const codeText = (code: Code): string =>
  code.kind === 'EPT violation qualification' ? violationText(code) : faultText(code);

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
