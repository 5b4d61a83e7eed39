// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { MachineEvidence } from '@spte/errata';
import type { AnnotatedLine, TraceEntry } from '@spte/trace';
import type { Session } from '../context/session.ts';
import { splatTeller } from '../entry/log-errata.ts';
import type { AnnotateOptions } from './options.ts';
import { lineRenderer } from './render-line.ts';

/** Whether a line is wanted; `annotated` is null for one that says nothing about entries. */
export type Wanted = (annotated: AnnotatedLine | null) => annotated is AnnotatedLine;

/** The lines that `--only` leaves. */
export function wantedBy({ only }: AnnotateOptions): Wanted {
  return (annotated): annotated is AnnotatedLine =>
    annotated !== null && (only !== 'findings' || isWrong(annotated));
}

const isWrong = ({ sptes, checks, change }: AnnotatedLine): boolean =>
  sptes.some(({ findings, possible }) => findings.length + possible.length > 0) ||
  checks.some(({ agree, hits }) => !agree || hits !== undefined) ||
  (change !== undefined && change.allowed !== true);

/** Prints the lines of a section. */
export interface LinePrinter {
  /** Prints a line; `annotated` is null for one that says nothing about entries. */
  readonly take: (entry: TraceEntry, annotated: AnnotatedLine | null) => void;
  /** Prints what is to be said behind the last line. */
  readonly end: () => void;
}

const nothing = (): void => undefined;

/**
 * Prints the lines of a section in the form that the options ask for.
 *
 * @param name what the input is called, where there are several
 */
export function linePrinter(
  session: Session,
  { mmu, machine }: { readonly mmu: Mmu; readonly machine: MachineEvidence },
  name: string | null,
  options: AnnotateOptions,
  wanted: Wanted,
): LinePrinter {
  if (options.summary === true) return { take: nothing, end: nothing };
  if (options.ndjson === true) return { take: ndjsonPrinter(session, name, wanted), end: nothing };
  if (options.json === true) return { take: jsonPrinter(session, wanted), end: nothing };
  const take = textPrinter(session, mmu, options, wanted);
  return options.only === undefined ? withSplats(session, machine, take) : { take, end: nothing };
}

/** Says below a splat what it is. */
function withSplats({ out }: Session, machine: MachineEvidence, take: LinePrinter['take']): LinePrinter {
  const splats = splatTeller(machine);
  const say = (lines: readonly string[]): void => {
    for (const line of lines) void out.line(out.paint('cyan', line));
  };
  return {
    take(entry, annotated) {
      take(entry, annotated);
      say(splats.take(entry.text, annotated !== null));
    },
    end: () => say(splats.end()),
  };
}

function ndjsonPrinter({ out }: Session, name: string | null, wanted: Wanted): LinePrinter['take'] {
  return (_entry, annotated) => {
    if (wanted(annotated)) void out.line(withFile(name, annotated));
  };
}

/** JSON that says first which of several inputs it is of. */
export function withFile(name: string | null, value: object): string {
  return JSON.stringify(name === null ? value : { file: name, ...value });
}

function jsonPrinter({ out }: Session, wanted: Wanted): LinePrinter['take'] {
  let separator = '';
  return (_entry, annotated) => {
    if (!wanted(annotated)) return;
    void out.line(`${separator}${JSON.stringify(annotated)}`);
    separator = ',';
  };
}

function textPrinter(
  { out }: Session,
  mmu: Mmu,
  { only }: AnnotateOptions,
  wanted: Wanted,
): LinePrinter['take'] {
  const explain = lineRenderer(out.paint, mmu);
  return (entry, annotated) => {
    if (wanted(annotated)) {
      void out.line(only === undefined ? entry.text : `${entry.line}: ${entry.text}`);
      for (const line of explain(annotated)) void out.line(line);
    } else if (only === undefined) {
      void (entry.newline ? out.line(entry.text) : out.text(entry.text));
    }
  };
}
