// SPDX-License-Identifier: GPL-2.0-only
import type { ManualCommand, ManualFlag, ManualGroup } from './manual.ts';

/** Headings of flags that many commands have; they are explained once. */
const COMMON = ['Output', 'Context (kernel and machine)'];

/**
 * The manual page in the language of man(7).
 *
 * @param program what the program says of itself
 */
export function manPage(program: ManualCommand, commands: readonly ManualCommand[], version: string): string {
  return [
    `.TH SPTE 1 "" "spte ${version}" "User Commands"`,
    '.SH NAME',
    `spte \\- ${escaped(firstLower(program.description))}`,
    '.SH SYNOPSIS',
    '.B spte',
    '.I COMMAND',
    '.RI [ options ]',
    '.RI [ arguments ]',
    '.SH DESCRIPTION',
    escaped(program.description),
    verbatim(program.after),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    ...COMMON.flatMap((heading) => commonSection(heading, commands)),
  ].join('\n');
}

const firstLower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');

function commandSection({ usage, description, groups, after }: ManualCommand): string[] {
  const own = groups.filter(({ heading }) => !COMMON.includes(heading));
  const common = groups.filter(({ heading }) => COMMON.includes(heading));
  const see = common.map(({ heading }) => heading.toUpperCase()).join(' and ');
  return [
    `.SS "${escaped(usage)}"`,
    escaped(description),
    ...own.flatMap(flagList),
    ...(see === '' ? [] : ['.PP', `Flags of ${escaped(see)}: below.`]),
    ...(after === '' ? [] : [verbatim(after)]),
  ];
}

/** Every flag of a heading, as the first command that has it explains it. */
function commonSection(heading: string, commands: readonly ManualCommand[]): string[] {
  const flags = new Map<string, ManualFlag>();
  for (const { groups } of commands) {
    for (const group of groups) {
      if (group.heading !== heading) continue;
      for (const flag of group.flags) flags.set(flag.name, flags.get(flag.name) ?? flag);
    }
  }
  return [`.SH ${escaped(heading.toUpperCase())}`, ...flagList({ heading, flags: [...flags.values()] })];
}

const flagList = ({ flags }: ManualGroup): string[] =>
  flags.flatMap(({ term, text }) => ['.TP', `.B ${escaped(term)}`, escaped(text)]);

const verbatim = (text: string): string => `.PP\n.nf\n${escaped(text)}\n.fi`;

/** Text in which nothing is a request or an escape, and a hyphen is the character that is typed. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&')
    .replaceAll('"', '\\(dq');
}
