// SPDX-License-Identifier: GPL-2.0-only
import {
  type Comparison,
  compareMmus,
  constantText,
  formatWord,
  hex,
  LAYOUT_MEANINGS,
  MASK_MEANINGS,
  type TriedBehaviour,
} from '@spte/core';
import { type Command, Option } from 'commander';
import { type Context, commonContextJson, contextJson, contextOf, contextText } from '../context/context.ts';
import { parseContext } from '../context/context-string.ts';
import { addCommonOptions, type CommonOptions, end, outcomeOf, type Session } from '../context/session.ts';
import { alignRows } from '../io/align.ts';
import { documentHead } from '../io/output.ts';
import { integer, parseWord } from '../io/parse.ts';

interface CompareOptions extends CommonOptions {
  readonly gfn: bigint;
  readonly pfn: bigint;
  readonly level?: number;
}

const EXAMPLES = `
A context is a list of facts, named like the flags: kernel=6.1,vendor=vmx,ad=off.
A preset, a kernel, vmx, svm or shadow stands for itself; a folder or a bundle is
a machine. Flags hold for both sides.

Examples:
  spte compare 6.1 7.2 --vendor vmx
  spte compare preset=haswell preset=haswell,ad=off
  spte compare mmio-caching=on mmio-caching=off --vendor svm --kernel 6.8
  spte compare captured/ captured/,kernel=6.12`;

export function compareCommand(parent: Command, session: Session): void {
  const command = parent
    .command('compare')
    .summary('what two kernels, machines or settings do differently')
    .description(
      'Compares two contexts: masks and who set them, places of bits, reserved bits, what the kernels are known to do differently, and the entries that both make: leaves of 4K, 2M and 1G, tables, MMIO, splits, ageing. With --check, a difference is a finding.',
    )
    .argument('<A>', 'a context')
    .argument('<B>', 'another')
    .addOption(
      new Option('--gfn <HEX>', 'page frame of the entries').argParser(parseWord).default(0x100n, '0x100'),
    )
    .addOption(
      new Option('--pfn <HEX>', 'host page frame of the entries')
        .argParser(parseWord)
        .default(0x200n, '0x200'),
    )
    .option('--level <N>', 'only entries of this level', integer(1, 5))
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (a: string, b: string, options: CompareOptions) =>
    end(session, options, outcomeOf(compare(session, a, b, options))),
  );
}

function compare(session: Session, first: string, second: string, options: CompareOptions): boolean {
  const { io, out } = session;
  const sideOf = (text: string): Context => contextOf(io, { ...options, ...parseContext(io, text) });
  const [a, b] = [sideOf(first), sideOf(second)];
  const comparison = compareMmus(a.mmu, b.mmu, options);
  const { equal, masks, layout, reserved, variants, functions, behaviours } = comparison;
  const context = commonContextJson([a, b]);
  const record = {
    a: contextJson(a),
    b: contextJson(b),
    equal,
    masks: masks.map((mask) => ({ ...mask, meaning: MASK_MEANINGS[mask.name] })),
    layout: layout.map(({ name, a, b }) => ({
      name,
      a: constantText(a),
      b: constantText(b),
      meaning: LAYOUT_MEANINGS[name],
    })),
    reserved,
    variants,
    functions,
    built: Object.fromEntries(behaviours.map(({ name, ...built }) => [name, built])),
  };
  if (options.ndjson === true) {
    void out.record(record);
    void out.record({ summary: { equal, context } });
  } else if (options.json === true) out.document({ ...documentHead('compare', context), ...record });
  else {
    void out.line(`A: ${contextText(a)}`);
    void out.line(`B: ${contextText(b)}`);
    if (equal) void out.line(out.paint('green', 'no difference'));
    else print(out, comparison);
  }
  return equal;
}

const text = (value: bigint | number | boolean): string =>
  typeof value === 'bigint' ? hex(value) : String(value);

function print(out: Session['out'], comparison: Comparison): void {
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length === 0) return;
    void out.line(`\n${out.paint('bold', title)}`);
    for (const line of lines) void out.line(line);
  };
  const { masks, layout, reserved, variants, functions, behaviours } = comparison;
  section(
    'Masks',
    alignRows(
      masks.map(({ name, a, b, setBy }) => [
        name,
        `A ${text(a)}`,
        `B ${text(b)}`,
        setBy.a === setBy.b ? `(${setBy.a})` : `(A ${setBy.a}, B ${setBy.b})`,
      ]),
    ),
  );
  section(
    'Places of bits',
    alignRows(layout.map(({ name, a, b }) => [name, `A ${constantText(a)}`, `B ${constantText(b)}`])),
  );
  section(
    'Reserved bits',
    alignRows(
      reserved.map(({ level, bit7, a, b }) => [
        `level ${level}${level > 1 ? (bit7 ? ', huge' : ', table') : bit7 ? ', bit 7 set' : ''}`,
        `A ${hex(a)}`,
        `B ${hex(b)}`,
      ]),
    ),
  );
  section(
    'What the kernels do differently',
    variants.flatMap(({ topic, a, b }) => [`  ${topic}`, `    A  ${a}`, `    B  ${b}`]),
  );
  section(
    'Functions',
    functions.map(({ name, in: side }) => `  only ${side.toUpperCase()}  ${name}()`),
  );
  section('The same request', behaviourLines(behaviours));
}

/** A word, or why there is none, as wide as one. */
const wordText = (spte: bigint | null): string =>
  spte === null ? 'no such function'.padEnd(18) : formatWord(spte);

/** The entries that both make, each bit that only one of them has, and what else differs. */
function behaviourLines(behaviours: readonly TriedBehaviour[]): string[] {
  const width = Math.max(...behaviours.map(({ name }) => name.length));
  return behaviours.flatMap(({ name, meaning, equal, a, b, bits, warnings, calls }) => [
    `  ${name.padEnd(width)}  A ${wordText(a)}  B ${wordText(b)}  ${equal ? 'equal' : meaning}`,
    ...bits.map(
      ({ bit, in: side, reasons }) =>
        `    only ${side.toUpperCase()}  bit ${String(bit).padStart(2)}  ${reasons.map(({ why }) => why).join('; ')}`,
    ),
    ...(a === null || b === null ? [] : [...onBoth('WARNs', warnings), ...onBoth('calls', calls)]),
  ]);
}

/** What two kernels say or do, if that is not the same. */
function onBoth(what: string, { a, b }: TriedBehaviour['calls']): string[] {
  const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  return listed(a) === listed(b) ? [] : [`    ${what}: A ${listed(a)}; B ${listed(b)}`];
}
