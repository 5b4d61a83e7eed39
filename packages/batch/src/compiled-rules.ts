// SPDX-License-Identifier: GPL-2.0-only
import type { BitField, Mmu } from '@spte/core';
import type { AddressTest } from './address-tests.ts';
import { type Decoding, prepareDecoding } from './decoding.ts';
import { Encoder } from './encoder.ts';
import type { Kernel } from './kernel.ts';
import { kernelLoops } from './kernel-loops.ts';
import { type Loops, plainLoops } from './loops.ts';
import { type Rule, RuleTable } from './rule-table.ts';
import { decodeRule, fieldRule } from './rules.ts';
import { EntryDecoder } from './scalar.ts';

/** A question that is answered by yes or no, such as core's predicates. */
export type Predicate = (mmu: Mmu, spte: bigint, level: number | null) => boolean;

/** A rule that is asked for each entry, because its answers do not fit a table. */
export interface Fallback {
  /** `classify`, `decode`, `decodeSpte`, `decode.mmio`, `judge`, `encode`, or the name of the function that was given. */
  readonly rule: string;
  readonly reason: string;
}

/** The rules of an engine: each is compiled when it is first used, into tables in the kernel's memory while there is room. */
export class CompiledRules {
  /** Rules that could not be compiled. */
  readonly fallbacks: Fallback[] = [];
  readonly #mmu: Mmu;
  readonly #watch: readonly AddressTest[];
  readonly #kernel: Kernel | null;
  readonly #kernelLoops: Loops | null;
  readonly #tables = new Map<Rule | Predicate, RuleTable>();
  readonly #fieldRules = new Map<BitField, Rule>();
  #decoding: Decoding | undefined;
  #decoder: EntryDecoder | undefined;
  #encoder: Encoder | undefined;

  constructor(mmu: Mmu, watch: readonly AddressTest[], kernel: Kernel | null) {
    this.#mmu = mmu;
    this.#watch = watch;
    this.#kernel = kernel;
    this.#kernelLoops = kernel === null ? null : kernelLoops(kernel);
  }

  /** The size of all tables. */
  get byteLength(): number {
    let size = (this.#encoder?.byteLength ?? 0) + (this.#decoder?.table.byteLength ?? 0);
    for (const table of this.#tables.values()) size += table.byteLength;
    return size + (this.#decoding?.mmio.tables.byteLength ?? 0);
  }

  /** @param name of the rule, for {@link fallbacks} */
  table(rule: Rule | Predicate, name: string): RuleTable {
    const known = this.#tables.get(rule);
    if (known !== undefined) return known;
    const asNumber: Rule = (mmu, spte, level) => Number(rule(mmu, spte, level));
    const table = new RuleTable(this.#mmu, asNumber, this.#watch, this.#kernel?.tables);
    this.#tables.set(rule, table);
    this.#report(name, table.reason);
    return table;
  }

  /** The values of a field. */
  fieldTable(field: BitField): RuleTable {
    const rule = this.#fieldRules.get(field) ?? fieldRule(field);
    this.#fieldRules.set(field, rule);
    return this.table(rule, rule.name);
  }

  get decoding(): Decoding {
    this.#decoding ??= prepareDecoding(
      this.#mmu,
      this.table(decodeRule, 'decode'),
      this.#kernel?.tables ?? null,
      (reason) => this.#report('decode.mmio', reason),
    );
    return this.#decoding;
  }

  /** Makes what decodes one entry at a time: once. */
  createDecoder(): EntryDecoder {
    this.#decoder = new EntryDecoder(this.#mmu, this.#watch, this.decoding);
    this.#report('decodeSpte', this.#decoder.table.reason);
    return this.#decoder;
  }

  /** Makes what encodes: once. */
  createEncoder(): Encoder {
    this.#encoder = new Encoder(this.#mmu, this.#kernel);
    this.#report('encode', this.#encoder.reason);
    return this.#encoder;
  }

  /** The fastest loops that can read a table at a level, and other tables: those of the kernel where all are in its memory. */
  loopsFor(table: RuleTable, level: number | null, ...others: readonly Int32Array[]): Loops {
    if (this.#kernelLoops === null || table.reason !== null) return plainLoops;
    const { pieces, classes } = table.key(level);
    const arrays = [table.rowOf, table.cells, pieces, classes, ...others];
    return arrays.every(({ buffer }) => buffer === this.#kernel?.memory) ? this.#kernelLoops : plainLoops;
  }

  #report(rule: string, reason: string | null): void {
    if (reason !== null) this.fallbacks.push({ rule, reason });
  }
}
