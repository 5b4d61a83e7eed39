// SPDX-License-Identifier: GPL-2.0-only
import {
  accessText,
  bitNumbers,
  caveatsOf,
  changeEventText,
  changeText,
  type DecodedAccess,
  type Evidence,
  type ExplainedChange,
  type Explanation,
  type Exposure,
  evidenceText,
  exposureText,
  type Finding,
  findingNext,
  findingText,
  type Guess,
  guessText,
  type Mmu,
  objectionText,
  type SpteKind,
  verdict,
} from '@spte/core';

/** An entry as `--json` has it; numbers that are words become hex. */
export interface SpteJson {
  readonly role: string;
  readonly value: bigint;
  readonly level: number | null;
  readonly kind: SpteKind;
  /** The answer in one sentence. */
  readonly verdict: string;
  readonly gfn: bigint | null;
  readonly gpa: bigint | null;
  readonly pfn: bigint | null;
  readonly hpa: bigint | null;
  readonly access: string | null;
  readonly memtype: string | null;
  readonly generation: bigint | null;
  readonly findings: readonly FindingJson[];
  /** Every set bit. */
  readonly bits: readonly BitJson[];
  /** What the entry was read in, and what to know of its kernel. */
  readonly context: Explanation['context'] & { readonly caveats: readonly string[] };
  readonly mapping: Explanation['mapping'];
  readonly cpu: Explanation['cpu'];
  readonly l1tf: (Exposure & { readonly text: string }) | null;
  readonly guesses: readonly (Guess & { readonly text: string })[];
  readonly evidence: readonly (Evidence & { readonly text: string })[];
}

/** A set bit and what it is there for. */
interface BitJson {
  readonly bit: number;
  readonly field: string;
  readonly owner: string;
  /** The value of the whole field in words. */
  readonly text: string;
  readonly reason: string;
}

/** A finding beside its words. */
type FindingJson = Finding & { readonly text: string; readonly next: string };

function findingJson(finding: Finding, guesses: readonly Guess[]): FindingJson {
  return { ...finding, text: findingText(finding), next: findingNext(finding, guesses) };
}

/** Letters as JSON has them: what is a user's and what a supervisor's is in `mapping`. */
export const accessLetters = (access: DecodedAccess): string => accessText({ ...access, user: null });

/** A change as `--json` has it, beside its two entries. */
export function changeJson({ from: _from, to: _to, ...change }: ExplainedChange): object {
  const { events, objections } = change;
  return {
    ...change,
    verdict: verdict({ from: _from, to: _to, ...change }),
    text: changeText(change),
    events: events.map((event) => ({ ...event, text: changeEventText(event) })),
    objections: objections.map((objection) => ({ ...objection, text: objectionText(objection) })),
  };
}

/** The JSON shape of an explained entry. */
export function spteJson(explanation: Explanation, mmu: Mmu, role = 'spte'): SpteJson {
  const { value, level, kind, mapping, mmio, findings, context, cpu, l1tf, guesses, evidence } = explanation;
  return {
    role,
    value,
    level,
    kind,
    verdict: verdict(explanation),
    gfn: mmio?.gfn ?? null,
    gpa: mmio?.gpa ?? null,
    pfn: mapping?.pfn ?? null,
    hpa: mapping?.hpa ?? null,
    access: mapping === null ? null : accessLetters(mapping.access),
    memtype: mapping?.memtype ?? null,
    generation: mmio?.generation ?? null,
    findings: findings.map((finding) => findingJson(finding, guesses)),
    bits: setBits(explanation),
    context: { ...context, caveats: caveatsOf(mmu) },
    mapping,
    cpu,
    l1tf: l1tf === null ? null : { ...l1tf, text: exposureText(l1tf) },
    guesses: guesses.map((guess) => ({ ...guess, text: guessText(guess) })),
    evidence: evidence.map((test) => ({ ...test, text: evidenceText(test) })),
  };
}

function setBits({ value, fields }: Explanation): BitJson[] {
  return fields
    .flatMap(({ name, mask, owner, text, meaning, why }) =>
      bitNumbers(value & mask).map((bit) => ({
        bit,
        field: name,
        owner,
        text,
        reason: why === null ? meaning : `${meaning}: ${why}`,
      })),
    )
    .toSorted((a, b) => b.bit - a.bit);
}
