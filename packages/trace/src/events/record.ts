// SPDX-License-Identifier: GPL-2.0-only

/**
 * What an SPTE is to its line: the entry itself (`spte`), the value before or after a change (`old`, `new`), a step of
 * a walk from the root down (`hierarchy`), or an entry of the guest's own tables, which is not an SPTE (`guest`).
 */
export type SpteRole = 'spte' | 'old' | 'new' | 'hierarchy' | 'guest';

/** A page table entry that a line shows. */
export interface TracedSpte {
  readonly role: SpteRole;
  readonly value: bigint;
  /** Level of the entry, 1..5; null where the line does not say. */
  readonly level: number | null;
}

/** A field as it was printed; hex ones with `0x` in front, whether that was printed or not. */
export type FieldValue = string | number | boolean;

/** How the fields were written: the kernel's own text, `name=value` of trace-cmd's raw mode, or a kernel log line. */
export type RecordForm = 'text' | 'raw' | 'log';

/** A line that says something about SPTEs, or about the exits and faults that make KVM look at them. */
export interface TraceRecord {
  /** Number of the line, from 1. */
  readonly line: number;
  /** The trace event, or for a log line the function of the kernel that wrote it. */
  readonly event: string;
  readonly form: RecordForm;
  readonly task: string | null;
  readonly pid: number | null;
  readonly cpu: number | null;
  /** As printed. */
  readonly timestamp: string | null;
  /** In the order of the line. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly sptes: readonly TracedSpte[];
  /**
   * Number of the line that began the block of log lines to which this one belongs: a walk, root first, or a message of
   * several lines, of which this one has the values. Null for others.
   */
  readonly block: number | null;
}

/** A line of the input. */
export interface TraceEntry {
  /** From 1. */
  readonly line: number;
  /** The line as it came, without its newline. */
  readonly text: string;
  /** Whether a newline ended it; false at the end of the input, and where a line is too long to be kept whole. */
  readonly newline: boolean;
  /** What it says; null for a line that says nothing of these, which may be passed through. */
  readonly record: TraceRecord | null;
  /** Number of the line before, of whose record this line is the wrapped rest; null for others. */
  readonly partOf: number | null;
}
