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
  0x0: 'read_cr0',
  0x2: 'read_cr2',
  0x3: 'read_cr3',
  0x4: 'read_cr4',
  0x8: 'read_cr8',
  0x10: 'write_cr0',
  0x12: 'write_cr2',
  0x13: 'write_cr3',
  0x14: 'write_cr4',
  0x18: 'write_cr8',
  ...numbered(0x20, 'read_dr'),
  ...numbered(0x30, 'write_dr'),
  0x40: 'DE excp',
  0x41: 'DB excp',
  0x43: 'BP excp',
  0x44: 'OF excp',
  0x45: 'BR excp',
  0x46: 'UD excp',
  0x47: 'NM excp',
  0x48: 'DF excp',
  0x4a: 'TS excp',
  0x4b: 'NP excp',
  0x4c: 'SS excp',
  0x4d: 'GP excp',
  0x4e: 'PF excp',
  0x50: 'MF excp',
  0x51: 'AC excp',
  0x52: 'MC excp',
  0x53: 'XF excp',
  0x60: 'interrupt',
  0x61: 'nmi',
  0x62: 'smi',
  0x63: 'init',
  0x64: 'vintr',
  0x65: 'cr0_sel_write',
  0x66: 'read_idtr',
  0x67: 'read_gdtr',
  0x68: 'read_ldtr',
  0x69: 'read_rt',
  0x6a: 'write_idtr',
  0x6b: 'write_gdtr',
  0x6c: 'write_ldtr',
  0x6d: 'write_rt',
  0x6e: 'rdtsc',
  0x6f: 'rdpmc',
  0x70: 'pushf',
  0x71: 'popf',
  0x72: 'cpuid',
  0x73: 'rsm',
  0x74: 'iret',
  0x75: 'swint',
  0x76: 'invd',
  0x77: 'pause',
  0x78: 'hlt',
  0x79: 'invlpg',
  0x7a: 'invlpga',
  0x7b: 'io',
  0x7c: 'msr',
  0x7d: 'task_switch',
  0x7e: 'ferr_freeze',
  0x7f: 'shutdown',
  0x80: 'vmrun',
  0x81: 'hypercall',
  0x82: 'vmload',
  0x83: 'vmsave',
  0x84: 'stgi',
  0x85: 'clgi',
  0x86: 'skinit',
  0x87: 'rdtscp',
  0x88: 'icebp',
  0x89: 'wbinvd',
  0x8a: 'monitor',
  0x8b: 'mwait',
  0x8d: 'xsetbv',
  0x8f: 'write_efer_trap',
  0x90: 'write_cr0_trap',
  0x94: 'write_cr4_trap',
  0x98: 'write_cr8_trap',
  0xa2: 'invpcid',
  0xa5: 'buslock',
  0xa6: 'idle-halt',
  0x400: 'npf',
  0x401: 'avic_incomplete_ipi',
  0x402: 'avic_unaccelerated_access',
  0x403: 'vmgexit',
  0xffff_ffff: 'invalid_guest_state',
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
  const number = lost ? NPF : typeof printed === 'number' ? printed : (NUMBERS.get(printed) ?? null);
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
  const errorCode =
    event?.['hasErrorCode'] === true && error_code !== null ? { errorCode: hex(error_code) } : {};
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
 * [reason.number, whileDelivering?.['name']]; // [ 1024, '#PF' ]
 * ```
 */
export const svmExits: ExitReader = {
  vendor: 'svm',
  looksAt: (reason) =>
    reason === '' || INFO1.has(reasonOf(reason, null).number) ? ['info1'] : [],
  explainExit,
  explainFault: saidNestedFault,
};
