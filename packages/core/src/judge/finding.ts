// SPDX-License-Identifier: GPL-2.0-only

import { bitNumbers } from '../bits/bits.ts';
import type { Mmu } from '../mmu/contract.ts';
import { type Because, because } from '../read/because.ts';
import type { SpteKind } from '../read/spte-kind.ts';

/** `error`: the CPU or KVM refuses the entry. `warning`: legal, but this kernel could not have written it. */
export type Severity = 'error' | 'warning';

/** Stable names of everything that can be wrong with an entry. */
export type FindingCode =
  | 'reserved-bits'
  | 'bad-memtype'
  | 'bad-xwr'
  | 'invariant.mmu-without-host-writable'
  | 'invariant.hw-writable-without-mmu-writable'
  | 'mmio-and-present'
  | 'l1tf-guard-missing'
  | 'mmio-gfn-too-high'
  | 'not-an-spte'
  | 'bits-without-meaning'
  | 'bits-kvm-never-sets'
  | 'ad-type-invalid'
  | 'present-mask-missing'
  | 'table-permissions-missing'
  | 'encryption-bits';

/** Something wrong with an entry. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The bits that are wrong, or that contradict each other, lowest first. */
  readonly bits: readonly number[];
  readonly text: string;
  /** What to do about it, or to ask next. */
  readonly next: string;
  readonly because: Because;
}

/** An entry under judgement. */
export interface Judged {
  readonly mmu: Mmu;
  readonly spte: bigint;
  /** 1..5 */
  readonly level: number;
  readonly kind: SpteKind;
  /** Bits that are reserved in an entry like this one. */
  readonly rsvdBits: bigint;
}

/** A test that every entry of some kinds must pass. */
export interface Check {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly kinds: readonly SpteKind[];
  /** The kernel function that the test follows. */
  readonly rule: string;
  /** The bits that are wrong; 0 for an entry that passes. */
  readonly wrong: (judged: Judged) => bigint;
  readonly text: (wrong: bigint, judged: Judged) => string;
  readonly next: string;
}

/** The bits that a test finds wrong; 0 for an entry that passes, or is of another kind. */
const wrongBits = ({ kinds, wrong }: Check, judged: Judged): bigint =>
  kinds.includes(judged.kind) ? wrong(judged) : 0n;

/** Whether an entry passes the tests of its kind. */
export function passes(checks: readonly Check[], judged: Judged): boolean {
  return checks.every((check) => wrongBits(check, judged) === 0n);
}

/** Puts an entry through the tests of its kind. */
export function runChecks(checks: readonly Check[], judged: Judged): Finding[] {
  const findings: Finding[] = [];
  for (const check of checks) {
    const wrong = wrongBits(check, judged);
    if (wrong === 0n) continue;
    const { code, severity, rule, text, next } = check;
    findings.push({
      code,
      severity,
      bits: bitNumbers(wrong),
      text: text(wrong, judged),
      next,
      because: because(judged.mmu, rule, wrong),
    });
  }
  return findings;
}
