// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { EntryPatterns } from '@spte/host';
import type { OpenDump } from '@spte/vmcore/node';
import { type PhysicalMemory, sampleEntries } from '@spte/walk';
import { type Command, Option } from 'commander';
import { contextOf, isMachineGiven, sayContext } from '../context/context.ts';
import { factsOf } from '../context/context-options.ts';
import { addCommonOptions, end, type Outcome, type Session } from '../context/session.ts';
import { chosenRoot } from '../dump/choose-root.ts';
import { addLiveOption, contextOfRoot, hostIn, pathsOf, sayNotes, vmOf } from '../dump/open-host.ts';
import { SlotShares } from '../dump/slot-shares.ts';
import { openMemory } from '../files/image.ts';
import { UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { integer, parseWord } from '../io/parse.ts';
import { addVerdictOptions, policyOf, refuseVerdict } from '../verdict/options.ts';
import { reporterOf } from '../verdict/report.ts';
import type { WalkCommandOptions, WalkJob } from '../walk/job.ts';
import { printChanges } from '../walk/print-changes.ts';
import { printEntries } from '../walk/print-entries.ts';
import { summarize } from '../walk/print-summary.ts';
import { printTranslation } from '../walk/print-translation.ts';
import { writeColumns } from '../walk/write-columns.ts';

const EXAMPLES = `
Examples:
  spte walk mem.img.zst --root 0x83dd000 --host captured/
  spte walk guest.core --root 0x83a7000 --summary --kernel 6.1.192 --vendor vmx --no-ad
  spte walk mem.img --root 0x83dd000 --translate 0xfee00000 --host captured/
  spte walk before.img --root 0x83dd000 --diff after.img --ndjson --host captured/
  spte walk mem.img --root 0x83dd000 --host captured/ --parquet entries.parquet
  spte walk vmcore --vm 1234 --summary            the root and the machine are in the dump
  spte walk vmcore --vm qemu-system-x86 --vcpu 0 --translate 0xfee00000`;

export function walkCommand(parent: Command, session: Session): void {
  const command = parent
    .command('walk')
    .summary('walk a page table in a memory image')
    .description(
      'Walks a page table in a memory image: each entry with level, address and findings; with --summary the counts alone.',
    )
    .argument(
      '[IMAGE...]',
      'a vmcore (kdump, ELF, flattened; all parts of a split one) or raw memory, plain, gzip or zstd; or a device such as /dev/mem',
    )
    .option(
      '--root <HPA>',
      'physical address of the root table, without the flags of a CR3 or EPTP; needed without --vm',
      parseWord,
    )
    .option('--vm <PID|COMM>', 'a VM of the host whose dump it is: kernel, machine and root are read from it')
    .option('--vcpu <N>', 'the root that this vCPU of --vm uses', integer(0, 4095))
    .option('--slots', 'the slot of each leaf of --vm, and what of each slot is mapped')
    .option('--levels <N>', 'levels of the table, 1..5; those of the context when absent', integer(1, 5))
    .addOption(new Option('--level <N>', 'the same').argParser(integer(1, 5)).hideHelp())
    .option('--gpa <GPA>', 'first address that the root maps', parseWord)
    .option('--pae', 'the root is a PAE root: four entries at level 3')
    .option('--no-pae', 'it is not, although it has level 3')
    .option('--summary', 'counts by kind, page size and memory type, shares, findings')
    .option('--translate <GPA>', 'translate one guest physical address, showing each step', parseWord)
    .option('--diff <IMAGE2>', 'what differs in another image')
    .option('--diff-root <HPA>', 'the root in that image; the same when absent', parseWord)
    .addOption(new Option('--only <WHAT>', 'findings: only entries with findings').choices(['findings']))
    .option(
      '--parquet <PATH>',
      'write the entries as columns into a file, or a part named after IMAGE into a folder (PATH/), and print the summary',
    )
    .addHelpText('after', EXAMPLES);
  addLiveOption(command);
  addCommonOptions(addVerdictOptions(command)).action(async (images: string[], options: WalkCommandOptions) =>
    end(session, options, await walkImage(session, pathsOf(session.io, images, options), options)),
  );
}

async function walkImage(
  session: Session,
  images: readonly string[],
  options: WalkCommandOptions,
): Promise<Outcome> {
  refuseTogether(options);
  const { io } = session;
  const policy = await policyOf(io, options, 'walk');
  const memory = await openMemory(io, images);
  try {
    sayNotes(io, memory, images);
    const start =
      options.vm === undefined ? startAt(io, memory, options) : startOfVm(memory, images, options);
    const reporter = reporterOf(session.out, policy, options);
    reporter?.begin(1);
    const image = images.join(' ');
    const outcome = await run({ session, options, policy, reporter, image, memory, ...start });
    return { ...outcome, damaged: outcome.damaged || !memory.complete };
  } finally {
    memory.close();
  }
}

/** Where a walk starts, and as what it is read. */
type WalkStart = Pick<WalkJob, 'context' | 'root' | 'slots'>;

/** A walk from a given root: what wrote the entries is found out from them where no flag says it. */
function startAt(io: Io, memory: PhysicalMemory, options: WalkCommandOptions): WalkStart {
  const { root, gpa, pae } = options;
  if (root === undefined) throw new UsageError('--root is needed, or --vm for a dump of a host');
  if (options.vcpu !== undefined) throw new UsageError('--vcpu is of a VM: it needs --vm');
  if (options.slots === true) throw new UsageError('--slots are those of a VM: it needs --vm');
  const level = options.levels ?? options.level;
  const flags = { ...options, ...(level !== undefined && level >= 2 && { rootLevel: level }) };
  const known = isMachineGiven(options);
  const entries = known ? new EntryPatterns() : entriesBelow(memory, root, level);
  const context = contextOf(io, flags, { entries });
  if (known || entries.list().length > 0) sayContext(io, '', context, options);
  return { context, root: { root, level, gpa, pae } };
}

/** A walk of a VM's root: nothing is guessed. */
function startOfVm(memory: OpenDump, images: readonly string[], options: WalkCommandOptions): WalkStart {
  const { plugin, mirror } = options;
  const isGiven = isMachineGiven(options) || Object.keys(factsOf(options)).length > 0;
  if (isGiven || (plugin ?? mirror) !== undefined) {
    throw new UsageError(
      '--vm reads the kernel and the machine from the dump: no option about them goes with it',
    );
  }
  const host = hostIn(memory, images);
  const vm = vmOf(host, options.vm ?? '');
  const root = chosenRoot(vm, options);
  const isDirect = root.page?.isDirect === true;
  if (options.slots === true && !isDirect) {
    throw new UsageError(`--slots: the root ${hex(root.hpa)} does not map guest physical addresses`);
  }
  return {
    context: contextOfRoot(host, vm, root),
    root: {
      root: root.hpa,
      level: options.levels ?? options.level ?? root.level,
      gpa: options.gpa,
      pae: options.pae ?? root.flags.includes('pae'),
    },
    ...(options.slots === true && { slots: new SlotShares(vm.slots, root.smm ? 1 : 0) }),
  };
}

function refuseTogether(options: WalkCommandOptions): void {
  const { summary, translate, diff, parquet, slots } = options;
  if (slots === true && (summary ?? translate ?? diff ?? parquet) !== undefined) {
    throw new UsageError(
      '--slots goes with the entries of a walk, not with --summary, --translate, --diff or --parquet',
    );
  }
  if (diff !== undefined) refuseVerdict(options, '--diff');
  if ([summary, translate, diff].filter((value) => value !== undefined).length > 1) {
    throw new UsageError('--summary, --translate and --diff exclude each other');
  }
  if (parquet !== undefined && (translate ?? diff) !== undefined) {
    throw new UsageError('--parquet writes the entries of a walk, not those of --translate or --diff');
  }
}

/** The entries of some tables from the root on, as evidence of their context. */
function entriesBelow(memory: PhysicalMemory, root: bigint, level = FOUR_LEVELS): EntryPatterns {
  const patterns = new EntryPatterns();
  if (root % PAGE === 0n) for (const entry of sampleEntries(memory, root, level)) patterns.add(entry);
  return patterns;
}

const FOUR_LEVELS = 4;
const PAGE = 4096n;

/** Does what the options ask for. */
async function run(job: WalkJob): Promise<Outcome> {
  const { summary, translate, diff, parquet } = job.options;
  if (diff !== undefined) return printChanges(job, diff);
  if (translate !== undefined) return printTranslation(job, translate);
  if (parquet !== undefined) return writeColumns(job, parquet);
  return summary === true ? summarize(job) : printEntries(job);
}
