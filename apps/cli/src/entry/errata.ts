// SPDX-License-Identifier: GPL-2.0-only
import type { ExplainedChange, LineRole, TextLine } from '@spte/core';
import {
  type ErratumMatch,
  type EvidenceSpte,
  erratumText,
  isExcused,
  type MachineEvidence,
  machineEvidence,
  matchErrata,
} from '@spte/errata';
import type { Origin } from '@spte/host';
import type { Context } from '../context/context.ts';

/** A match as `--json` has it, with its words. */
export type ErratumJson = Pick<ErratumMatch, 'id' | 'strength' | 'matched' | 'missing'> & {
  readonly text: string;
};

/** What matching needs to know of a context: how its kernel and its machine are known. */
export function machineOf({ mmu, facts }: Pick<Context, 'mmu' | 'facts'>): MachineEvidence {
  const how = (name: string): Origin => facts[name]?.origin ?? 'assumed';
  // Of a kernel that is ranked, only the rules are known, and not the release.
  const kernel = how('kernel');
  return machineEvidence(mmu, kernel === 'ranked' ? 'assumed' : kernel, how('vendor'));
}

/** The known bugs that an entry speaks for by itself. */
export function matchEntry(machine: MachineEvidence, entry: EvidenceSpte): ErratumMatch[] {
  return matchErrata({ ...machine, sptes: [entry] });
}

/** The known bugs that a value speaks for on whatever machine. */
export function matchValue(value: bigint, level: number | null): ErratumMatch[] {
  return matchErrata({ sptes: [{ value, level, kind: 'unknown', findings: [] }] });
}

/** The known bugs that a change speaks for. */
export function matchChange(machine: MachineEvidence, change: ExplainedChange): ErratumMatch[] {
  const side = ({ value, level, kind }: ExplainedChange['from']): EvidenceSpte => ({
    value,
    level,
    kind,
    findings: [],
  });
  return matchErrata({ ...machine, sptes: [side(change.from), side(change.to)], changes: [change] });
}

/** Matches as JSON. */
export function errataJson(matches: readonly ErratumMatch[]): ErratumJson[] {
  return matches.map((match) => {
    const { id, strength, matched, missing } = match;
    return { id, strength, matched, missing, text: erratumText(match) };
  });
}

/** What stands below a finding, or is said first where there is none. */
const BEFORE: readonly LineRole[] = [
  ...(['clean', 'bad', 'suspicious', 'context', 'mapping'] as const),
  ...(['error', 'warning', 'next', 'allowed', 'refused'] as const),
];

/** Lines of an entry or a change with the known bugs below its findings. */
export function withErrata(
  lines: readonly TextLine[],
  matches: readonly ErratumMatch[],
  { kernel }: MachineEvidence,
): TextLine[] {
  const series = kernel === undefined ? null : `${kernel.release.major}.${kernel.release.minor}`;
  const at = lines.findLastIndex(({ role }) => BEFORE.includes(role)) + 1;
  const known = matches.map(
    (match): TextLine => ({ role: 'guess', text: `  ${erratumText(match, series)}` }),
  );
  return [...lines.slice(0, at), ...known, ...lines.slice(at)];
}

/** The findings of an entry that count: not those of a check that is known to be wrong. */
export function countedFindings<Found extends Parameters<typeof isExcused>[1]>(
  matches: readonly ErratumMatch[],
  { findings, level }: { readonly findings: readonly Found[]; readonly level: number | null },
): Found[] {
  return findings.filter((finding) => !isExcused(matches, finding, { level }));
}
