// SPDX-License-Identifier: GPL-2.0-only
import { statSync, writeFileSync } from 'node:fs';
import { caveatsOf, hex, type Mmu } from '@spte/core';
import { checkMasks, type HostFact, type HostReport, hostReport, type MaskCheck } from '@spte/host';
import { mmuOfRoot } from '@spte/kvm';
import { imageFormat } from '@spte/vmcore';
import { openFile } from '@spte/vmcore/node';
import type { Command } from 'commander';
import { contextJson, hostTexts, reportFacts, usable } from '../context/context.ts';
import { addPluginOption, type ContextOptions } from '../context/context-options.ts';
import { addFormatOptions, end, type Outcome, outcomeOf, type Session } from '../context/session.ts';
import { addLiveOption, namesOf, openHost, pathsOf, sayProblems, whyNoVms } from '../dump/open-host.ts';
import { readText } from '../files/read-input.ts';
import { alignRows } from '../io/align.ts';
import { shown, UsageError } from '../io/errors.ts';
import { type Io, pathOf } from '../io/io.ts';
import type { FormatOptions } from '../io/output.ts';
import { documentHead } from '../io/output.ts';

interface HostOptions extends FormatOptions, Pick<ContextOptions, 'plugin'> {
  readonly capture?: string;
  readonly verify?: string | true;
  readonly live?: boolean;
}

const EXAMPLES = `
A folder has cpuinfo.txt, params.txt (grep . /sys/module/kvm*/parameters/*) and uname.txt, or proc and sys as on the
machine. What cannot be read is assumed, and listed as assumed.

Examples:
  spte host                             this machine
  spte host --capture machine.json      take it elsewhere, for --host machine.json
  spte host captured/ --json
  spte host captured/ --verify masks.txt --check
  spte host vmcore --verify             what its memory says, and whether the masks in it follow from that`;

export function hostCommand(parent: Command, session: Session): void {
  const command = parent
    .command('host')
    .summary('what KVM computes on a machine: facts, masks, and who set them')
    .description(
      'Says what KVM finds on a machine and which masks it computes there: each fact with the line that it rests on, each mask with the step of the kernel that set it.',
    )
    .argument(
      '[DIR|DUMP...]',
      'a folder or bundle captured elsewhere, or a vmcore (all parts of a split one); this machine when absent',
    )
    .option('--capture <FILE>', 'write the texts of the machine to one JSON file')
    .option(
      '--verify [FILE]',
      "compare with masks read from that kernel's memory (symbol kind address = value); those in a vmcore need no file",
    )
    .addHelpText('after', EXAMPLES);
  addLiveOption(command);
  addPluginOption(addFormatOptions(command, 'a fact is assumed, or a mask of --verify differs')).action(
    async (paths: string[], options: HostOptions) =>
      end(session, options, await host(session, paths, options)),
  );
}

async function host(session: Session, paths: readonly string[], options: HostOptions): Promise<Outcome> {
  const { io } = session;
  const [folder, ...others] = paths;
  if (options.live === true || paths.some((path) => isDump(io, path))) {
    return dumpedHost(session, pathsOf(io, paths, options), options);
  }
  if (others.length > 0) throw new UsageError('only a split dump has several files');
  const texts = hostTexts(io, folder ?? '/');
  if (options.capture !== undefined) capture(session, options.capture, texts);
  const report = hostReport(texts);
  const mmu = usable(report.config, { plugin: options.plugin });
  const { verify } = options;
  if (verify === true) throw new UsageError('--verify needs a FILE here: only a vmcore has the masks in it');
  const checks = verify === undefined ? null : await verified(session, mmu, verify);
  return outcomeOf(show(session, options, report, mmu, checks));
}

/** A host in its dump: facts and masks are those in memory. */
async function dumpedHost(
  session: Session,
  paths: readonly string[],
  options: HostOptions,
): Promise<Outcome> {
  const { io } = session;
  if (options.plugin !== undefined)
    throw new UsageError('--plugin: the masks of a vmcore stand in its memory');
  if (options.capture !== undefined) throw new UsageError('--capture: a vmcore has no texts to capture');
  const dumped = await openHost(io, paths);
  try {
    const { facts, checks } = dumped;
    const isWhole = sayProblems(io, dumped);
    const mmu = mmuOfRoot(dumped, null);
    if (facts === null || mmu === null) throw new UsageError(`${namesOf(paths)}: ${whyNoVms(dumped)}`);
    const report: HostReport = {
      kernel: facts.config.kernel,
      vendor: facts.config.vendor.name,
      mode: dumped.masks.tdpEnabled === false ? 'shadow' : TDP[facts.config.vendor.name],
      facts: facts.facts.map(({ name, value, symbol, address }) => ({
        name,
        value,
        source: null,
        assumed: false,
        why: address === null ? symbol : `${symbol} at ${hex(address)}`,
      })),
      assumed: [],
      config: facts.config,
      notes: [],
    };
    const given = options.verify === true ? checks : null;
    const found = typeof options.verify === 'string' ? await verified(session, mmu, options.verify) : given;
    return { ...outcomeOf(show(session, options, report, mmu, found)), damaged: !isWhole };
  } finally {
    dumped.dump.close();
  }
}

/** Paging with two dimensions, by vendor. */
const TDP = { vmx: 'ept', svm: 'npt' } as const;

/** Whether a file is a dump: a bundle is JSON, a captured machine a folder. */
function isDump(io: Io, path: string): boolean {
  const place = pathOf(io, path);
  if (statSync(place, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const file = openFile(place);
  try {
    return imageFormat(file) !== 'raw';
  } finally {
    file.close();
  }
}

function show(
  { out }: Session,
  options: HostOptions,
  report: HostReport,
  mmu: Mmu,
  checks: readonly MaskCheck[] | null,
): boolean {
  const record = hostJson(report, mmu, checks, options);
  if (options.ndjson === true) {
    void out.record(record);
    void out.record({ summary: { assumed: report.assumed.length, context: record.context } });
  } else if (options.json === true) out.document({ ...documentHead('host', record.context), ...record });
  else print(out, report, mmu, checks);
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

async function verified({ io }: Session, mmu: Mmu, file: string): Promise<MaskCheck[]> {
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

function print(out: Session['out'], report: HostReport, mmu: Mmu, checks: readonly MaskCheck[] | null): void {
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
