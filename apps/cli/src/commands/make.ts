// SPDX-License-Identifier: GPL-2.0-only
import {
  type Diagnostic,
  explainSpte,
  explanationLines,
  formatWord,
  hex,
  isAdDisabled,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  observe,
  PAGE_SHIFT,
  pageRole,
  plainHost,
  type Reason,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import type { Command } from 'commander';
import { contextJson, contextOf, contextText } from '../context/context.ts';
import { addCommonOptions, type CommonOptions, end, outcomeOf, type Session } from '../context/session.ts';
import { accessWord } from '../entry/access.ts';
import { reasonLines } from '../entry/render-reasons.ts';
import { spteJson } from '../entry/spte-json.ts';
import { UsageError } from '../io/errors.ts';
import { documentHead } from '../io/output.ts';
import { paintLines } from '../io/paint.ts';
import { integer, parseWord } from '../io/parse.ts';

interface MakeOptions extends CommonOptions {
  readonly gfn?: bigint;
  readonly pfn?: bigint;
  readonly level: number;
  readonly access?: string;
  readonly old?: bigint;
  readonly prefetch?: boolean;
  readonly readOnly?: boolean;
  readonly writeProtect?: boolean;
  readonly device?: boolean;
  readonly adDisabled?: boolean;
  readonly guestMode?: boolean;
  readonly mmio?: boolean;
  readonly generation?: bigint;
  readonly nonleaf?: boolean;
}

const EXAMPLES = `
Examples:
  spte make --gfn 0x1000 --pfn 0x455299 --preset haswell-client
  spte make --gfn 0x1000 --pfn 0x455299 --level 2 --access rw- --kernel 7.3 --vendor vmx
  spte make --mmio --gfn 0xfec00 --generation 12 --preset haswell
  spte make --nonleaf --pfn 0x1a0 --level 3 --kernel 6.1 --vendor svm`;

export function makeCommand(parent: Command, session: Session): void {
  const command = parent
    .command('make')
    .summary('build an entry as the kernel would, with the reason for each bit')
    .description(
      'Builds an entry as the kernel would: a leaf, with --nonleaf a table, with --mmio an MMIO entry. Says why each bit is set and what the kernel would WARN about.',
    )
    .option('--gfn <HEX>', "the guest's page frame", parseWord)
    .option('--pfn <HEX>', "the host's page frame; of the table below for --nonleaf", parseWord)
    .option('--level <N>', 'level of the entry: 1 = 4K, 2 = 2M, 3 = 1G', integer(1, 5), 1)
    .option('--access <LETTERS>', 'what the guest may do: rwx, with u for user access in shadow paging')
    .option('--old <HEX>', 'the entry that it replaces', parseWord)
    .option('--prefetch', 'the page has not been asked for yet')
    .option('--read-only', 'the page is not writable in the host')
    .option('--write-protect', 'a shadowed table stands at this gfn: writes must fault')
    .option('--device', 'the pfn is a device, not RAM')
    .option('--ad-disabled', 'the page table keeps no accessed and dirty bits, as without EPT A/D')
    .option('--guest-mode', 'the page table belongs to a nested guest')
    .option('--mmio', 'build an MMIO entry')
    .option('--generation <HEX>', 'memslot generation, for --mmio', parseWord)
    .option('--nonleaf', "build a table's entry")
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (options: MakeOptions) =>
    end(session, options, outcomeOf(make(session, options))),
  );
}

interface Built {
  readonly spte: bigint;
  /** Write access was asked for and refused. */
  readonly wrprot: boolean;
}

function needed(value: bigint | undefined, flag: string, what: string): bigint {
  if (value === undefined) throw new UsageError(`${what} needs --${flag}`);
  return value;
}

/** Frames are numbers of pages: a physical address has 52 bits. */
function frame(value: bigint, flag: string): bigint {
  const limit = 1n << (64n - PAGE_SHIFT);
  if (value < limit) return value;
  throw new UsageError(
    `--${flag} must be within 0x0..${hex(limit - 1n)} (a page number, not an address), got ${hex(value)}`,
  );
}

function build(mmu: Mmu, options: MakeOptions): Built {
  const { level, access, old, generation = 0n, device = false } = options;
  const adDisabled = options.adDisabled ?? isAdDisabled(mmu);
  if (options.mmio === true && options.nonleaf === true)
    throw new UsageError('--mmio and --nonleaf exclude each other');
  if (options.nonleaf === true) {
    const pfn = frame(needed(options.pfn, 'pfn', 'a table'), 'pfn');
    return { spte: makeNonleafSpte(mmu, pfn << PAGE_SHIFT, adDisabled), wrprot: false };
  }
  if (options.mmio === true) {
    const gfn = frame(needed(options.gfn, 'gfn', 'an MMIO entry'), 'gfn');
    const host = { ...plainHost, memslotGeneration: () => generation };
    return { spte: makeMmioSpte(mmu, host, gfn, accessWord(mmu, access)), wrprot: false };
  }
  const host = {
    ...plainHost,
    pfnValid: () => !device,
    e820Ram: () => !device,
    tryToUnsyncPages: () => (options.writeProtect === true ? -1 : 0),
  };
  return makeSpte(mmu, host, {
    role: pageRole({ level, adDisabled, guestMode: options.guestMode ?? false }),
    gfn: frame(needed(options.gfn, 'gfn', 'a leaf'), 'gfn'),
    pfn: frame(needed(options.pfn, 'pfn', 'a leaf'), 'pfn'),
    access: accessWord(mmu, access),
    prefetch: options.prefetch ?? false,
    hostWritable: options.readOnly !== true,
    ...(old !== undefined && { oldSpte: old }),
  });
}

function make({ io, out }: Session, options: MakeOptions): boolean {
  const context = contextOf(io, options);
  const { mmu } = context;
  const { value, reasons, warnings } = observe(mmu, (mmu) => build(mmu, options));
  const explanation = explainSpte(mmu, value.spte, options.level);
  const head = documentHead('make', contextJson(context));
  const record = {
    ...spteJson(explanation, mmu),
    wrprot: value.wrprot,
    reasons,
    warnings,
  };
  if (options.ndjson === true) {
    void out.record(record);
    void out.record({ summary: { warnings: warnings.length, context: contextJson(context) } });
  } else if (options.json === true) out.document({ ...head, ...record, ...head });
  else {
    void out.line(out.paint('dim', contextText(context)));
    void out.line(out.paint('bold', formatWord(value.spte)));
    printReasons(out, reasons, value, warnings);
    void out.line(out.paint('dim', '\nRead back:'));
    const lines = explanationLines(explanation).filter(({ role }) => role !== 'field');
    void out.line(paintLines(out.paint, lines));
  }
  return warnings.length === 0 && explanation.findings.length === 0;
}

function printReasons(
  out: Session['out'],
  reasons: readonly Reason[],
  { wrprot }: Built,
  warnings: readonly Diagnostic[],
): void {
  for (const line of reasonLines(reasons)) void out.line(line);
  if (wrprot)
    void out.line(
      out.paint('yellow', '  write access was asked for and refused: the gfn stays write-protected'),
    );
  for (const { kind, code, msg } of warnings) {
    void out.line(
      out.paint('red', `  the kernel would ${kind}: ${code}${msg === undefined ? '' : ` (${msg})`}`),
    );
  }
}
