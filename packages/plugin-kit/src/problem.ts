// SPDX-License-Identifier: GPL-2.0-only
import type { HostFacts, PluginProblem, VmConfig } from '@spte/core';

/** Something that is wrong with a plugin: which check says so, of what, where, and what to mend. */
export type Problem = PluginProblem;

/** A machine that plugins are tried on. */
export type KitHost = Partial<HostFacts> & Pick<HostFacts, 'physBits'>;

/** What plugins are tried on. */
export interface CheckOptions {
  /** Kernels, by release; {@link KIT_KERNELS} when absent. */
  readonly kernels?: readonly string[] | undefined;
  /** Machines; {@link KIT_HOSTS} when absent. */
  readonly hosts?: readonly KitHost[] | undefined;
  /** What the VM chooses for itself; nothing when absent. */
  readonly vm?: VmConfig | undefined;
  /** Whether the root mirrors one of the TDX module; not when absent. */
  readonly isMirror?: boolean | undefined;
  /** Which checks of `KIT_CHECKS`, beside `factory` and `composition`, which are always made; all when absent. */
  readonly checks?: readonly string[] | undefined;
  /** Of random words; 1 when absent. */
  readonly seed?: number | undefined;
  /** Most problems of one check that are listed; 3 when absent. */
  readonly most?: number | undefined;
}

/** A problem in a line. */
export function problemText({ check, plugin, hook, at, text }: Problem): string {
  const where = [plugin, ...(hook === null ? [] : [hook])].join('.');
  return `${check}: ${where}${at === '' ? '' : ` (${at})`}: ${text}`;
}
