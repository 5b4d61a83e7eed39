// SPDX-License-Identifier: GPL-2.0-only
import {
  type ExitReader,
  type ExitWord,
  type ExplainedExit,
  explainPageFault,
  type GuestExit,
  hex,
  type SaidEvent,
  type SaidWord,
  saidEvent,
  saidPageFault,
} from '@spte/core';
import { explainEptViolation } from './violation.ts';

/** Basic exit reasons by number. Kernel: `VMX_EXIT_REASONS`. */
const REASONS: Readonly<Record<number, string>> = {
  0: 'EXCEPTION_NMI',
  1: 'EXTERNAL_INTERRUPT',
  2: 'TRIPLE_FAULT',
  3: 'INIT_SIGNAL',
  4: 'SIPI_SIGNAL',
  7: 'INTERRUPT_WINDOW',
  8: 'NMI_WINDOW',
  9: 'TASK_SWITCH',
  10: 'CPUID',
  12: 'HLT',
  13: 'INVD',
  14: 'INVLPG',
  15: 'RDPMC',
  16: 'RDTSC',
  18: 'VMCALL',
  19: 'VMCLEAR',
  20: 'VMLAUNCH',
  21: 'VMPTRLD',
  22: 'VMPTRST',
  23: 'VMREAD',
  24: 'VMRESUME',
  25: 'VMWRITE',
  26: 'VMOFF',
  27: 'VMON',
  28: 'CR_ACCESS',
  29: 'DR_ACCESS',
  30: 'IO_INSTRUCTION',
  31: 'MSR_READ',
  32: 'MSR_WRITE',
  33: 'INVALID_STATE',
  34: 'MSR_LOAD_FAIL',
  36: 'MWAIT_INSTRUCTION',
  37: 'MONITOR_TRAP_FLAG',
  39: 'MONITOR_INSTRUCTION',
  40: 'PAUSE_INSTRUCTION',
  41: 'MCE_DURING_VMENTRY',
  43: 'TPR_BELOW_THRESHOLD',
  44: 'APIC_ACCESS',
  45: 'EOI_INDUCED',
  46: 'GDTR_IDTR',
  47: 'LDTR_TR',
  48: 'EPT_VIOLATION',
  49: 'EPT_MISCONFIG',
  50: 'INVEPT',
  51: 'RDTSCP',
  52: 'PREEMPTION_TIMER',
  53: 'INVVPID',
  54: 'WBINVD',
  55: 'XSETBV',
  56: 'APIC_WRITE',
  57: 'RDRAND',
  58: 'INVPCID',
  59: 'VMFUNC',
  60: 'ENCLS',
  61: 'RDSEED',
  62: 'PML_FULL',
  63: 'XSAVES',
  64: 'XRSTORS',
  67: 'UMWAIT',
  68: 'TPAUSE',
  74: 'BUS_LOCK',
  75: 'NOTIFY',
  77: 'TDCALL',
  84: 'MSR_READ_IMM',
  85: 'MSR_WRITE_IMM',
};

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(REASONS).map(([number, name]) => [name, Number(number)] as const),
  // As trace-cmd has it.
  ['PENDING_INTERRUPT', 7],
]);

const FAILED_VMENTRY = 1 << 31;

/** A reason in parts: the basic one, and the bits above it. */
type Reason = ExplainedExit['reason'];

const nameOf = (number: number): string | null => REASONS[number] ?? null;

function reasonOf(reason: GuestExit['reason']): Reason {
  if (typeof reason === 'number') {
    const number = reason & 0xffff;
    const failed = (reason & FAILED_VMENTRY) !== 0;
    return { name: nameOf(number), number, ...(failed ? { flags: ['FAILED_VMENTRY'] } : {}) };
  }
  const [, ...flags] = reason.split(' ');
  const printed = reason.split(' ', 1).join();
  const number = NUMBERS.get(printed) ?? null;
  const unknown = printed === '' ? null : printed;
  const name = number === null ? unknown : nameOf(number);
  return { name, number, ...(flags.length > 0 ? { flags } : {}) };
}

/** What the exit qualification says, by reason. */
const QUALIFICATIONS: ReadonlyMap<number | null, (qualification: bigint) => SaidWord> = new Map([
  [28, crAccess],
  [30, ioInstruction],
  [44, apicAccess],
  [48, saidViolation],
]);

/** Qualifications that are an address, or nothing. */
const PLAIN: ReadonlyMap<number | null, (qualification: bigint) => SaidWord> = new Map([
  [14, (value: bigint): SaidWord => ({ value: hex(value), kind: 'gva' })],
  [49, (value: bigint): SaidWord => ({ value: hex(value) })],
]);

function saidViolation(word: bigint): SaidWord {
  const { value, parts, ...said } = explainEptViolation(word);
  return { value: hex(value), ...said };
}

const bits = (word: bigint, high: number, low: number): number =>
  Number((word >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));

const CR_TYPES = ['mov to cr', 'mov from cr', 'clts', 'lmsw'];

function crAccess(word: bigint): SaidWord {
  const type = bits(word, 5, 4);
  const register = type < 2 ? { register: bits(word, 11, 8) } : {};
  return { value: hex(word), cr: bits(word, 3, 0), type: CR_TYPES[type], ...register };
}

function ioInstruction(word: bigint): SaidWord {
  return {
    value: hex(word),
    port: hex(BigInt(bits(word, 31, 16))),
    size: bits(word, 2, 0) + 1,
    direction: bits(word, 3, 3) === 1 ? 'in' : 'out',
    string: bits(word, 4, 4) === 1,
    rep: bits(word, 5, 5) === 1,
    immediate: bits(word, 6, 6) === 1,
  };
}

const APIC_TYPES = ['read', 'write', 'fetch', 'event delivery'];

function apicAccess(word: bigint): SaidWord {
  const type = APIC_TYPES[bits(word, 15, 12)] ?? null;
  return { value: hex(word), offset: hex(BigInt(bits(word, 11, 0))), type };
}

const PAGE_FAULT = 14;

/** Whether an exit is a page fault of the guest that KVM intercepts. */
function isPageFault(number: number | null, event: SaidEvent | null): boolean {
  return number === 0 && event?.vector === PAGE_FAULT && event.type === 'hardware exception';
}

/** The event of an exit, in a line of before 5.10, where it is the second word; null for other exits. */
function oldIntrInfo(number: number | null, info2: bigint | null, shortened: boolean): bigint | null {
  return !shortened && (number === 0 || number === 1) ? info2 : null;
}

function explainExit({ reason: printed, words, shortened = false }: GuestExit): ExplainedExit {
  const reason = reasonOf(printed);
  const { number } = reason;
  const { info1, error_code } = words;
  // Before 5.10 the second word is what later lines have as intr_info, and the event on its way is not there.
  const old = words.intr_info === null;
  const intr = old ? oldIntrInfo(number, words.info2, shortened) : words.intr_info;
  const event = intr === null ? null : saidEvent(intr);
  const pageFault = isPageFault(number, event);
  const said: Partial<Record<ExitWord, SaidWord>> = {};
  if (info1 !== null) {
    const what = QUALIFICATIONS.get(number) ?? PLAIN.get(number);
    if (what !== undefined) said.info1 = what(info1);
    else if (pageFault) said.info1 = { value: hex(info1), kind: 'gva (CR2)' };
  }
  if (event !== null) said.intr_info = event;
  if (error_code !== null && event?.hasErrorCode === true) {
    said.error_code = pageFault ? saidPageFault(explainPageFault(error_code)) : { value: hex(error_code) };
  }
  const delivered = old || words.info2 === null ? {} : { whileDelivering: saidEvent(words.info2) };
  return { reason, words: said, ...delivered };
}

/**
 * What Intel's exits mean: their reasons, qualifications, and the events in them. For the annotators of `@spte/trace`.
 *
 * @example
 * ```ts
 * import { vmxExits } from '@spte/vendor-vmx';
 *
 * const words = { info1: 0x1aan, info2: 0n, intr_info: 0n, error_code: 0n };
 * const { reason, words: said } = vmxExits.explainExit({ reason: 'EPT_VIOLATION', words });
 * [reason.number, said.info1?.['entryAllows']]; // [ 48, 'r-x' ]
 * ```
 */
export const vmxExits: ExitReader = {
  vendor: 'vmx',
  looksAt: (reason) => (QUALIFICATIONS.has(reasonOf(reason).number) ? ['info1', 'info2'] : ['info2']),
  explainExit,
  explainFault: saidViolation,
};
