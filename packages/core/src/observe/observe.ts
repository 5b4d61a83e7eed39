// SPDX-License-Identifier: GPL-2.0-only

import { isBefore, type KernelVersion } from '../kernel/kernel-version.ts';
import { type Diagnostic, type DiagnosticRule, type DiagnosticTable, KvmBug } from './diagnostics.ts';

/** Why a rule set bits. */
export interface Reason {
  /** The bits, of which some may be lost again to a later rule. */
  readonly bits: bigint;
  /** The kernel function that set them. */
  readonly rule: string;
  readonly why: string;
}

/** A line that the kernel would have written to a trace buffer. */
export interface TraceLine {
  readonly event: string;
  /** The text after `event: `. */
  readonly line: string;
}

/** Hears what rules say beside their result. */
export interface Observer {
  /** A WARN was raised. */
  warn(diagnostic: Diagnostic): void;
  /** Bits were set. */
  set(reason: Reason): void;
  /** Bits were cleared, whoever had set them. */
  clear(bits: bigint): void;
  /** A tracepoint was hit. */
  trace(line: TraceLine): void;
  /** A line went to the kernel log. */
  printk(line: string): void;
}

/** Anything that rules run against: an `Mmu`, or the set-up that makes one. */
export interface Observable {
  readonly kernel: KernelVersion;
  readonly observer?: Observer | undefined;
}

/** A result with everything that its computation had to say. */
export interface Observed<T> {
  readonly value: T;
  /** The WARNs that the kernel would have raised, in order; "once" is not modelled. */
  readonly warnings: readonly Diagnostic[];
  /** What set each bit, in order; a bit that was cleared again is gone, one that two rules set stands twice. */
  readonly reasons: readonly Reason[];
  readonly trace: readonly TraceLine[];
  /** Kernel log lines. */
  readonly dmesg: readonly string[];
}

/**
 * Runs rules against `context` and returns what they said beside their result.
 *
 * @throws KvmBug where the kernel has a `BUG_ON()`
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeNonleafSpte, observe } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const { value, reasons } = observe(mmu, (mmu) => makeNonleafSpte(mmu, 0x2c583e000n, false));
 * hex(value); // 0x2c583e907
 * reasons.map(({ why }) => why).at(-1); // the CPU is about to walk the entry
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, makeSpte, observe, pageRole, plainHost } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const request = { role: pageRole(), gfn: 0x1000n, pfn: 0x455299n };
 * // Why each bit of it is set.
 * const { reasons } = observe(mmu, (mmu) => makeSpte(mmu, plainHost, request));
 * reasons[0]?.why; // every mapping is shadow-present
 * ```
 */
export function observe<C extends Observable, T>(context: C, run: (context: C) => T): Observed<T> {
  const warnings: Diagnostic[] = [];
  let reasons: Reason[] = [];
  const trace: TraceLine[] = [];
  const dmesg: string[] = [];
  const observer: Observer = {
    warn: (diagnostic) => warnings.push(diagnostic),
    set: (reason) => {
      if (reason.bits !== 0n) reasons.push(reason);
    },
    clear: (bits) => {
      reasons = reasons
        .map((reason) => ({ ...reason, bits: reason.bits & ~bits }))
        .filter((reason) => reason.bits !== 0n);
    },
    trace: (line) => trace.push(line),
    printk: (line) => dmesg.push(line),
  };
  const value = run({ ...context, observer });
  return { value, warnings, reasons, trace, dmesg };
}

/** Says that the kernel would WARN here: `code` of a package's `table`, with the text that it would print. */
export function warn<Table extends DiagnosticTable>(
  { observer, kernel }: Observable,
  table: Table,
  code: keyof Table & string,
  msg?: string,
): void {
  observer?.warn({ ...diagnosticOf(kernel, table, code), ...(msg !== undefined && { msg }) });
}

/** Stops where the kernel would BUG. */
export function bug<Table extends DiagnosticTable>(
  { kernel }: Observable,
  table: Table,
  code: keyof Table & string,
): never {
  throw new KvmBug({ ...diagnosticOf(kernel, table, code), kind: 'BUG_ON' });
}

function diagnosticOf<Table extends DiagnosticTable>(
  kernel: KernelVersion,
  table: Table,
  code: keyof Table & string,
): Diagnostic {
  const { kind, warnOnUntil } = table[code] as DiagnosticRule;
  const plain = warnOnUntil !== undefined && isBefore(kernel, warnOnUntil);
  return { code, kind: plain ? 'WARN_ON' : kind };
}

/** Emits a tracepoint. */
export function trace({ observer }: Observable, line: TraceLine): void {
  observer?.trace(line);
}

/** Writes a kernel log line. */
export function printk({ observer }: Observable, line: string): void {
  observer?.printk(line);
}

/** Sets and clears bits of an SPTE under construction, and says why. */
export interface BitWriter {
  /** Returns `bits`; remembers that this rule set them, and why. */
  readonly set: (bits: bigint, why: string) => bigint;
  /** Returns the complement of `bits`, for `spte &= clear(bits)`; forgets who set them. */
  readonly clear: (bits: bigint) => bigint;
}

const silent: BitWriter = { set: (bits) => bits, clear: (bits) => ~bits };

/** The writer through which `rule` (a kernel function's name) states its reasons, if anyone listens. */
export function writer({ observer }: Observable, rule: string): BitWriter {
  if (observer === undefined) return silent;
  return {
    set(bits, why) {
      observer.set({ bits, rule, why });
      return bits;
    },
    clear(bits) {
      observer.clear(bits);
      return ~bits;
    },
  };
}
