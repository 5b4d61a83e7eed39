// SPDX-License-Identifier: GPL-2.0-only
import { formatWord, type Severity } from '@spte/core';
import type { Output } from '../io/output.ts';
import { severityOf } from './codes.ts';
import type { VerdictOptions } from './options.ts';
import { verdictText } from './say.ts';
import type { Policy, Verdict } from './verdict.ts';

/** Something that was found, for those who are told of it item by item. */
export interface Issue {
  readonly code: string;
  /** Whether it is so in some contexts only. */
  readonly isPossible: boolean;
  /** Where: null where the input has no lines. */
  readonly line: number | null;
  readonly text: string;
}

/** The end of an input. */
interface InputResult {
  readonly verdict: Verdict;
  /** What the exit status under `--check` were for this input alone. */
  readonly status: number;
  /** Why it could not be read. */
  readonly failed?: string;
}

/** Tells a machine what was found. */
export interface Reporter {
  /** @param inputs how many will follow */
  readonly begin: (inputs: number) => void;
  readonly issue: (file: string | null, issue: Issue) => void;
  /** @param name what the input is called */
  readonly end: (name: string, result: InputResult) => void;
}

/** The reporter that the options ask for. */
export function reporterOf(out: Output, policy: Policy, { format }: VerdictOptions): Reporter | null {
  if (format === undefined) return null;
  return format === 'github' ? githubReporter(out, policy) : tapReporter(out, policy);
}

/** How loudly something is said: a notice where it does not count, or may not hold. */
function weightOf({ ignore }: Policy, { code, isPossible }: Issue): Severity | 'notice' {
  return isPossible || ignore.has(code) ? 'notice' : severityOf(code);
}

const CONTROL = /\p{Cc}/gu;

/** Text of a workflow command. */
function githubText(text: string): string {
  return text
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll(CONTROL, '\uFFFD');
}

/** The value of one of its properties. */
const githubValue = (text: string): string => githubText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** `::error file=trace.txt,line=3::what is wrong`. */
export function githubCommand(
  weight: string,
  properties: Readonly<Record<string, string>>,
  text: string,
): string {
  const given = Object.entries(properties).map(([name, value]) => `${name}=${githubValue(value)}`);
  return `::${weight}${given.length === 0 ? '' : ` ${given.join(',')}`}::${githubText(text)}`;
}

function githubReporter(out: Output, policy: Policy): Reporter {
  return {
    begin: () => undefined,
    issue(file, issue) {
      const where = {
        ...(file !== null && { file }),
        ...(issue.line !== null && { line: String(issue.line) }),
        title: issue.code,
      };
      void out.line(githubCommand(weightOf(policy, issue), where, issue.text));
    },
    end(name, { verdict, failed }) {
      if (failed !== undefined) void out.line(githubCommand('error', { file: name }, failed));
      const text = verdictText(policy, verdict);
      if (text !== null) void out.line(githubCommand('notice', { title: 'verdict' }, `${name}: ${text}`));
    },
  };
}

/** Findings of an input that are listed, at most: they wait for its verdict. */
const MAX_LISTED = 100;

/** Text in quotes that YAML reads as JSON does. */
const yamlText = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (of) => `\\u${(of.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );

/** A description: a hash would begin a directive. */
export const tapText = (text: string): string =>
  text.replaceAll(CONTROL, '\uFFFD').replaceAll('\\', '\\\\').replaceAll('#', '\\#');

function tapReporter(out: Output, policy: Policy): Reporter {
  let point = 0;
  let more = 0;
  let listed: Issue[] = [];
  const print = (lines: readonly string[]): void => lines.forEach((line) => void out.line(line));
  return {
    begin: (inputs) => print(['TAP version 14', `1..${inputs}`]),
    issue(_file, issue) {
      if (listed.length < MAX_LISTED) listed.push(issue);
      else more++;
    },
    end(name, { verdict, status, failed }) {
      point++;
      const isOk = status === 0;
      print([`${isOk ? 'ok' : 'not ok'} ${point} - ${tapText(name)}`]);
      const said = verdictText(policy, verdict);
      const lines = [
        ...(isOk ? [] : [`status: ${status}`]),
        ...(failed === undefined ? [] : [`message: ${yamlText(failed)}`]),
        ...(said === null ? [] : [`verdict: ${yamlText(said)}`]),
        ...(listed.length === 0
          ? []
          : ['findings:', ...listed.flatMap((issue) => issueLines(policy, issue))]),
        ...(more === 0 ? [] : [`more: ${more}`]),
      ];
      if (lines.length > 0) print(['---', ...lines, '...'].map((line) => `  ${line}`));
      [listed, more] = [[], 0];
    },
  };
}

function issueLines(policy: Policy, issue: Issue): string[] {
  const { code, line, text, isPossible } = issue;
  const severity = severityOf(code);
  return [
    `  - code: ${code}`,
    `    severity: ${severity}`,
    ...(isPossible ? ['    possible: true'] : []),
    ...(policy.ignore.has(code) ? ['    ignored: true'] : []),
    ...(line === null ? [] : [`    line: ${line}`]),
    `    message: ${yamlText(text)}`,
  ];
}

/** Text about an entry at a level. */
export function aboutEntry(value: bigint, level: number | null, text: string): string {
  return `${formatWord(value)}${level === null ? '' : ` at level ${level}`}: ${text}`;
}
