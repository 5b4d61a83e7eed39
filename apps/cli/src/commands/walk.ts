// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Mmu } from '@spte/core';
import {
  diffWalks,
  type PhysicalMemory,
  translate,
  type WalkChange,
  type WalkEntry,
  type WalkRoot,
  type WalkSummary,
  walk,
  walkSummarizer,
} from '@spte/walk';
import { type Command, Option } from 'commander';
import { type Context, contextOf, contextText } from '../context/context.ts';
import { addCommonOptions, type CommonOptions, end, type Session } from '../context/session.ts';
import { ENTRY_COLUMNS } from '../entry/entry-columns.ts';
import { entryJson } from '../entry/entry-json.ts';
import { openMemory } from '../files/image.ts';
import { partPaths, removeTemporaries } from '../files/parts.ts';
import { breathe, cleaningUp } from '../io/clean-up.ts';
import { UsageError } from '../io/errors.ts';
import { writeArray } from '../io/output.ts';
import { integer, parseWord } from '../io/parse.ts';
import { progressBar } from '../io/progress.ts';
import { renderChangeOf, renderEntry, renderSummary, renderTranslation } from './render-walk.ts';

interface WalkCommandOptions extends CommonOptions {
  readonly root: bigint;
  readonly levels?: number;
  readonly level?: number;
  readonly gpa?: bigint;
  readonly pae?: boolean;
  readonly summary?: boolean;
  readonly translate?: bigint;
  readonly diff?: string;
  readonly diffRoot?: bigint;
  readonly only?: 'findings';
  readonly parquet?: string;
}

const EXAMPLES = `
Examples:
  spte walk mem.img.zst --root 0x83dd000 --host captured/
  spte walk guest.core --root 0x83a7000 --summary --kernel 6.1.192 --vendor vmx --no-ad
  spte walk mem.img --root 0x83dd000 --translate 0xfee00000 --host captured/
  spte walk before.img --root 0x83dd000 --diff after.img --ndjson --host captured/
  spte walk mem.img --root 0x83dd000 --host captured/ --parquet entries.parquet`;

export function walkCommand(parent: Command, session: Session): void {
  const command = parent
    .command('walk')
    .summary('walk a page table in a memory image')
    .description(
      'Walks a page table in a memory image: each entry with level, address and findings; with --summary the counts alone.',
    )
    .argument('<IMAGE>', 'raw memory or an ELF core, plain, gzip or zstd; or a device such as /dev/mem')
    .requiredOption(
      '--root <HPA>',
      'physical address of the root table, without the flags of a CR3 or EPTP',
      parseWord,
    )
    .option('--levels <N>', 'levels of the table, 1..5; those of the context when absent', integer(1, 5))
    .addOption(new Option('--level <N>', 'the same').argParser(integer(1, 5)).hideHelp())
    .option('--gpa <GPA>', 'first address that the root maps', parseWord)
    .option('--pae', 'the root is a PAE root: four entries at level 3')
    .option('--no-pae', 'it is not, though it has level 3')
    .option('--summary', 'counts by kind, page size and memory type, shares, findings')
    .option('--translate <GPA>', 'translate one guest physical address, showing each step', parseWord)
    .option('--diff <IMAGE2>', 'what is different in another image')
    .option('--diff-root <HPA>', 'the root in that image; the same when absent', parseWord)
    .addOption(new Option('--only <WHAT>', 'findings: only the entries that have some').choices(['findings']))
    .option(
      '--parquet <PATH>',
      'write the entries as columns into a file, or a part named after IMAGE into a folder (PATH/), and print the summary',
    )
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (image: string, options: WalkCommandOptions) =>
    end(session, options, await walkImage(session, image, options)),
  );
}

async function walkImage(session: Session, image: string, options: WalkCommandOptions): Promise<boolean> {
  const { io } = session;
  const chosen = [options.summary, options.translate, options.diff].filter((value) => value !== undefined);
  if (chosen.length > 1) throw new UsageError('--summary, --translate and --diff exclude each other');
  if (options.parquet !== undefined && (options.translate ?? options.diff) !== undefined) {
    throw new UsageError('--parquet writes the entries of a walk, not those of --translate or --diff');
  }
  const level = options.levels ?? options.level;
  const context = contextOf(io, {
    ...options,
    ...(level !== undefined && level >= 2 && { rootLevel: level }),
  });
  const { mmu } = context;
  const root: WalkRoot = { root: options.root, level, gpa: options.gpa, pae: options.pae };
  const memory = await openMemory(io, image);
  try {
    if (options.diff !== undefined) return await diff(session, mmu, memory, root, options, options.diff);
    if (options.translate !== undefined) return printTranslation(session, mmu, memory, root, options);
    if (options.parquet !== undefined) {
      return await writeColumns(session, context, memory, root, options, image, options.parquet);
    }
    return await printWalk(session, mmu, memory, root, options);
  } finally {
    memory.close();
  }
}

async function printWalk(
  session: Session,
  mmu: Mmu,
  memory: PhysicalMemory,
  root: WalkRoot,
  options: WalkCommandOptions,
): Promise<boolean> {
  const { io, out } = session;
  const bar = progressBar(io, 'walking');
  const entries = walk(mmu, memory, root, { onProgress: ({ done }) => bar.at(done) });
  let clean = true;
  const wanted = function* (): Generator<WalkEntry, void> {
    for (const entry of entries) {
      if (entry.findings.length > 0) clean = false;
      else if (options.only === 'findings') continue;
      yield entry;
    }
  };
  if (options.summary === true) {
    const summarizer = walkSummarizer(mmu);
    for (const entry of entries) summarizer.add(entry);
    bar.done();
    return printSummary(session, mmu, summarizer.summary(), options);
  }
  if (options.json === true) {
    const items = function* (): Generator<object, void> {
      for (const entry of wanted()) yield entryJson(mmu, entry);
    };
    await writeArray(out, items());
  } else {
    const write = options.ndjson === true ? out.record.bind(out) : undefined;
    for (const entry of wanted()) {
      const item = entryJson(mmu, entry);
      const full = write === undefined ? out.line(renderEntry(out.paint, item)) : write(item);
      if (full !== undefined) await full;
    }
  }
  bar.done();
  return clean;
}

function printSummary(
  { out }: Session,
  mmu: Mmu,
  summary: WalkSummary,
  { json, ndjson }: WalkCommandOptions,
): boolean {
  const findings = summary.findings.map((finding) => ({
    ...finding,
    examples: finding.examples.map((entry) => entryJson(mmu, entry)),
  }));
  if (ndjson === true) void out.record({ ...summary, findings });
  else if (json === true) out.document({ ...summary, findings });
  else void out.line(renderSummary(out.paint, summary));
  return findings.length === 0;
}

/** Entries between two moments at which Ctrl-C is heard. */
const BREATH = 1 << 13;

async function writeColumns(
  session: Session,
  context: Context,
  memory: PhysicalMemory,
  root: WalkRoot,
  options: WalkCommandOptions,
  image: string,
  target: string,
): Promise<boolean> {
  const { io } = session;
  const { mmu } = context;
  const bar = progressBar(io, 'walking');
  const entries = walk(mmu, memory, root, { onProgress: ({ done }) => bar.at(done) });
  const summarizer = walkSummarizer(mmu);
  const parts = partPaths(io, target, [image]);
  await cleaningUp(
    () => removeTemporaries(parts),
    async () => {
      const { ParquetTable } = await import('../files/parquet-table.ts');
      const notes = {
        'spte.input': image,
        'spte.root': hex(root.root),
        'spte.context': contextText(context),
      };
      const table = new ParquetTable(String(parts[0]), ENTRY_COLUMNS, notes);
      let count = 0;
      for (const entry of entries) {
        summarizer.add(entry);
        if (options.only === undefined || entry.findings.length > 0) table.add(entryJson(mmu, entry));
        if (++count % BREATH === 0) await breathe();
      }
      table.finish();
    },
  );
  bar.done();
  return printSummary(session, mmu, summarizer.summary(), options);
}

function printTranslation(
  { out }: Session,
  mmu: Mmu,
  memory: PhysicalMemory,
  root: WalkRoot,
  { translate: gpa = 0n, json, ndjson }: WalkCommandOptions,
): boolean {
  const translation = translate(mmu, memory, root, gpa);
  const steps = translation.steps.map((entry) => entryJson(mmu, entry));
  if (ndjson === true) void out.record({ ...translation, steps });
  else if (json === true) out.document({ ...translation, steps });
  else void out.line(renderTranslation(out.paint, translation, steps));
  return steps.every(({ findings }) => findings.length === 0);
}

async function diff(
  { io, out }: Session,
  mmu: Mmu,
  memory: PhysicalMemory,
  root: WalkRoot,
  options: WalkCommandOptions,
  other: string,
): Promise<boolean> {
  const second = await openMemory(io, other);
  try {
    const bar = progressBar(io, 'comparing');
    const now = walk(mmu, second, { ...root, root: options.diffRoot ?? root.root });
    const before = walk(mmu, memory, root, { onProgress: ({ done }) => bar.at(done) });
    const counts = { added: 0, removed: 0, changed: 0 };
    const counted = function* (): Generator<WalkChange, void> {
      for (const change of diffWalks(before, now)) {
        counts[change.change]++;
        yield change;
      }
    };
    const side = (entry: WalkEntry | null): object | null => (entry === null ? null : entryJson(mmu, entry));
    const item = ({ change, before, after }: WalkChange): object => ({
      change,
      before: side(before),
      after: side(after),
    });
    if (options.json === true) {
      const items = function* (): Generator<object, void> {
        for (const change of counted()) yield item(change);
      };
      await writeArray(out, items());
    } else {
      for (const change of counted()) {
        await (options.ndjson === true
          ? out.record(item(change))
          : out.line(renderChangeOf(out.paint, mmu, change)));
      }
      const { added, removed, changed } = counts;
      if (options.ndjson === true) void out.record({ summary: counts });
      else void out.line(`${added} added, ${removed} removed, ${changed} changed`);
    }
    bar.done();
    return counts.added + counts.removed + counts.changed === 0;
  } finally {
    second.close();
  }
}
