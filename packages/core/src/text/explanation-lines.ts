// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';
import type { Explanation } from '../explain/explain-spte.ts';
import type { Finding } from '../judge/finding.ts';
import type { CpuReading, Exposure } from '../mmu/contract.ts';
import type { DecodedMapping } from '../read/decode-spte.ts';
import type { DecodedField } from '../read/decoded-field.ts';
import type { Guess } from '../read/guess-unknown.ts';
import { exposureText } from './exposure-text.ts';
import { findingNext, findingText } from './finding-texts.ts';
import { outcomeText } from './outcome-text.ts';
import { guessText, readOnlyText } from './reading-texts.ts';
import { entryVerdict } from './verdict.ts';
import { accessText, bitsText, formatWord, placeText } from './words.ts';

/** What a line says, so that a terminal may paint it and a page style it. */
export type LineRole =
  /** The entry, and the verdict. */
  | 'clean'
  | 'bad'
  | 'suspicious'
  /** The context that it was read in. */
  | 'context'
  /** Where it points to, or the gfn of an MMIO entry. */
  | 'mapping'
  | 'error'
  | 'warning'
  | 'next'
  | 'guess'
  | 'field'
  | 'cpu'
  | 'safe'
  | 'unsafe'
  /** Of a change. */
  | 'allowed'
  | 'refused'
  | 'changed';

/** A line of text, without an end of line. */
export interface TextLine {
  readonly role: LineRole;
  readonly text: string;
}

/** An explanation as lines of text: the verdict first, then context, findings, bits, and how the CPU takes it. */
export function explanationLines(explanation: Explanation): TextLine[] {
  const { value, mapping, mmio, alsoReadBy, findings, guesses, cpu, l1tf, fields } = explanation;
  const lines: TextLine[] = [
    { role: roleOf(findings), text: `${formatWord(value)}  ${entryVerdict(explanation)}` },
    { role: 'context', text: `  ${contextText(explanation)}` },
  ];
  if (mapping !== null) lines.push(...mappingLines(mapping));
  if (mmio !== null) {
    const { gfn, gpa, access, generation } = mmio;
    const text = `  gfn ${hex(gfn)}  gpa ${hex(gpa)}  access ${hex(access)}  generation ${hex(generation)}`;
    lines.push({ role: 'mapping', text });
  }
  if (alsoReadBy.length > 0) {
    const others = alsoReadBy.join(', ');
    lines.push({
      role: 'mapping',
      text: `  would be read by ${others} too, which comes later in the order of plugins`,
    });
  }
  for (const finding of findings) lines.push(...findingLines(finding, guesses));
  for (const guess of guesses) lines.push({ role: 'guess', text: `  may be ${guessText(guess)}` });
  lines.push(...fieldLines(fields), ...cpu.flatMap(readingLines));
  if (l1tf !== null) lines.push(exposureLine(l1tf));
  return lines;
}

/** {@link explanationLines} in one text. */
export function renderExplanation(explanation: Explanation): string {
  return textOfLines(explanationLines(explanation));
}

export const textOfLines = (lines: readonly TextLine[]): string => lines.map(({ text }) => text).join('\n');

function roleOf([worst]: readonly Finding[]): LineRole {
  if (worst === undefined) return 'clean';
  return worst.severity === 'error' ? 'bad' : 'suspicious';
}

function contextText({ kind, level, context }: Explanation): string {
  const at = level === null ? 'level unknown' : `level ${level}`;
  const { vendor, mmu, kernel, layout } = context;
  return `${kind}, ${at}  (${vendor} ${mmu}, kernel ${kernel}, layout since ${layout})`;
}

function mappingLines(mapping: DecodedMapping): TextLine[] {
  const { pfn, hpa, access, memtype, ignorePat, restored, readOnly, adType, accessed, dirty } = mapping;
  const type = memtype === null ? '' : `  ${memtype}${ignorePat === true ? '+IPAT' : ''}`;
  const text = `  pfn ${hex(pfn)}  hpa ${hex(hpa)}  ${accessText(access)}${type}`;
  const texts = [text];
  if (restored !== null) texts.push(`  restoring gives ${hex(restored)}`);
  if (readOnly !== null) texts.push(`  read-only: ${readOnlyText(readOnly)}`);
  if (dirty !== null && adType === 'disabled') {
    const counted = `${accessed ? '' : 'not '}accessed and ${dirty ? 'dirty' : 'clean'}`;
    texts.push(`  the CPU keeps no A/D bits here; KVM counts the page as ${counted}`);
  }
  return texts.map((text) => ({ role: 'mapping', text }));
}

/** A finding as lines: what is wrong, its name and its bits; and what to do about it. */
export function findingLines(finding: Finding, guesses: readonly Guess[] = []): TextLine[] {
  const { severity, code, bits } = finding;
  const next = findingNext(finding, guesses);
  return [
    { role: severity, text: `  ${severity}: ${findingText(finding)} [${code}, ${bitsText(bits)}]` },
    ...(next === '' ? [] : [{ role: 'next', text: `    next: ${next}` } satisfies TextLine]),
  ];
}

/** Bits without a meaning have a line only where they are set. */
function fieldLines(fields: readonly DecodedField[]): TextLine[] {
  const width = Math.max(...fields.map(({ name }) => name.length));
  return fields
    .filter(({ name, value }) => value !== 0n || (name !== 'ignored' && name !== 'reserved'))
    .map(({ mask, name, text, meaning }) => ({
      role: 'field',
      text: `  ${placeText(mask).padStart(6)}  ${name.padEnd(width)}  ${text}  (${meaning})`,
    }));
}

function readingLines({ accessor, read, write, fetch }: CpuReading): TextLine[] {
  return [
    { role: 'cpu', text: `  ${accessor} read:  ${outcomeText(read)}` },
    { role: 'cpu', text: `  ${accessor} write: ${outcomeText(write)}` },
    { role: 'cpu', text: `  ${accessor} fetch: ${outcomeText(fetch)}` },
  ];
}

const exposureLine = (exposure: Exposure): TextLine => ({
  role: exposure.safe ? 'safe' : 'unsafe',
  text: `  L1TF: ${exposure.safe ? 'safe' : 'UNSAFE'}: ${exposureText(exposure)}`,
});
