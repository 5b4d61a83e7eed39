// SPDX-License-Identifier: GPL-2.0-only
import { explainChange, type Mmu } from '@spte/core';
import {
  type Evidence,
  type EvidenceSpte,
  isExcused,
  type MachineEvidence,
  matchErrata,
  type SplatBlock,
  splatReader,
  splatText,
} from '@spte/errata';
import type { AnnotatedLine, TraceEntry, TraceRecord } from '@spte/trace';
import { type ErratumJson, errataJson } from './errata.ts';

type AnnotatedSpte = AnnotatedLine['sptes'][number];

/** An entry of which findings were excused. */
interface ExcusedSpte extends AnnotatedSpte {
  /** Findings of a check that is known to be wrong: they do not count. */
  readonly notes?: AnnotatedSpte['findings'];
}

/** A line of the kernel log with the known bugs that it speaks for. */
export interface ErrataLine extends AnnotatedLine {
  readonly sptes: readonly ExcusedSpte[];
  /** Absent where there are none. */
  readonly errata?: readonly ErratumJson[];
}

/** Lines of one dump that are looked at together, at most: real ones have six. */
const MAX_LINES = 16;

/** Looks for known bugs in the lines of a kernel log, in their order. */
export type RefineLine = (line: AnnotatedLine, record: TraceRecord, text: string) => ErrataLine;

/**
 * Makes a function that adds to each line of a kernel log the known bugs that it and the lines of the same dump before
 * it speak for, and that were not named there already. Findings that the kernel is to blame for become notes.
 */
export function logErrata(mmu: Mmu, machine: MachineEvidence): RefineLine {
  let block: number | null = null;
  let texts: string[] = [];
  let sptes: EvidenceSpte[] = [];
  let named = new Set<string>();
  return (line, record, text) => {
    if (record.block === null || record.block !== block || texts.length >= MAX_LINES) {
      [texts, sptes, named] = [[], [], new Set()];
    }
    ({ block } = record);
    texts.push(...beganBy(record), text);
    const from = sptes.length;
    const shown = entriesOf(line);
    sptes.push(...shown);
    if (shown.length === 0) return line;
    const checks = line.checks.map((check) => ({ ...check, spte: from }));
    const matches = matchErrata({ ...machine, texts, sptes, checks, changes: changesOf(mmu, record) });
    const found = matches.filter(({ id, strength }) => !named.has(`${strength} ${id}`));
    if (found.length === 0) return line;
    for (const { id, strength } of found) named.add(`${strength} ${id}`);
    return {
      ...line,
      checks: line.checks.map((check) => withoutExcusedHits(check, line.sptes[0]?.level ?? null, matches)),
      sptes: line.sptes.map((spte, at) => excused(spte, from + at, matches)),
      errata: errataJson(found),
    };
  };
}

/** How a message begins whose first lines show no entry, so that they are no records. */
const BEGINNINGS: ReadonlyMap<string, string> = new Map([
  ['handle_changed_spte', 'Invalid SPTE change: cannot replace a present leaf'],
]);

/** The beginning of the message that a line ends. */
function beganBy({ event, line, block }: TraceRecord): string[] {
  const beginning = BEGINNINGS.get(event);
  return beginning === undefined || block === null || block === line ? [] : [beginning];
}

/** A printed mask hits nothing that counts where the kernel is known to be wrong about it. */
function withoutExcusedHits(
  check: AnnotatedLine['checks'][number],
  level: number | null,
  matches: Parameters<typeof isExcused>[0],
): AnnotatedLine['checks'][number] {
  const { hits, ...rest } = check;
  if (hits === undefined) return check;
  const isNote = matches.some(({ entries }) =>
    entries.some((entry) => isExcused(matches, { code: 'reserved-bits', bits: hits }, { entry, level })),
  );
  return isNote ? rest : check;
}

const entriesOf = ({ sptes }: AnnotatedLine): EvidenceSpte[] =>
  sptes.flatMap(({ value, level, kind, findings }) =>
    kind === 'guest' ? [] : [{ value: BigInt(value), level, kind, findings }],
  );

function changesOf(mmu: Mmu, { sptes }: TraceRecord): NonNullable<Evidence['changes']> {
  const [old, now] = [sptes.find(({ role }) => role === 'old'), sptes.find(({ role }) => role === 'new')];
  return old === undefined || now === undefined ? [] : [explainChange(mmu, old.value, now.value, now.level)];
}

function excused(spte: AnnotatedSpte, entry: number, matches: Parameters<typeof isExcused>[0]): ExcusedSpte {
  const { level, findings } = spte;
  const isNote = (finding: AnnotatedSpte['findings'][number]): boolean =>
    isExcused(matches, finding, { entry, level });
  const notes = findings.filter(isNote);
  return notes.length === 0 ? spte : { ...spte, findings: findings.filter((of) => !isNote(of)), notes };
}

/** What a splat of KVM's MMU is that shows no entry. */
export interface ToldSplat {
  /** Its kind and its place, in words. */
  readonly name: string;
  /** Number of its first line. */
  readonly line: number;
  /** The known bugs that its text speaks for. */
  readonly errata: readonly ErratumJson[];
}

/** Finds the splats of KVM's MMU that show no entry; each line of a log is handed to it. */
interface SplatTeller {
  /** The splat that ended with the line, or before it. */
  readonly take: (line: Pick<TraceEntry, 'line' | 'text'>, showsEntry: boolean) => ToldSplat | null;
  readonly end: () => ToldSplat | null;
}

/** Makes one; a splat with an entry is explained at the entry. */
export function splatTeller(machine: MachineEvidence): SplatTeller {
  const reader = splatReader();
  let next = 1;
  const tell = (block: SplatBlock | null, after: number): ToldSplat | null => {
    if (block === null || block.hasEntry) return null;
    const { lines, splat } = block;
    const errata = errataJson(matchErrata({ ...machine, texts: lines }));
    return { name: splatText(splat), line: after - lines.length, errata };
  };
  return {
    take({ line, text }, showsEntry) {
      next = line + 1;
      // An empty line is none of the splat that it ends.
      return tell(reader.take(text, showsEntry), text.trim() === '' ? line : next);
    },
    end: () => tell(reader.end(), next),
  };
}
