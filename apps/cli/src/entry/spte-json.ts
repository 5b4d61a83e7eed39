// SPDX-License-Identifier: GPL-2.0-only
import { bitNumbers, type Explanation, type SpteKind } from '@spte/core';

/** An entry as `--json` has it; numbers that are words become hex. */
export interface SpteJson {
  readonly role: string;
  readonly value: bigint;
  readonly level: number | null;
  readonly kind: SpteKind;
  readonly gfn: bigint | null;
  readonly gpa: bigint | null;
  readonly pfn: bigint | null;
  readonly hpa: bigint | null;
  readonly access: string | null;
  readonly memtype: string | null;
  readonly generation: bigint | null;
  readonly findings: Explanation['findings'];
  /** Every set bit. */
  readonly bits: readonly BitJson[];
  readonly context: Explanation['context'];
  readonly mapping: Explanation['mapping'];
  readonly cpu: Explanation['cpu'];
  readonly l1tf: Explanation['l1tf'];
  readonly guesses: Explanation['guesses'];
  readonly evidence: Explanation['evidence'];
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

/** `rwx` with dashes. */
export function accessText({
  read,
  write,
  execute,
}: {
  read: boolean;
  write: boolean;
  execute: boolean;
}): string {
  return `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
}

/** The JSON shape of an explained entry. */
export function spteJson(explanation: Explanation, role = 'spte'): SpteJson {
  const { value, level, kind, mapping, mmio, findings, context, cpu, l1tf, guesses, evidence } = explanation;
  return {
    role,
    value,
    level,
    kind,
    gfn: mmio?.gfn ?? null,
    gpa: mmio?.gpa ?? null,
    pfn: mapping?.pfn ?? null,
    hpa: mapping?.hpa ?? null,
    access: mapping === null ? null : accessText(mapping.access),
    memtype: mapping?.memtype ?? null,
    generation: mmio?.generation ?? null,
    findings,
    bits: setBits(explanation),
    context,
    mapping,
    cpu,
    l1tf,
    guesses,
    evidence,
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
