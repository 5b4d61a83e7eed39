// SPDX-License-Identifier: GPL-2.0-only
import {
  type ExitReader,
  type ExitWord,
  type ExplainedExit,
  explainPageFault,
  type GuestExit,
  hex,
  type SaidWord,
  saidEvent,
  saidPageFault,
} from '@spte/core';
import { explainNestedPageFault } from './nested-page-fault.ts';

/** Exit codes by number. Kernel: `SVM_EXIT_REASONS`. */
const REASONS: Readonly<Record<number, string>> = {
  0: 'read_cr0',
  2: 'read_cr2',
  3: 'read_cr3',
  4: 'read_cr4',
  8: 'read_cr8',
  16: 'write_cr0',
  18: 'write_cr2',
  19: 'write_cr3',
  20: 'write_cr4',
  24: 'write_cr8',
  ...numbered(0x20, 'read_dr'),
  ...numbered(0x30, 'write_dr'),
  64: 'DE excp',
  65: 'DB excp',
  67: 'BP excp',
  68: 'OF excp',
  69: 'BR excp',
  70: 'UD excp',
  71: 'NM excp',
  72: 'DF excp',
  74: 'TS excp',
  75: 'NP excp',
  76: 'SS excp',
  77: 'GP excp',
  78: 'PF excp',
  80: 'MF excp',
  81: 'AC excp',
  82: 'MC excp',
  83: 'XF excp',
  96: 'interrupt',
  97: 'nmi',
  98: 'smi',
  99: 'init',
  100: 'vintr',
  101: 'cr0_sel_write',
  102: 'read_idtr',
  103: 'read_gdtr',
  104: 'read_ldtr',
  105: 'read_rt',
  106: 'write_idtr',
  107: 'write_gdtr',
  108: 'write_ldtr',
  109: 'write_rt',
  110: 'rdtsc',
  111: 'rdpmc',
  112: 'pushf',
  113: 'popf',
  114: 'cpuid',
  115: 'rsm',
  116: 'iret',
  117: 'swint',
  118: 'invd',
  119: 'pause',
  120: 'hlt',
  121: 'invlpg',
  122: 'invlpga',
  123: 'io',
  124: 'msr',
  125: 'task_switch',
  126: 'ferr_freeze',
  127: 'shutdown',
  128: 'vmrun',
  129: 'hypercall',
  130: 'vmload',
  131: 'vmsave',
  132: 'stgi',
  133: 'clgi',
  134: 'skinit',
  135: 'rdtscp',
  136: 'icebp',
  137: 'wbinvd',
  138: 'monitor',
  139: 'mwait',
  141: 'xsetbv',
  143: 'write_efer_trap',
  144: 'write_cr0_trap',
  148: 'write_cr4_trap',
  152: 'write_cr8_trap',
  162: 'invpcid',
  165: 'buslock',
  166: 'idle-halt',
  1024: 'npf',
  1025: 'avic_incomplete_ipi',
  1026: 'avic_unaccelerated_access',
  1027: 'vmgexit',
  4294967295: 'invalid_guest_state',
};

/** The names of registers 0 to 7 from a number on. */
function numbered(first: number, name: string): Record<number, string> {
  return Object.fromEntries(Array.from({ length: 8 }, (_, i) => [first + i, `${name}${i}`]));
}

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(REASONS).map(([number, name]) => [name, Number(number)] as const),
  // As trace-cmd has them.
  ['EXIT_EXCP_PF', 0x4e],
  ['EXIT_INTR', 0x60],
  ['EXIT_IOIO', 0x7b],
  ['EXIT_VMMCALL', 0x81],
  ['EXIT_NPF', 0x400],
  ['EXIT_ERR', 0xffff_ffff],
]);

const PF_EXCP = 0x4e;
const IO = 0x7b;
const NPF = 0x400;

/** Whether the exit whose name the kernel lost is a nested page fault: an access, or a walk for it. */
function isLostNpf(info1: bigint): boolean {
  return [1n, 2n].includes(info1 >> 32n) && (info1 & 0xffff_ff00n) === 0n;
}

function reasonOf(printed: GuestExit['reason'], info1: bigint | null): ExplainedExit['reason'] {
  const lost = printed === '' && info1 !== null && isLostNpf(info1);
  const known = typeof printed === 'number' ? printed : (NUMBERS.get(printed) ?? null);
  const number = lost ? NPF : known;
  if (number !== null) return { name: REASONS[number] ?? null, number };
  return { name: printed === '' ? null : String(printed), number };
}

function saidNestedFault(code: bigint): SaidWord {
  const fault = explainNestedPageFault(code);
  return { ...saidPageFault(fault), stage: fault.stage };
}

/** Bytes of an access, by the bit of EXITINFO1 that is set. */
const SIZES: readonly (readonly [bigint, number])[] = [
  [1n << 4n, 1],
  [1n << 5n, 2],
  [1n << 6n, 4],
];

function ioAccess(word: bigint): SaidWord {
  const isSet = (bit: bigint): boolean => (word & bit) !== 0n;
  return {
    value: hex(word),
    port: hex((word >> 16n) & 0xffffn),
    size: SIZES.find(([bit]) => isSet(bit))?.[1] ?? null,
    direction: isSet(1n) ? 'in' : 'out',
    string: isSet(4n),
    rep: isSet(8n),
  };
}

/** What EXITINFO1 says, by exit code. */
const INFO1: ReadonlyMap<number | null, (word: bigint) => SaidWord> = new Map([
  [PF_EXCP, (word: bigint) => saidPageFault(explainPageFault(word))],
  [IO, ioAccess],
  [NPF, saidNestedFault],
]);

/** What EXITINFO2 is, by exit code. */
const INFO2: ReadonlyMap<number | null, string> = new Map([
  [PF_EXCP, 'gva'],
  [IO, 'rip of the next instruction'],
  [NPF, 'gpa'],
]);

function explainExit({ reason: printed, words }: GuestExit): ExplainedExit {
  const { info1, info2, intr_info, error_code } = words;
  const reason = reasonOf(printed, info1);
  const said: Partial<Record<ExitWord, SaidWord>> = {};
  const saysInfo1 = INFO1.get(reason.number);
  const kind = INFO2.get(reason.number);
  if (info1 !== null && saysInfo1 !== undefined) said.info1 = saysInfo1(info1);
  if (info2 !== null && kind !== undefined) said.info2 = { value: hex(info2), kind };
  if (intr_info === null) return { reason, words: said };
  // With a clear valid bit it is a leftover.
  const event = saidEvent(intr_info);
  const errorCode = event?.hasErrorCode === true && error_code !== null ? { errorCode: hex(error_code) } : {};
  return { reason, words: said, whileDelivering: event === null ? null : { ...event, ...errorCode } };
}

/**
 * What AMD's exits mean: their codes, EXITINFO1 and 2, and the event that was being delivered. For the annotators of
 * `@spte/trace`.
 *
 * @example
 * ```ts
 * import { svmExits } from '@spte/vendor-svm';
 *
 * const words = { info1: 0x100000004n, info2: 0x40e0n, intr_info: 0x80000b0en, error_code: 3n };
 * const { reason, whileDelivering } = svmExits.explainExit({ reason: 'npf', words });
 * [reason.number, whileDelivering?.name]; // [ 1024, '#PF' ]
 * ```
 */
export const svmExits: ExitReader = {
  vendor: 'svm',
  looksAt: (reason) => (reason === '' || INFO1.has(reasonOf(reason, null).number) ? ['info1'] : []),
  explainExit,
  explainFault: saidNestedFault,
};
