// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import type { ExplainedChange } from '../explain/explain-change.ts';
import type { Explanation } from '../explain/explain-spte.ts';
import type { CpuReading, Outcome } from '../mmu/contract.ts';

/** Sixteen hex digits, so that words stand under each other. */
export function formatWord(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`;
}

const range = (mask: bigint): string => {
  const text = mask.toString(2);
  const high = text.length - 1;
  const low = text.length - 1 - text.lastIndexOf('1');
  if (/^1+0*$/.test(text)) return high === low ? `${high}` : `${high}:${low}`;
  return `${high}..${low}`;
};

/** An explanation as lines of plain text, the same data as {@link Explanation}: kind first, then findings, then bits. */
export function renderExplanation(explanation: Explanation): string {
  const { value, level, kind, context, mapping, mmio, findings, guesses, cpu, l1tf, fields } = explanation;
  const at = level === null ? 'level unknown' : `level ${level}`;
  const lines = [
    `${formatWord(value)}  ${kind}, ${at}  (${context.vendor} ${context.mmu}, kernel ${context.kernel}, layout since ${context.layout})`,
  ];
  for (const caveat of context.caveats) lines.push(`  note: ${caveat}`);
  if (mapping !== null) {
    const { read, write, execute, user } = mapping.access;
    const letters = `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}${user === null ? '' : user ? 'u' : '-'}`;
    const memtype =
      mapping.memtype === null ? '' : `  ${mapping.memtype}${mapping.ignorePat === true ? '+IPAT' : ''}`;
    lines.push(`  pfn ${hex(mapping.pfn)}  hpa ${hex(mapping.hpa)}  ${letters}${memtype}`);
    if (mapping.restored !== null) lines.push(`  restoring gives ${hex(mapping.restored)}`);
  }
  if (mmio !== null) {
    lines.push(
      `  gfn ${hex(mmio.gfn)}  gpa ${hex(mmio.gpa)}  access ${hex(mmio.access)}  generation ${hex(mmio.generation)}`,
    );
  }
  if (findings.length === 0) lines.push('  clean');
  for (const { severity, code, bits, text, next } of findings) {
    lines.push(`  ${severity}: ${text} [${code}, bit ${bits.join(' ')}]`, `    next: ${next}`);
  }
  for (const { text } of guesses) lines.push(`  may be ${text}`);
  const width = Math.max(...fields.map(({ name }) => name.length));
  for (const { mask, name, text, meaning, value: fieldValue } of fields) {
    if (fieldValue === 0n && (name === 'ignored' || name === 'reserved')) continue;
    lines.push(`  ${range(mask).padStart(6)}  ${name.padEnd(width)}  ${text}  (${meaning})`);
  }
  for (const reading of cpu) lines.push(...renderReading(reading));
  if (l1tf !== null) lines.push(`  L1TF: ${l1tf.safe ? 'safe' : 'UNSAFE'}: ${l1tf.why}`);
  return lines.join('\n');
}

function renderReading({ accessor, read, write, fetch }: CpuReading): string[] {
  return [
    `  ${accessor} read:  ${renderOutcome(read)}`,
    `  ${accessor} write: ${renderOutcome(write)}`,
    `  ${accessor} fetch: ${renderOutcome(fetch)}`,
  ];
}

/** What becomes of an access, in words. */
export function renderOutcome(outcome: Outcome): string {
  const causes = (faults: readonly { cause: string; bits: readonly number[] }[]): string =>
    faults.map(({ cause, bits }) => ` ${cause} (bit ${bits.join(' ')})`).join(',');
  switch (outcome.kind) {
    case 'translates':
      return `to ${hex(outcome.hpa)}, ${outcome.memtype}`;
    case 'next-table':
      return `on to the table at ${hex(outcome.hpa)}`;
    case 'ept-violation':
      return `EPT violation, qualification ${hex(outcome.qualification)}`;
    case 'ept-misconfig':
      return `EPT misconfiguration:${causes(outcome.causes)}`;
    case 'nested-page-fault':
      return `nested page fault, error code ${hex(outcome.errorCode)}${causes(outcome.causes)}`;
    case 'page-fault':
      return `#PF, error code ${hex(outcome.errorCode)}${causes(outcome.causes)}`;
  }
}

/** A change as lines of plain text. */
export function renderChange({
  from,
  to,
  text,
  fields,
  objection,
  flush,
  lost,
  warnings,
}: ExplainedChange): string {
  const losses = [...(lost.accessed ? ['accessed'] : []), ...(lost.dirty ? ['dirty'] : [])];
  return [
    `${formatWord(from.value)} -> ${formatWord(to.value)}  ${from.kind} -> ${to.kind}`,
    `  ${text}`,
    `  ${objection === null ? 'allowed' : `NOT ALLOWED: ${objection}`}; ${flush ? 'a TLB flush is due' : 'no TLB flush is due'}${losses.length > 0 ? `; lost: ${losses.join(' and ')}` : ''}`,
    ...warnings.map(({ code, kind }) => `  ${kind} ${code}`),
    ...fields.map((field) => `  ${field.name} (bit ${field.bits.join(' ')}): ${field.from} -> ${field.to}`),
  ].join('\n');
}
