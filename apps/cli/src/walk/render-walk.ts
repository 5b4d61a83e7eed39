// SPDX-License-Identifier: GPL-2.0-only
import {
  type CoreKind,
  changeText,
  counted,
  explainChange,
  formatWord,
  hex,
  type Mmu,
  readOnlyReason,
  readOnlyText,
} from '@spte/core';
import type { Share, Translation, WalkChange, WalkEntry, WalkSummary } from '@spte/walk';
import type { Paint } from '../io/paint.ts';
import type { EntryJson } from './entry-json.ts';

/** Kinds of which several are called something else. */
const PLURALS: Readonly<Record<CoreKind, string>> = {
  leaf: 'leaves',
  tracked: 'tracked',
  table: 'tables',
  mmio: 'mmio',
  frozen: 'frozen',
  empty: 'empty',
  unknown: 'unknown',
};

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'] as const;

/** `2M`, `1.5G`. */
function sizeText(bytes: bigint): string {
  let size = Number(bytes);
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number.isInteger(size) ? size : size.toFixed(1)}${UNITS[unit] ?? ''}`;
}

const address = (value: bigint): string => `0x${value.toString(16).padStart(12, '0')}`;

/** One entry on a line, with its findings below. */
export function renderEntry(paint: Paint, entry: EntryJson): string {
  const { level, gpa, value, kind, bytes, pfn, access, memtype, readOnly, gfn, generation, findings } = entry;
  const where = `L${level} ${address(gpa)} ${sizeText(bytes).padStart(4)}`;
  const what =
    gfn === null
      ? `${pfn === null ? '' : `  pfn ${hex(pfn)}`}${access === null ? '' : `  ${access}`}${memtype === null ? '' : `  ${memtype}`}${readOnly === null ? '' : `  (${readOnly})`}`
      : `  gfn ${hex(gfn)}  generation ${hex(generation ?? 0n)}`;
  const line = `${where}  ${formatWord(value)}  ${kind.padEnd(7)}${what}`.trimEnd();
  return [
    kind === 'table' ? paint('dim', line) : line,
    ...findings.map(({ severity, code, text }) =>
      paint(severity === 'error' ? 'red' : 'yellow', `     ${severity}: ${text} [${code}]`),
    ),
  ].join('\n');
}

/** A translation step by step. */
export function renderTranslation(
  paint: Paint,
  { outcome, text }: Translation,
  steps: readonly EntryJson[],
): string {
  const mapped = outcome === 'leaf' || outcome === 'tracked';
  return [...steps.map((step) => renderEntry(paint, step)), paint(mapped ? 'green' : 'yellow', text)].join(
    '\n',
  );
}

/** An entry that only one of two walks has. */
function sideText(mmu: Mmu, { spte, kind }: WalkEntry): string {
  const readOnly = readOnlyReason(mmu, spte, kind);
  return `${formatWord(spte)}  ${kind}${readOnly === null ? '' : `, read-only: ${readOnlyText(readOnly)}`}`;
}

/** What became of one entry. */
export function renderChangeOf(paint: Paint, mmu: Mmu, { change, before, after }: WalkChange): string {
  const { level, gpa } = (before ?? after) as { level: number; gpa: bigint };
  const where = `L${level} ${address(gpa)}`;
  if (change === 'added') return paint('green', `+ ${where}  ${sideText(mmu, after)}`);
  if (change === 'removed') return paint('red', `- ${where}  ${sideText(mmu, before)}`);
  const made = explainChange(mmu, before.spte, after.spte, level);
  const changes = made.fields.map(({ name, from, to }) => `${name} ${from} -> ${to}`).join(', ');
  return [
    paint('yellow', `~ ${where}  ${formatWord(before.spte)} -> ${formatWord(after.spte)}`),
    `     ${changeText(made)}${changes === '' ? '' : `: ${changes}`}`,
  ].join('\n');
}

const leavesText = (count: number): string => counted(count, 'leaf', 'leaves');

/** Counts, shares and findings. */
export function renderSummary(paint: Paint, summary: WalkSummary): string {
  const { entries, levels, mapped, accessed, dirty, writable, executable, memtypes, readOnly, findings } =
    summary;
  const lines = [
    paint(
      'bold',
      `${counted(entries, 'entry', 'entries')}, ${sizeText(mapped.bytes)} mapped by ${leavesText(mapped.leaves)}`,
    ),
  ];
  for (const { level, entryBytes, kinds } of levels) {
    const counts = Object.entries(kinds)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) =>
        counted(count, kind, Object.hasOwn(PLURALS, kind) ? PLURALS[kind as CoreKind] : kind),
      );
    lines.push(`  level ${level} (${sizeText(entryBytes)}): ${counts.join(', ')}`);
  }
  const share = (name: string, { leaves, bytes }: Share): string => {
    // Rounded down: 100% are all of them.
    const part = mapped.leaves === 0 ? 0 : Math.floor((100 * leaves) / mapped.leaves);
    return `  ${name.padEnd(10)}  ${String(part).padStart(3)}%  ${leavesText(leaves)}, ${sizeText(bytes)}`;
  };
  lines.push(
    share('accessed', accessed),
    share('dirty', dirty),
    share('writable', writable),
    share('executable', executable),
  );
  for (const { memtype, leaves, bytes } of memtypes) {
    lines.push(`  ${memtype ?? 'no memory type of its own'}: ${leavesText(leaves)}, ${sizeText(bytes)}`);
  }
  for (const { reason, leaves, bytes } of readOnly) {
    lines.push(`  read-only: ${readOnlyText(reason)}: ${leavesText(leaves)}, ${sizeText(bytes)}`);
  }
  if (findings.length === 0) lines.push(paint('green', '  no findings'));
  for (const { code, severity, count, examples } of findings) {
    lines.push(
      paint(
        severity === 'error' ? 'red' : 'yellow',
        `  ${severity}: ${counted(count, 'entry', 'entries')} with ${code}, such as`,
      ),
    );
    for (const { level, gpa, spte } of examples)
      lines.push(`    L${level} ${address(gpa)}  ${formatWord(spte)}`);
  }
  return lines.join('\n');
}
