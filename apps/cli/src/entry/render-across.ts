// SPDX-License-Identifier: GPL-2.0-only
import {
  type AcrossContexts,
  type Candidate,
  explanationLines,
  type Fit,
  formatWord,
  hex,
  type LineRole,
  type Mmu,
  type Reading,
  verdict,
} from '@spte/core';
import { gathered } from '../context/candidates.ts';
import { type Paint, paintLines } from '../io/paint.ts';
import { errataJson, matchValue, withErrata } from './errata.ts';
import { type SpteJson, spteJson } from './spte-json.ts';

/** Readings with findings that are shown where there is no other; only the first of them whole. */
const MAX_WRONG = 3;

/** What a value may be that is clean nowhere. */
const CLEAN_NOWHERE =
  '  clean in none of them: garbage, a damaged entry, or one of a kernel or machine that was not tried';

/** What several contexts make of one value, as JSON: the best reading, with the others beside it. */
export function acrossJson(
  { value, agreed, readings }: AcrossContexts,
  candidates: readonly Candidate[],
): object {
  const mmus = new Map(candidates.map(({ name, mmu }) => [name, mmu]));
  const all = readings.map(({ contexts, explanation }): { contexts: readonly string[] } & SpteJson => ({
    contexts,
    ...spteJson(explanation, mmus.get(contexts[0] as string) as Mmu),
  }));
  const errata = errataJson(matchValue(value, readings[0]?.explanation.level ?? null));
  return { ...all[0], value, agreed, errata, readings: all };
}

/** What several contexts make of one value, as text. */
export function renderAcross(paint: Paint, { value, agreed, readings }: AcrossContexts): string {
  const level = readings[0]?.explanation.level ?? null;
  const ways = readings.length === 1 ? 'one reading' : `${readings.length} readings`;
  const lines = [
    paint('bold', `${formatWord(value)}  ${level === null ? 'level unknown' : `level ${level}`}, ${ways}`),
  ];
  const said = agreed.filter(({ mask, name }) => (value & mask) !== 0n && name !== 'ignored');
  if (readings.length > 1 && said.length > 0) {
    lines.push(`  all agree: ${said.map(({ name, text }) => `${name} ${text}`).join(', ')}`);
  }
  const clean = readings.filter(({ explanation }) => explanation.findings.length === 0);
  const wrong = readings.filter(({ explanation }) => explanation.findings.length > 0);
  lines.push(...clean.map((reading, index) => renderReading(paint, reading, index === 0)));
  const shownWrong = clean.length > 0 ? [] : wrong.slice(0, MAX_WRONG);
  if (shownWrong.length > 0) lines.splice(1, 0, paint('red', CLEAN_NOWHERE));
  lines.push(
    ...shownWrong.map((reading, index) =>
      index === 0 ? renderReading(paint, reading, true) : headingOf(paint, reading),
    ),
  );
  const left = wrong.slice(shownWrong.length);
  if (left.length > 0)
    lines.push(paint('dim', `  wrong in ${gathered(left.flatMap(({ contexts }) => contexts))}`));
  lines.push(...withErrata([], matchValue(value, level), {}).map((line) => paintLines(paint, [line])));
  return lines.join('\n');
}

/** What is left out of a reading that is not the first. */
const DETAILS: readonly LineRole[] = ['field', 'cpu', 'safe'];

/** One way to read a value: whole, or without its bits and what the CPU makes of them. */
function renderReading(paint: Paint, reading: Reading, whole: boolean): string {
  const [, , ...lines] = explanationLines(reading.explanation);
  const body = whole ? lines : lines.filter(({ role }) => !DETAILS.includes(role));
  return [
    headingOf(paint, reading),
    ...body.map(({ role, text }) => paintLines(paint, [{ role, text: `  ${text}` }])),
  ].join('\n');
}

const headingOf = (paint: Paint, { contexts, explanation }: Reading): string =>
  `  ${paint('cyan', gathered(contexts))}: ${verdict(explanation)}`;

/** A ranking of contexts: equal ones on one line. */
export function renderFits(paint: Paint, fits: readonly Fit[], values: number): string {
  const rows = new Map<string, { fit: Fit; names: string[] }>();
  for (const fit of fits) {
    const wrong = fit.findings.map(
      ({ value, findings }) => `    ${hex(value)}: ${findings.map(({ code }) => code).join(', ')}`,
    );
    const key = [fit.clean, fit.recognised, fit.unusual, ...wrong].join('\n');
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { fit, names: [fit.name] });
    else row.names.push(fit.name);
  }
  return [...rows]
    .flatMap(([key, { fit, names }]) => {
      const [, , , ...wrong] = key.split('\n');
      const good = fit.findings.length === 0;
      return [
        `${paint(good ? 'green' : 'reset', `${fit.clean} of ${values} clean`)}, ${fit.recognised} recognised${unusualText(fit)}: ${paint('bold', gathered(names))}`,
        ...wrong,
      ];
    })
    .join('\n');
}

const unusualText = ({ unusual }: Fit): string =>
  unusual === 0 ? '' : `, ${unusual} not as KVM writes them there`;
