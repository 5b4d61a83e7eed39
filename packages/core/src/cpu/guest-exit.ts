// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import { type EventWord, explainEventWord } from './event-word.ts';
import type { PageFaultCode } from './page-fault.ts';

/** The words of an exit. */
export type ExitWord = 'info1' | 'info2' | 'intr_info' | 'error_code';

/** An exit of a guest, as a `kvm_exit` line has it. */
export interface GuestExit {
  /** The name that the kernel or trace-cmd prints, or the number. Empty where the kernel lost the name. */
  readonly reason: string | number;
  /** Null for a word that the line does not have. */
  readonly words: Readonly<Record<ExitWord, bigint | null>>;
  /** Whether the exit had words that the line does not have: trace-cmd prints the first two only. */
  readonly shortened?: boolean;
}

/** What a word says, as JSON has it: hex, and what belongs to the kind. */
export interface SaidWord {
  readonly value: string;
  /** What the word is, where it is more than a number. */
  readonly kind?: string;
  readonly [name: string]: string | number | boolean | null | undefined | readonly string[];
}

/** What an event says. */
export interface SaidEvent extends SaidWord, Omit<EventWord, 'value'> {
  /** The error code that is delivered with it, where the line has that. */
  readonly errorCode?: string;
}

/** What an exit says. Words that say nothing under its reason are absent. */
export interface ExplainedExit {
  readonly reason: {
    /** As KVM prints it; null where it has none. */
    readonly name: string | null;
    readonly number: number | null;
    /** What KVM prints behind the name, such as `FAILED_VMENTRY`. */
    readonly flags?: readonly string[];
  };
  readonly words: Readonly<Partial<Record<ExitWord, SaidWord>>>;
  /** The event that was being delivered to the guest; null for none, absent where the line does not say. */
  readonly whileDelivering?: SaidEvent | null;
}

/** What a vendor knows of exits. */
export interface ExitReader {
  /** Name of the vendor: `vmx`, `svm`. */
  readonly vendor: string;
  /** Which of `info1` and `info2` an answer depends on: of the other it says the value, and at most what it is. */
  readonly looksAt: (reason: GuestExit['reason']) => readonly ExitWord[];
  /** Says what an exit means. */
  readonly explainExit: (exit: GuestExit) => ExplainedExit;
  /** Says what the error code of a fault in nested tables means: that of a `kvm_page_fault` line. */
  readonly explainFault: (code: bigint) => SaidWord;
}

/** What is said of an event that is there; null for none. */
export function saidEvent(word: bigint): SaidEvent | null {
  const { value, ...said }: EventWord = explainEventWord(word);
  return said.valid ? { value: hex(value), ...said } : null;
}

/** What is said of the error code of a page fault. */
export function saidPageFault({ value, kind, present, access, user, reserved }: PageFaultCode): SaidWord {
  return { value: hex(value), kind, present, access, user, reserved };
}
