// SPDX-License-Identifier: GPL-2.0-only

import type { Coded, NoParams } from '../bits/coded.ts';
import type { Finding } from '../judge/finding.ts';
import type { Failure, SaidByPlugin } from '../read/plugin-answers.ts';

/** What each objection to a change rests on; `objectionText()` says it in words. */
export interface ObjectionParams {
  readonly 'old-unknown': NoParams;
  readonly 'new-unknown': NoParams;
  /** What is wrong with the new value, whatever the old one was. */
  readonly 'new-is-wrong': { readonly finding: Finding };
  /** A leaf that allows no access, and saved none to give back. */
  readonly 'grants-nothing': NoParams;
  /** Bits in which an entry that was not there before is none that KVM makes, lowest first. */
  readonly 'never-made': { readonly bits: readonly number[] };
  /** What is not present was replaced by something else that is not. */
  readonly 'nonpresent-replaced': NoParams;
  /** What KVM writes into an entry that maps nothing. */
  readonly 'empty-value': { readonly expected: bigint };
  /** A present leaf for another page. */
  readonly 'pfn-changed': NoParams;
  readonly 'table-replaced': NoParams;
  /** A table in the place of a leaf that is not huge, or the other way round. */
  readonly 'not-huge': NoParams;
  /** The gfns of the MMIO entry. */
  readonly 'mmio-moved': { readonly from: bigint; readonly to: bigint };
  readonly 'memtype-changed': NoParams;
  readonly 'encryption-changed': NoParams;
  readonly 'ad-type-changed': NoParams;
  /** Bits that nothing changes in place, lowest first. */
  readonly 'bits-changed': { readonly bits: readonly number[] };
  /** The hook of a plugin threw: whether it objects is not known. */
  readonly 'plugin-failed': Failure;
}

/** Stable names of core's objections; those of plugins are `plugin/name`. */
export type ObjectionCode = keyof ObjectionParams;

/** Why KVM, or a kernel with what a plugin stands for, does not make a change. */
export type Objection = Coded<ObjectionParams> | SaidByPlugin;

/** Objections of which there is no more to say. */
export type PlainObjectionCode = {
  readonly [Code in ObjectionCode]: ObjectionParams[Code] extends NoParams ? Code : never;
}[ObjectionCode];
