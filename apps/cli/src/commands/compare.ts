// SPDX-License-Identifier: GPL-2.0-only
import {
  type BuiltDifference,
  type Comparison,
  compareBuilds,
  compareMmus,
  formatWord,
  hex,
  LAYOUT_MEANINGS,
  MASK_MEANINGS,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  pageRole,
  plainHost,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { type Command, Option } from 'commander';
import { type Context, contextOf, contextText } from '../context/context.ts';
import { parseContext } from '../context/context-string.ts';
import { addCommonOptions, type CommonOptions, end, type Session } from '../context/session.ts';
import { accessWord, isAdDisabled } from '../entry/access.ts';
import { alignRows } from '../io/align.ts';
import { integer, parseWord } from '../io/parse.ts';

interface CompareOptions extends CommonOptions {
  readonly gfn: bigint;
  readonly pfn: bigint;
  readonly level: number;
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
      'Compares two contexts: masks and who set them, places of bits, reserved bits, and the entries that both build for one request. With --check, a difference is a finding.',
    )
    .argument('<A>', 'a context')
    .argument('<B>', 'another')
    .addOption(
      new Option('--gfn <HEX>', 'page frame of the request').argParser(parseWord).default(0x100n, '0x100'),
    )
    .addOption(
      new Option('--pfn <HEX>', 'host page frame of the request')
        .argParser(parseWord)
        .default(0x200n, '0x200'),
    )
    .option('--level <N>', 'level of the request', integer(1, 5), 1)
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (a: string, b: string, options: CompareOptions) =>
    end(session, options, compare(session, a, b, options)),
  );
}

type BuiltName = 'leaf' | 'table' | 'mmio';

const REQUESTS: Readonly<Record<BuiltName, (mmu: Mmu, options: CompareOptions) => bigint>> = {
  leaf: (mmu, { gfn, pfn, level }) =>
    makeSpte(mmu, plainHost, {
      role: pageRole({ level, access: accessWord(mmu, undefined), adDisabled: isAdDisabled(mmu) }),
      gfn,
      pfn,
      access: accessWord(mmu, undefined),
    }).spte,
  table: (mmu, { pfn }) => makeNonleafSpte(mmu, BigInt.asUintN(64, pfn << 12n), isAdDisabled(mmu)),
  mmio: (mmu, { gfn }) => makeMmioSpte(mmu, plainHost, gfn, accessWord(mmu, undefined)),
};

function compare(session: Session, first: string, second: string, options: CompareOptions): boolean {
  const { io, out } = session;
  const sideOf = (text: string): Context => contextOf(io, { ...options, ...parseContext(io, text) });
  const [a, b] = [sideOf(first), sideOf(second)];
  const comparison = compareMmus(a.mmu, b.mmu);
  const names = Object.keys(REQUESTS) as BuiltName[];
  const built = Object.fromEntries(
    names.map((name) => [name, compareBuilds(a.mmu, b.mmu, (mmu) => REQUESTS[name](mmu, options))]),
  ) as Record<BuiltName, BuiltDifference>;
  const equal =
    comparison.masks.length + comparison.layout.length + comparison.reserved.length === 0 &&
    names.every((name) => built[name].bits.length === 0);
  const record = {
    a: contextText(a),
    b: contextText(b),
    equal,
    masks: comparison.masks.map((mask) => ({ ...mask, meaning: MASK_MEANINGS[mask.name] })),
    layout: comparison.layout.map((constant) => ({ ...constant, meaning: LAYOUT_MEANINGS[constant.name] })),
    reserved: comparison.reserved,
    built,
  };
  if (options.ndjson === true) void out.record(record);
  else if (options.json === true) out.document(record);
  else {
    void out.line(`A: ${contextText(a)}`);
    void out.line(`B: ${contextText(b)}`);
    if (equal) void out.line(out.paint('green', 'no difference'));
    else print(out, comparison, built);
  }
  return equal;
}

const text = (value: bigint | number | boolean): string =>
  typeof value === 'bigint' ? hex(value) : String(value);

function print(out: Session['out'], comparison: Comparison, built: Record<BuiltName, BuiltDifference>): void {
  const section = (title: string, rows: readonly (readonly string[])[]): void => {
    if (rows.length === 0) return;
    void out.line(`\n${out.paint('bold', title)}`);
    for (const line of alignRows(rows)) void out.line(line);
  };
  section(
    'Masks',
    comparison.masks.map(({ name, a, b, setBy }) => [
      name,
      `A ${text(a)}`,
      `B ${text(b)}`,
      setBy.a === setBy.b ? `(${setBy.a})` : `(A ${setBy.a}, B ${setBy.b})`,
    ]),
  );
  section(
    'Places of bits',
    comparison.layout.map(({ name, a, b }) => [name, `A ${a}`, `B ${b}`]),
  );
  section(
    'Reserved bits',
    comparison.reserved.map(({ level, bit7, a, b }) => [
      `level ${level}${level > 1 ? (bit7 ? ', huge' : ', table') : bit7 ? ', bit 7 set' : ''}`,
      `A ${hex(a)}`,
      `B ${hex(b)}`,
    ]),
  );
  void out.line(`\n${out.paint('bold', 'The same request')}`);
  for (const [name, { a, b, bits }] of Object.entries(built)) {
    void out.line(
      `  ${name.padEnd(5)}  A ${formatWord(a)}  B ${formatWord(b)}${bits.length === 0 ? '  equal' : ''}`,
    );
    for (const { bit, in: side, reasons } of bits) {
      void out.line(
        `    only ${side.toUpperCase()}  bit ${String(bit).padStart(2)}  ${reasons.map(({ why }) => why).join('; ')}`,
      );
    }
  }
}
