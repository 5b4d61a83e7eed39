// SPDX-License-Identifier: GPL-2.0-only
import { writeFileSync } from 'node:fs';
import { caveatsOf, hex, type Mmu } from '@spte/core';
import { checkMasks, type HostFact, type HostReport, hostReport, type MaskCheck } from '@spte/host';
import type { Command } from 'commander';
import { contextJson, hostTexts, reportFacts, usable } from '../context/context.ts';
import { addPluginOption, type ContextOptions } from '../context/context-options.ts';
import { addFormatOptions, end, outcomeOf, type Session } from '../context/session.ts';
import { readText } from '../files/read-input.ts';
import { alignRows } from '../io/align.ts';
import { shown, UsageError } from '../io/errors.ts';
import { pathOf } from '../io/io.ts';
import type { FormatOptions } from '../io/output.ts';
import { documentHead } from '../io/output.ts';

interface HostOptions extends FormatOptions, Pick<ContextOptions, 'plugin'> {
  readonly capture?: string;
  readonly verify?: string;
}

const EXAMPLES = `
A folder has cpuinfo.txt, params.txt (grep . /sys/module/kvm*/parameters/*) and uname.txt, or proc and sys as on the
machine. What cannot be read is assumed, and listed as assumed.

Examples:
  spte host                             this machine
  spte host --capture machine.json      take it elsewhere, for --host machine.json
  spte host captured/ --json
  spte host captured/ --verify masks.txt --check`;

export function hostCommand(parent: Command, session: Session): void {
  const command = parent
    .command('host')
    .summary('what KVM computes on a machine: facts, masks, and who set them')
    .description(
      'Says what KVM finds on a machine and which masks it computes there: each fact with the line that it rests on, each mask with the step of the kernel that set it.',
    )
    .argument('[DIR]', 'a folder or bundle captured elsewhere; this machine when absent')
    .option('--capture <FILE>', 'write the texts of the machine to one JSON file')
    .option(
      '--verify <FILE>',
      "compare with masks read from that kernel's memory (symbol kind address = value)",
    )
    .addHelpText('after', EXAMPLES);
  addPluginOption(addFormatOptions(command, 'a fact is assumed, or a mask of --verify differs')).action(
    async (folder: string | undefined, options: HostOptions) =>
      end(session, options, outcomeOf(await host(session, folder, options))),
  );
}

async function host(session: Session, folder: string | undefined, options: HostOptions): Promise<boolean> {
  const { io, out } = session;
  const texts = hostTexts(io, folder ?? '/');
  if (options.capture !== undefined) capture(session, options.capture, texts);
  const report = hostReport(texts);
  const mmu = usable(report.config, { plugin: options.plugin });
  const checks = options.verify === undefined ? null : await verify(session, mmu, options.verify);
  const record = hostJson(report, mmu, checks, options);
  if (options.ndjson === true) {
    void out.record(record);
    void out.record({ summary: { assumed: report.assumed.length, context: record.context } });
  } else if (options.json === true) out.document({ ...documentHead('host', record.context), ...record });
  else print(session, report, mmu, checks);
  const wrong = (checks ?? []).filter(({ agree }) => !agree);
  return report.assumed.length === 0 && wrong.length === 0;
}

function capture({ io }: Session, file: string, texts: object): void {
  try {
    writeFileSync(pathOf(io, file), `${JSON.stringify(texts, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`cannot write ${shown(file)}: ${(error as Error).message}`);
  }
  io.complain(`spte: wrote ${file}\n`);
}

async function verify({ io }: Session, mmu: Mmu, file: string): Promise<MaskCheck[]> {
  const checks = checkMasks(mmu, { name: file, text: await readText(io, file) });
  if (checks.length === 0) throw new UsageError(`--verify: no line of ${shown(file)} names a mask of KVM`);
  return checks;
}

/** The document of `spte host --json`: what is known of the machine is the context of all documents. */
function hostJson(
  report: HostReport,
  mmu: Mmu,
  checks: readonly MaskCheck[] | null,
  { plugin }: HostOptions,
) {
  return {
    context: contextJson({ config: report.config, facts: reportFacts(report), asked: { plugin } }),
    assumed: report.assumed,
    masks: mmu.masks,
    setBy: mmu.setBy,
    layout: mmu.layout.since,
    reserved: mmu.zeroCheck,
    warnings: mmu.initWarnings,
    caveats: caveatsOf(mmu),
    notes: report.notes,
    ...(checks !== null && { checks }),
  };
}

function print({ out }: Session, report: HostReport, mmu: Mmu, checks: readonly MaskCheck[] | null): void {
  const { kernel, vendor, mode, facts, notes } = report;
  void out.line(
    out.paint('bold', `kernel ${kernel}, ${vendor}, ${mode}  (layout since ${mmu.layout.since})`),
  );
  for (const note of [...caveatsOf(mmu), ...notes]) void out.line(out.paint('yellow', `note: ${note}`));
  void out.line(`\n${out.paint('bold', 'Facts')}`);
  const rows = alignRows(facts.map(factRow));
  for (const [index, row] of rows.entries()) {
    void out.line(facts[index]?.assumed === true ? out.paint('yellow', row) : row);
  }
  void out.line(`\n${out.paint('bold', 'Masks')}`);
  const masks = Object.entries(mmu.masks) as [keyof Mmu['masks'], bigint | number | boolean][];
  for (const row of alignRows(masks.map(([name, value]) => [name, wordText(value), mmu.setBy[name]]))) {
    void out.line(row);
  }
  for (const { kind, code } of mmu.initWarnings) {
    void out.line(out.paint('red', `the kernel would ${kind} while it starts: ${code}`));
  }
  if (checks !== null) printChecks(out, checks);
}

const wordText = (value: string | bigint | number | boolean): string =>
  typeof value === 'bigint' ? hex(value) : String(value);

/** Longest value in a row. */
const WIDTH = 48;

function factRow({ name, value, source, assumed, why }: HostFact): string[] {
  const text = wordText(value);
  const place = source === null ? '' : ` (${source.file.split('/').at(-1) ?? ''}:${source.line})`;
  return [
    name,
    text.length > WIDTH ? `${text.slice(0, WIDTH)}…` : text,
    `${assumed ? 'ASSUMED: ' : ''}${why}${place}`,
  ];
}

function printChecks(out: Session['out'], checks: readonly MaskCheck[]): void {
  const wrong = checks.filter(({ agree }) => !agree);
  void out.line(`\n${out.paint('bold', "The kernel's own masks")}`);
  for (const { symbol, kernel, computed } of wrong) {
    void out.line(out.paint('red', `  ${symbol}: the kernel has ${kernel}, computed ${computed}`));
  }
  const agreed = checks.length - wrong.length;
  void out.line(out.paint(wrong.length === 0 ? 'green' : 'red', `  ${agreed} of ${checks.length} agree`));
}
