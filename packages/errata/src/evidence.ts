// SPDX-License-Identifier: GPL-2.0-only
import type { ChangeEventCode, Kernel, ObjectionCode, PluginName, SpteKind } from '@spte/core';
import type { MachineFacts } from './erratum.ts';
import type { Mode, VendorName } from './mode.ts';

/**
 * How a fact is known: the user said it (`given`), the input says it (`read`), the values speak for it (`ranked`), or
 * nothing does (`assumed`).
 */
export type Origin = 'given' | 'read' | 'ranked' | 'assumed';

/** An entry, and what was found in it. */
export interface EvidenceSpte {
  readonly value: bigint;
  /** 1..5; null where it is not known. */
  readonly level: number | null;
  readonly kind: SpteKind;
  readonly findings: readonly { readonly code: string; readonly bits: readonly number[] }[];
}

/** What a kernel printed beside an entry, and what the entry gives. Hex, with `0x`. */
export interface EvidenceCheck {
  readonly field: string;
  readonly printed: string;
  readonly computed: string;
  /** Which of `sptes` it was printed beside; the first when absent. */
  readonly spte?: number;
}

/** What a change is, as `explainChange()` says. */
export interface EvidenceChange {
  readonly events: readonly { readonly code: ChangeEventCode }[];
  readonly objections: readonly { readonly code: ObjectionCode | PluginName }[];
}

/** An event of a trace, with its fields as `@spte/trace` reads them. */
export interface EvidenceTrace {
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** What is known of one entry, one line, or one splat. What is absent is not known. */
export interface Evidence {
  /** The kernel that wrote it, and how it is known. */
  readonly kernel?: { readonly release: Kernel; readonly origin: Origin };
  /** The machine, how that is known, and so how far findings and kinds are to be trusted; `assumed` when absent. */
  readonly vendor?: VendorName;
  readonly mode?: Mode;
  readonly facts?: Partial<MachineFacts>;
  readonly origin?: Origin;
  readonly sptes?: readonly EvidenceSpte[];
  readonly checks?: readonly EvidenceCheck[];
  readonly changes?: readonly EvidenceChange[];
  /** The lines of one splat, as they came. */
  readonly texts?: readonly string[];
  readonly trace?: EvidenceTrace;
}
