// SPDX-License-Identifier: GPL-2.0-only
import { checkU64, type Mmu } from '@spte/core';
import type { CompiledRules } from './compiled-rules.ts';
import { checkColumn, type Entries, EntryView } from './entries.ts';
import { forEachLevel, type Levels } from './levels.ts';
import type { RuleTable } from './rule-table.ts';
import { type IndirectRule, indirectJudge, judgeRule, kindRule } from './rules.ts';
import { answerFor } from './scalar.ts';

/** What compiled rules answer, for many entries and for one. */
export class Answers {
  readonly #rules: CompiledRules;
  /** How findings are looked up where there are more of them than an answer has bits. */
  readonly #indirect: IndirectRule | null;

  constructor(mmu: Mmu, rules: CompiledRules) {
    this.#rules = rules;
    this.#indirect = indirectJudge(mmu);
  }

  /** The table of kinds. */
  get kinds(): RuleTable {
    return this.#rules.table(kindRule, 'classify');
  }

  /** The table of findings. */
  get #findings(): RuleTable {
    return this.#rules.table(this.#indirect?.rule ?? judgeRule, 'judge');
  }

  /** The code of an entry's kind. */
  kindOf(spte: bigint, level: number | null): number {
    return answerFor(this.kinds, checkU64('spte', spte), level);
  }

  /** The findings of an entry, as a bitmap. */
  findingsOf(spte: bigint, level: number | null): number {
    const answer = answerFor(this.#findings, checkU64('spte', spte), level);
    return this.#indirect === null ? answer : (this.#indirect.values[answer] as number);
  }

  /** The findings of each entry, as bitmaps. */
  judge(entries: Entries, levels: Levels, into?: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    const out = this.toWords(this.#findings, entries, levels, into);
    if (this.#indirect === null) return out;
    const { values } = this.#indirect;
    for (let i = 0; i < out.length; i++) out[i] = values[out[i] as number] as number;
    return out;
  }

  /** The answers of a table, none above 255. */
  toBytes(table: RuleTable, view: EntryView, levels: Levels, out: Uint8Array): void {
    forEachLevel(view, levels, (span) => this.#rules.loopsFor(table, span.level).toBytes(table, span, out));
  }

  /** The answers of a table. */
  toWords(
    table: RuleTable,
    entries: Entries,
    levels: Levels,
    into?: Uint32Array<ArrayBuffer>,
  ): Uint32Array<ArrayBuffer> {
    const view = new EntryView(entries);
    const out = into ?? new Uint32Array(view.length);
    checkColumn('into', out, 'Uint32Array', view.length);
    forEachLevel(view, levels, (span) => this.#rules.loopsFor(table, span.level).toWords(table, span, out));
    return out;
  }
}
