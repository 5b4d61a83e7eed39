// SPDX-License-Identifier: GPL-2.0-only
// Runs the console blocks of documents: `$ spte …`, alone or between other programs in a pipe.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampled } from '@spte/testing/sampled';
import { type Run, run } from './run.ts';
import { shellLine } from './shell.ts';

const CONSOLE = /^```console\n(.*?)^```$/gms;

/** Programs that a document shows and no test runs. */
const NOT_RUN: Readonly<Record<string, string>> = {
  './configure': 'needs the sources of kvm-unit-tests',
  duckdb: 'not installed here; its queries run in columns-doc.test.ts',
  export: 'sets the path for commands that are run without it',
  make: 'needs the sources of a kernel',
  npm: 'takes minutes, or serves a page',
  npx: 'fetches from the registry',
  'trace-cmd': 'needs root and a guest that runs',
};

/** A command of a block, and what the document shows below it. */
interface Shown {
  readonly command: string;
  /** No line: the output does not matter. */
  readonly output: readonly string[];
}

/** The commands of a block; one that ends in `|` goes on in the next line. */
function commandsOf(block: string): Shown[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...output] = text
        .trimEnd()
        .replaceAll(/\|\n\s+/g, '| ')
        .split('\n');
      return { command, output };
    });
}

/** The command as the root scripts start it. */
const asSpte = (command: string): string =>
  command.replaceAll(/\bpnpm --silent run spte\b/g, 'spte').replaceAll(/\bpnpm vectors\b/g, 'spte vectors');

/** Words as the shell makes them, with its quotes and patterns. */
function words(text: string, cwd: string): string[] {
  // Most have none, and a shell takes longer than the command.
  if (/^[\w./:,=@+ -]*$/.test(text)) return text.split(' ').filter((word) => word !== '');
  const out = execFileSync('bash', shellLine(`printf '%s\\0' ${text}`), { cwd, encoding: 'utf8' });
  return out.split('\0').slice(0, -1);
}

const ESCAPE = '\u001B';
const STYLE = new RegExp(`${ESCAPE}\\[(\\d+)m`, 'g');

/** Colours that can be read: `<red>text</>`. */
const readable = (text: string): string =>
  text.replaceAll(STYLE, (whole, code: string) => STYLES[code] ?? whole).replaceAll(ESCAPE, '<escape>');

const STYLES: Readonly<Record<string, string>> = {
  1: '<bold>',
  2: '<dim>',
  31: '<red>',
  32: '<green>',
  33: '<yellow>',
  36: '<cyan>',
  22: '</>',
  39: '</>',
};

/** Runs a program of a pipe. `tty spte …` is the command on a terminal; `2>&1` puts what it says with what it prints. */
async function runStage(stage: string, stdin: string, cwd: string): Promise<Run> {
  const [, tty, rest = '', both, target] = /^(tty )?spte\b ?(.*?)( 2>&1)?(?: > (\S+))?$/.exec(stage) ?? [];
  if (!/^(?:tty )?spte\b/.test(stage)) {
    // A program that reads no further, such as head, is no error.
    const { status, stdout, stderr } = spawnSync('bash', shellLine(stage), {
      cwd,
      input: stdin,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    return { code: status ?? 2, out: stdout, err: stderr };
  }
  const terminal = tty !== undefined;
  const { code, out, err } = await run(words(rest, cwd), { stdin, cwd, terminal });
  const printed = terminal ? readable(out) : out;
  // What is said beside the answer comes first: the answer is gathered before it is written.
  const result = both === undefined ? { code, out: printed, err } : { code, out: err + printed, err: '' };
  if (target === undefined) return result;
  writeFileSync(join(cwd, target), result.out);
  return { ...result, out: '' };
}

/** What a block may show beside the standard output: complaints, each line after `! `, and an exit status that is not 0. */
const complaints = ({ code, err }: Run): string =>
  `${err.replaceAll(/^(?=.)/gm, '! ')}${code === 0 ? '' : `exit ${code}\n`}`;

/** Whether nothing stands there but what inputs were read as. */
const isMereContext = (err: string): boolean =>
  err.split('\n').every((line) => line === '' || /^spte: (?:\S+: )?read as /.test(line));

/**
 * What a command line prints; null for one that is not run.
 *
 * Throws when the command complains, unless complaints are shown.
 */
async function outputOf(command: string, cwd: string, complaining: boolean): Promise<string | null> {
  const stages = asSpte(command).split(' | ');
  if (stages.some((stage) => (/^\S+/.exec(stage)?.[0] ?? '') in NOT_RUN)) return null;
  let stdin = '';
  for (const stage of stages) {
    const result = await runStage(stage, stdin, cwd);
    const { code, out, err } = result;
    // 1 is an answer, such as a difference; 2 is a mistake.
    if (!complaining && (code > 1 || !isMereContext(err)))
      throw new Error(`${command}: exit status ${code}: ${err}`);
    stdin = complaining ? out + complaints(result) : out;
  }
  // Where the test puts its files is another folder each time.
  return stdin.replaceAll(`${cwd}/`, './');
}

/** All vectors of all kernels, which the tests of `conformance` run too. */
const isLong = (command: string): boolean => /^pnpm vectors .*\*/.test(command);

/** What commands print that read nothing but the repository, which takes long and is the same in each document. */
const shared: Record<string, string | null> = {};

async function sharedOutputOf(command: string, cwd: string, complaining: boolean): Promise<string | null> {
  if (isLong(command) && sampled(true, false)) return null;
  if (!/^pnpm vectors packages\/\S+$/.test(command)) return outputOf(command, cwd, complaining);
  shared[command] ??= await outputOf(command, cwd, complaining);
  return shared[command];
}

const isCut = (line: string): boolean => line.trim() === '…';

/** Where lines between two cuts stand in what is printed now: found by the first of them that is still printed. */
function placeOf(lines: readonly string[], printed: readonly string[], from: number): number | null {
  for (const [index, line] of lines.entries()) {
    const at = printed.indexOf(line, from + index);
    if (at !== -1) return at - index;
  }
  return null;
}

/** What a document has to show of an output: as many lines as it does now, with its cuts (`…`) between them. */
function cutAs(shown: readonly string[], printed: readonly string[]): readonly string[] {
  const cuts = [...shown.keys()].filter((index) => isCut(shown[index] ?? ''));
  if (cuts.length === 0) return printed;
  const result: string[] = [];
  let at = 0;
  for (const [index, cut] of [...cuts, shown.length].entries()) {
    const lines = shown.slice(index === 0 ? 0 : (cuts[index - 1] ?? 0) + 1, cut);
    const end = cut === shown.length;
    const place = index === 0 ? 0 : end ? printed.length - lines.length : placeOf(lines, printed, at);
    if (place === null || place < at) result.push(...lines.map((line) => `not printed: ${line}`));
    else result.push(...printed.slice(place, place + lines.length));
    at = (place ?? at) + lines.length;
    if (!end) result.push(shown[cut] ?? '');
  }
  return result;
}

/**
 * Runs all console blocks of a document. Gives the document as it has to be, and how many commands were run.
 *
 * With `complaining` each command shows all that it printed, on the standard error too, and its exit status.
 */
export async function runConsole(
  document: string,
  cwd: string,
  complaining = false,
): Promise<{ readonly document: string; readonly ran: number }> {
  let result = document;
  let ran = 0;
  for (const [whole, block = ''] of document.matchAll(CONSOLE)) {
    let text = '';
    const source = block.split(/^(?=\$ )/m);
    for (const [index, { command, output }] of commandsOf(block).entries()) {
      const asked = source[index]?.trimEnd() ?? '';
      const printed = await sharedOutputOf(command, cwd, complaining);
      if (printed !== null) ran++;
      const head = output.length === 0 ? asked : asked.slice(0, asked.length - output.join('\n').length - 1);
      const below =
        printed === null || (output.length === 0 && !complaining)
          ? output
          : cutAs(output, printed.trimEnd().split('\n'));
      text += `${[head, ...below].join('\n')}\n`;
    }
    result = result.replace(whole, () => `\`\`\`console\n${text}\`\`\``);
  }
  return { document: result, ran };
}
