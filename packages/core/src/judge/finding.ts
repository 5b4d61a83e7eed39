// SPDX-License-Identifier: GPL-2.0-only

import type { Coded, NoParams } from '../bits/coded.ts';
import type { PluginName, Severity } from '../mmu/entry-kind.ts';
import type { Because } from '../read/because.ts';
import type { Guess } from '../read/guess-unknown.ts';

/** Bits that are clear, of those that KVM sets in every such entry. */
export interface MissingBits {
  readonly expected: bigint;
  readonly missing: bigint;
}

/** What each finding says, beside the bits; `findingText()` and `findingNext()` have the words. */
export interface FindingParams {
  /**
   * The bits that are set, of those that must be 0 there: in a PAE root, or in an entry at that level. With bit 7 the
   * other way round the entry may be clean.
   */
  readonly 'reserved-bits': {
    readonly set: bigint;
    readonly reserved: bigint;
    readonly level: number;
    readonly paeRoot: boolean;
    readonly bit7IsWrong: boolean;
  };
  /** The bits that are set, of those that a kernel printed as reserved; the level is null when it is not known. */
  readonly 'printed-reserved-bits': {
    readonly set: bigint;
    readonly printed: bigint;
    readonly level: number | null;
  };
  readonly 'bad-memtype': { readonly memtype: bigint };
  /** Bits 2:0: execute, write, read. */
  readonly 'bad-xwr': { readonly xwr: bigint };
  readonly 'invariant.mmu-without-host-writable': NoParams;
  readonly 'invariant.hw-writable-without-mmu-writable': NoParams;
  /** What an MMIO entry is under the MMIO mask. */
  readonly 'mmio-and-present': { readonly mmioValue: bigint };
  readonly 'l1tf-guard-missing': MissingBits;
  /** The last gfn that there can be. */
  readonly 'mmio-gfn-too-high': { readonly gfn: bigint; readonly last: bigint };
  /** Whether the entry were clean with the MMU-present bit; and what else it may be. */
  readonly 'not-an-spte': { readonly cleanIfPresent: boolean; readonly guesses: readonly Guess[] };
  /** The kernels of the layout, `until` the newest where it is null. */
  readonly 'bits-without-meaning': {
    readonly set: bigint;
    readonly since: string;
    readonly until: string | null;
  };
  readonly 'bits-kvm-never-sets': { readonly set: bigint };
  readonly 'ad-type-invalid': { readonly type: bigint };
  readonly 'present-mask-missing': MissingBits;
  readonly 'table-permissions-missing': MissingBits;
  readonly 'encryption-bits': { readonly set: bigint };
  /** Bits that a plugin keeps in every such entry. */
  readonly 'software-bits-missing': MissingBits & { readonly plugin: string };
  /** A hook threw, or answered what it must not: what the plugin says of the entry is not known. */
  readonly 'plugin-failed': { readonly plugin: string; readonly hook: string; readonly message: string };
}

/** Stable names of everything that core can find wrong with an entry; those of plugins are `plugin/name`. */
export type FindingCode = keyof FindingParams;

/**
 * How bad each finding is, errors first: the names of everything that `judgeSpte()` can find.
 *
 * @example
 * ```ts
 * import { FINDING_SEVERITIES } from '@spte/core';
 *
 * FINDING_SEVERITIES['reserved-bits']; // error
 * FINDING_SEVERITIES['encryption-bits']; // warning
 * ```
 */
export const FINDING_SEVERITIES: Readonly<Record<FindingCode, Severity>> = {
  'reserved-bits': 'error',
  'printed-reserved-bits': 'error',
  'bad-memtype': 'error',
  'bad-xwr': 'error',
  'invariant.mmu-without-host-writable': 'error',
  'invariant.hw-writable-without-mmu-writable': 'error',
  'mmio-and-present': 'error',
  'l1tf-guard-missing': 'error',
  'not-an-spte': 'error',
  'table-permissions-missing': 'warning',
  'ad-type-invalid': 'warning',
  'present-mask-missing': 'warning',
  'encryption-bits': 'warning',
  'bits-kvm-never-sets': 'warning',
  'mmio-gfn-too-high': 'warning',
  'bits-without-meaning': 'warning',
  'software-bits-missing': 'warning',
  'plugin-failed': 'warning',
};

/** What all findings have. */
export interface Found {
  readonly severity: Severity;
  /** The bits that are wrong, or that contradict each other, lowest first. */
  readonly bits: readonly number[];
  readonly because: Because;
}

/** Something that core finds wrong with an entry. */
export type CoreFinding = Coded<FindingParams> & Found;

/** Something that a plugin finds wrong with an entry. It brings its words along. */
export interface PluginFinding extends Found {
  readonly code: PluginName;
  readonly params: Readonly<Record<string, unknown>>;
  /** What is wrong. */
  readonly text: string;
  /** What to do about it, or to ask next; empty for nothing. */
  readonly next: string;
}

/** Something wrong with an entry. */
export type Finding = CoreFinding | PluginFinding;
