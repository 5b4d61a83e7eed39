// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu, type MmuConfig, makeSpte, pageRole, plainHost } from '@spte/core';
import type { Problem } from './problem.ts';

/** A plugin on one machine under one kernel. */
export interface Trial {
  /** The name of the plugin under test. */
  readonly plugin: string;
  readonly config: MmuConfig;
  readonly mmu: Mmu;
  /** Where this is, for problems. */
  readonly at: string;
  readonly next: () => bigint;
  /** Whether it is one of the few machines on which what is slow is tried, too. */
  readonly slow: boolean;
}

/** What is wrong, and in which member. */
export interface Wrong {
  readonly hook: string | null;
  readonly text: string;
}

/** Something that must hold for a plugin on a machine. */
export interface Check {
  /** Stable name. */
  readonly name: string;
  /** What must hold, in a line. */
  readonly holds: string;
  /** Tries it; the first few that are wrong are enough. */
  readonly run: (trial: Trial) => readonly Wrong[];
}

/** Runs a check; what it throws is a problem, too. */
export function tryCheck({ name, run }: Check, trial: Trial): Problem[] {
  const { plugin, at } = trial;
  try {
    return run(trial).map(({ hook, text }) => ({ check: name, plugin, hook, at, text }));
  } catch (error) {
    const { hook = null, message } = error as { hook?: string; message: string };
    return [{ check: name, plugin, hook, at, text: `this was thrown: ${message}` }];
  }
}

/** Nothing is wrong. */
export const FINE: readonly Wrong[] = [];

/** What is wrong if a condition does not hold. */
export const unless = (holds: boolean, hook: string | null, text: () => string): readonly Wrong[] =>
  holds ? FINE : [{ hook, text: text() }];

/** The same machine with something else. */
export const remade = ({ config }: Trial, change: Partial<MmuConfig>): Mmu =>
  createMmu({ ...config, ...change });

/** A leaf of a plain VM. */
export const leafAt = (mmu: Mmu, level: number, pfn: bigint, gfn: bigint = pfn): bigint =>
  makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn, pfn }).spte;
