// SPDX-License-Identifier: GPL-2.0-only
import {
  BoundedMap,
  type ExitReader,
  type ExitWord,
  type ExplainedExit,
  explainPageFault,
  type GuestExit,
  hex,
  type Mmu,
  type SaidEvent,
  type SaidWord,
  saidPageFault,
} from '@spte/core';
import type { TraceRecord } from '../events/record.ts';
import { HINTS, type MachineHints, machineHints } from './machine-hints.ts';

/** An address: guest physical, or virtual under shadow paging; null where it is not known which. */
export interface SaidAddress {
  readonly kind: 'gpa' | 'gva' | null;
  readonly value: string;
}

/** What an exit, or a fault that KVM's MMU handles, means. Numbers are hex, for JSON; what a line does not have is absent. */
export interface ExplainedFault {
  readonly event: string;
  readonly vendor: string;
  readonly reason?: ExplainedExit['reason'] | undefined;
  /** Where the fault is. */
  readonly address?: SaidAddress | undefined;
  readonly rip?: string | undefined;
  readonly info1?: SaidWord | undefined;
  readonly info2?: SaidWord | undefined;
  readonly intr_info?: SaidWord | undefined;
  readonly error_code?: SaidWord | undefined;
  /** The event that was being delivered to the guest; null for none. */
  readonly whileDelivering?: SaidEvent | null | undefined;
  readonly requests?: string | undefined;
}

/** What a field is in what is said. */
export type FaultPart = ExitWord | 'reason' | 'isa' | 'rip' | 'address' | 'requests';

/** Names of the fields of a line. */
export type FaultFields = Readonly<Partial<Record<FaultPart, string>>>;

const WORDS = { info1: 'info1', info2: 'info2', intr_info: 'intr_info', error_code: 'error_code' } as const;

/** The fields of the events that are explained, in text and in raw mode. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, FaultFields>>>> = {
  kvm_exit: {
    text: { ...WORDS, reason: 'reason', rip: 'rip', requests: 'requests' },
    raw: { ...WORDS, reason: 'exit_reason', isa: 'isa', rip: 'guest_rip', requests: 'requests' },
  },
  kvm_page_fault: {
    text: { address: 'address', rip: 'rip', error_code: 'error_code' },
    raw: { address: 'fault_address', rip: 'guest_rip', error_code: 'error_code' },
  },
};

/** Parts from which it follows which words an explainer looks at. */
export const PLAN_PARTS: readonly FaultPart[] = ['reason', 'isa'];
/** Words. */
export const WORD_PARTS: readonly ExitWord[] = ['info1', 'info2', 'intr_info', 'error_code'];

/** Those of an event that is not explained. */
export const NO_FIELDS: FaultFields = {};

/** The fields of an event. */
export function faultFields(event: string, form: TraceRecord['form']): FaultFields {
  return FIELDS[event]?.[form] ?? NO_FIELDS;
}

/** The name of a part in a line; empty where its event has none. */
export function partName({ event, form }: TraceRecord, part: FaultPart): string {
  return faultFields(event, form)[part] ?? '';
}

/** Explains exits and faults. */
export interface FaultExplainer {
  /** The words whose values decide over what is said; which they are follows from the reason, and from `isa`. */
  readonly looksAt: (record: TraceRecord) => readonly ExitWord[];
  /**
   * Says what a line means.
   *
   * @param exit what the exit before it of the same task said of the machine
   */
  readonly explain: (record: TraceRecord, exit: MachineHints) => ExplainedFault;
}

const OF_FAULTS: readonly ExitWord[] = ['error_code'];
const OF_EXITS: readonly ExitWord[] = ['intr_info', 'error_code'];
/** Without a name the words themselves tell whose they are. */
const OF_LOST_EXITS: readonly ExitWord[] = ['info1', 'info2', ...OF_EXITS];

/** Makes an explainer. */
export function faultExplainer(mmu: Mmu, readers: readonly ExitReader[]): FaultExplainer {
  const machine = mmu.vendor.name;
  const readerOf = (vendor: string): ExitReader | undefined =>
    readers.find((reader) => reader.vendor === vendor);

  const explainExit = (record: TraceRecord): ExplainedFault => {
    const { event, form, fields } = record;
    const reason = reasonOf(record);
    const vendor = machineHints(record).vendor ?? machine;
    const words = {
      info1: wordIn(record, 'info1'),
      info2: wordIn(record, 'info2'),
      intr_info: wordIn(record, 'intr_info'),
      error_code: wordIn(record, 'error_code'),
    };
    const shortened = form === 'text' && fields['vcpu'] === undefined;
    const said = readerOf(vendor)?.explainExit({ reason, words, shortened }) ?? unexplained(reason);
    return {
      event,
      vendor,
      reason: said.reason,
      rip: hexIn(record, 'rip'),
      info1: said.words.info1,
      info2: said.words.info2,
      intr_info: said.words.intr_info,
      error_code: said.words.error_code,
      whileDelivering: said.whileDelivering,
      requests: hexIn(record, 'requests'),
    };
  };

  const explainFault = (record: TraceRecord, exit: MachineHints): ExplainedFault => {
    const code = wordIn(record, 'error_code');
    const hints =
      [exit, machineHints(record)].find(({ mode }) => mode !== null) ?? assumedHints(mmu, exit, code);
    const vendor = hints.vendor ?? machine;
    const address = hexIn(record, 'address');
    return {
      event: record.event,
      vendor,
      address: address === undefined ? undefined : { kind: addressKind(hints.mode), value: address },
      rip: hexIn(record, 'rip'),
      error_code: code === null ? undefined : saidCode(readerOf(vendor), hints.mode, code),
    };
  };

  return {
    looksAt(record) {
      if (record.event !== 'kvm_exit') return OF_FAULTS;
      const reason = reasonOf(record);
      if (reason === '') return OF_LOST_EXITS;
      const vendor = machineHints(record).vendor ?? machine;
      return [...OF_EXITS, ...(readerOf(vendor)?.looksAt(reason) ?? [])];
    },
    explain: (record, exit) =>
      record.event === 'kvm_exit' ? explainExit(record) : explainFault(record, exit),
  };
}

/** Read, write and fetch in the qualification of a violation. */
const ACCESSES = 7n;

/** What the machine is, where nothing else says what a fault is about; nothing, if the exit was another vendor's. */
function assumedHints(
  { vendor: { name }, masks: { tdpEnabled } }: Mmu,
  { vendor }: MachineHints,
  code: bigint | null,
): MachineHints {
  const machine = name === 'vmx' || name === 'svm' ? name : null;
  if (machine === null || (vendor ?? machine) !== machine) return { vendor, mode: null };
  // A violation of EPT is one of an access, which its qualification names.
  const isViolation = code === null || (code & ACCESSES) !== 0n;
  if (machine === 'vmx' && !isViolation) return { vendor: machine, mode: 'shadow' };
  return { vendor: machine, mode: tdpEnabled ? (machine === 'vmx' ? 'ept' : 'npt') : 'shadow' };
}

function addressKind(mode: MachineHints['mode']): 'gpa' | 'gva' | null {
  if (mode === null) return null;
  return mode === 'shadow' ? 'gva' : 'gpa';
}

function saidCode(reader: ExitReader | undefined, mode: MachineHints['mode'], code: bigint): SaidWord {
  if (mode === 'shadow') return saidPageFault(explainPageFault(code));
  return (mode === null ? undefined : reader?.explainFault(code)) ?? { value: hex(code) };
}

/** What is said of an exit of a vendor that nobody knows. */
function unexplained(reason: GuestExit['reason']): ExplainedExit {
  const said =
    typeof reason === 'number'
      ? { name: null, number: reason }
      : { name: reason === '' ? null : reason, number: null };
  return { reason: said, words: {} };
}

/** A number in place of a name, as the kernel and as trace-cmd print it. */
const NUMBERED = /^(?:UNKNOWN \((\d{1,10})\)|(0x[\da-f]{1,8}))$/;

function reasonOf({ form, fields }: TraceRecord): GuestExit['reason'] {
  const reason = fields[form === 'raw' ? 'exit_reason' : 'reason'] ?? '';
  // A number of 32 bits, whatever its sign.
  if (typeof reason === 'number') return reason < 0 ? reason + 2 ** 32 : reason;
  const [, decimal, hexadecimal] = NUMBERED.exec(String(reason)) ?? [];
  const number = decimal ?? hexadecimal;
  return number === undefined ? String(reason) : Number(number);
}

const HEX = /^0x[\da-f]{1,16}$/i;

function wordIn(record: TraceRecord, part: FaultPart): bigint | null {
  const value = record.fields[partName(record, part)];
  return typeof value === 'string' && HEX.test(value) ? BigInt(value) : null;
}

function hexIn(record: TraceRecord, part: FaultPart): string | undefined {
  const word = wordIn(record, part);
  return word === null ? undefined : hex(word);
}

/** Parts that are said as they are, unless an explainer looks at them. */
const PLAIN_PARTS: readonly FaultPart[] = ['rip', 'address', 'info1', 'info2', 'requests'];

/** The parts of a line whose values are said as they are. */
export function plainParts(looked: readonly ExitWord[]): FaultPart[] {
  return PLAIN_PARTS.filter((part) => !looked.some((word) => word === part));
}

/** What is said of a line, with the values of another that is like it. */
export function withValues(
  said: ExplainedFault,
  plain: readonly FaultPart[],
  valueIn: (part: FaultPart) => string | undefined,
): ExplainedFault {
  const put = <T extends { readonly value: string }>(part: FaultPart, word: T | undefined): T | undefined => {
    if (word === undefined || !plain.includes(part)) return word;
    const value = valueIn(part);
    return value === undefined ? undefined : { ...word, value };
  };
  return {
    event: said.event,
    vendor: said.vendor,
    reason: said.reason,
    address: put('address', said.address),
    rip: said.rip === undefined ? undefined : valueIn('rip'),
    info1: put('info1', said.info1),
    info2: put('info2', said.info2),
    intr_info: said.intr_info,
    error_code: said.error_code,
    whileDelivering: said.whileDelivering,
    requests: said.requests === undefined ? undefined : valueIn('requests'),
  };
}

/** What is said of a line that is an exit or a fault; undefined of another. */
export type ExplainLine = (record: TraceRecord, exit: MachineHints) => ExplainedFault | undefined;

/** What is said of lines that are alike. */
interface Plan {
  readonly looked: readonly ExitWord[];
  readonly plain: readonly FaultPart[];
}

/** Plans and answers that are remembered, at most; real traces have a few dozen and a few hundred. */
const MAX_ANSWERS = 1 << 12;

/** Explains lines, looking only once at those that are alike. */
export function rememberFaults({ looksAt, explain }: FaultExplainer): ExplainLine {
  const plans = new BoundedMap<string, Plan>(MAX_ANSWERS);
  const answers = new BoundedMap<string, ExplainedFault>(MAX_ANSWERS);
  return (record, exit) => {
    const { event, form, fields } = record;
    if (faultFields(event, form) === NO_FIELDS) return;
    const decides = PLAN_PARTS.map((part) => fields[partName(record, part)]);
    const like = [event, form, Object.keys(fields), ...decides].join(' ');
    let plan = plans.get(like);
    if (plan === undefined) {
      const looked = looksAt(record);
      plan = { looked, plain: plainParts(looked) };
      plans.set(like, plan);
    }
    const valueIn = (part: FaultPart): string | undefined => hexIn(record, part);
    const key = [like, HINTS.indexOf(exit), ...plan.looked.map(valueIn)].join(' ');
    const known = answers.get(key);
    if (known !== undefined) return withValues(known, plan.plain, valueIn);
    const said = explain(record, exit);
    answers.set(key, said);
    return said;
  };
}
