// SPDX-License-Identifier: GPL-2.0-only
import {
  type Candidate,
  changeLines,
  type Explanation,
  explainAcross,
  explainChange,
  explainSpte,
  explanationLines,
  rankContexts,
} from '@spte/core';
import type { Command } from 'commander';
import { candidatesOf } from '../context/candidates.ts';
import { contextOf, contextText, isContextKnown, sayCaveats } from '../context/context.ts';
import { factsOf } from '../context/context-options.ts';
import { addCommonOptions, type CommonOptions, end, type Session } from '../context/session.ts';
import { asksCodes, type CodeOptions, explainCodes, renderCodes } from '../entry/codes.ts';
import { acrossJson, renderAcross, renderFits } from '../entry/render-across.ts';
import { changeJson, spteJson } from '../entry/spte-json.ts';
import { shown, UsageError } from '../io/errors.ts';
import { paintLines } from '../io/paint.ts';
import { integer, parseWord } from '../io/parse.ts';

interface DecodeOptions extends CommonOptions, CodeOptions {
  readonly level?: number;
  readonly diff?: boolean;
  readonly which?: boolean;
  readonly rsvdBits?: bigint;
}

interface Value {
  readonly value: bigint;
  readonly level: number | null;
}

const EXAMPLES = `
Examples:
  spte decode 0x600008455299b77 --level 1 --kernel 6.8 --vendor vmx --maxphyaddr 39
  spte decode 0x1db00000000b83b6                      every kernel and mode that it may be of
  spte decode 0x800000018a600ee7@2 --rsvd-bits 0x800f0000001fe000
  spte decode --which 0xfcd210107@4 0x1004c40107@3    which kernel and mode wrote these?
  spte decode --qualification 0x1aa --eptp 0x105a27005e
  spte decode --error-code 0x100000004 --vendor svm   what the CPU says of a fault
  spte decode --diff 0x600000455299b77 0x600000455299975 --level 1 --preset haswell`;

export function decodeCommand(parent: Command, session: Session): void {
  const command = parent
    .command('decode')
    .summary('say what an entry is, bit by bit, and what is wrong with it')
    .description(
      'Says what each entry is, what its bits mean, how the CPU reads it and what is wrong with it. Without --host, --preset, or --kernel and --vendor, every kernel and mode is tried that the other flags leave open.',
    )
    .argument('[VALUE...]', 'the entry in hex, with or without 0x; VALUE@LEVEL says its level')
    .option('--level <N>', 'level of the entries: 1 = 4K, 2 = 2M, 3 = 1G', integer(1, 5))
    .option('--diff', 'two values, old and new: say what happened between them')
    .option('--which', 'rank kernels and modes by how well all values fit')
    .option(
      '--rsvd-bits <HEX>',
      'the mask that the kernel printed beside the entry: say which bits it refused',
      parseWord,
    )
    .option('--qualification <HEX...>', 'explain exit qualifications of EPT violations', codeWords)
    .option('--error-code <HEX...>', 'explain error codes of page faults, nested ones among them', codeWords)
    .option('--eptp <HEX...>', 'explain EPT pointers', codeWords)
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (words: string[], options: DecodeOptions) =>
    end(session, options, decode(session, words, options)),
  );
}

function parseValue(text: string, level: number | undefined): Value {
  const [word = '', at] = text.split('@', 2);
  try {
    return { value: parseWord(word), level: at === undefined ? (level ?? null) : integer(1, 5)(at) };
  } catch (error) {
    throw new UsageError(`argument VALUE: ${(error as Error).message}`);
  }
}

/** Gathers the words of an option that may be given several times. */
const codeWords = (text: string, before: readonly bigint[] = []): bigint[] => [...before, parseWord(text)];

function decode(session: Session, words: readonly string[], options: DecodeOptions): boolean {
  if (asksCodes(options)) return decodeCodes(session, words, options);
  if (words.length === 0) throw new UsageError('argument VALUE: an entry in hex is missing');
  const values = words.map((word) => parseValue(word, options.level));
  refuseMask(options);
  if (options.diff === true) return decodeChange(session, values, options);
  if (options.which === true) return decodeWhich(session, values, options);
  if (isContextKnown(options)) return decodeInContext(session, values, options);
  const candidates = candidatesFor(session, options);
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return decodeWith(session, values, only.mmu, options);
  return decodeAcross(session, values, candidates, options);
}

/** A printed mask belongs to an entry. */
function refuseMask({ rsvdBits, diff, which }: DecodeOptions): void {
  if (rsvdBits !== undefined && (diff === true || which === true)) {
    throw new UsageError('--rsvd-bits is of entries that are explained, not of --diff or --which');
  }
}

/** The contexts that the flags leave open; what to know of the kernel, if one was named, is said on the way. */
function candidatesFor({ io }: Session, options: DecodeOptions): Candidate[] {
  const candidates = candidatesOf(options);
  sayCaveats(
    io,
    candidates.map(({ mmu }) => mmu),
  );
  return candidates;
}

function decodeCodes({ out }: Session, values: readonly string[], options: DecodeOptions): boolean {
  const [entry] = values;
  if (entry !== undefined) {
    throw new UsageError(
      `${shown(entry)}: entries cannot be asked about together with --qualification, --error-code or --eptp`,
    );
  }
  const codes = explainCodes(options, factsOf(options));
  if (options.ndjson === true) for (const code of Object.values(codes).flat()) void out.record(code);
  else if (options.json === true) out.document(codes);
  else void out.line(renderCodes(out.paint, codes));
  return true;
}

function decodeInContext(session: Session, values: readonly Value[], options: DecodeOptions): boolean {
  const context = contextOf(session.io, options);
  return decodeWith(session, values, context.mmu, options, contextText(context));
}

function decodeWith(
  { out }: Session,
  values: readonly Value[],
  mmu: Candidate['mmu'],
  { json, ndjson, rsvdBits }: DecodeOptions,
  heading?: string,
): boolean {
  const explained = values.map(
    ({ value, level }): Explanation => explainSpte(mmu, value, level, { printedRsvdBits: rsvdBits }),
  );
  if (ndjson === true) for (const explanation of explained) void out.record(spteJson(explanation, mmu));
  else if (json === true) out.document(explained.map((explanation) => spteJson(explanation, mmu)));
  else {
    if (heading !== undefined) void out.line(out.paint('dim', heading));
    for (const explanation of explained) {
      void out.line(paintLines(out.paint, explanationLines(explanation)));
    }
  }
  return explained.every(({ findings }) => findings.length === 0);
}

function decodeAcross(
  { out }: Session,
  values: readonly Value[],
  candidates: readonly Candidate[],
  options: DecodeOptions,
): boolean {
  const { json, ndjson, rsvdBits } = options;
  const answers = values.map(({ value, level }) =>
    explainAcross(value, level, candidates, { printedRsvdBits: rsvdBits }),
  );
  if (ndjson === true) for (const across of answers) void out.record(acrossJson(across, candidates));
  else if (json === true) out.document(answers.map((across) => acrossJson(across, candidates)));
  else {
    void out.line(answers.map((across) => renderAcross(out.paint, across)).join('\n\n'));
    for (const hint of hints(values, options)) void out.line(out.paint('dim', hint));
  }
  return answers.every(
    ({ readings: [best] }) => best === undefined || best.explanation.findings.length === 0,
  );
}

/** What would tell more. */
function hints(values: readonly Value[], { maxphyaddr, physBits, l1tf }: DecodeOptions): string[] {
  const width = maxphyaddr === undefined && physBits === undefined;
  const assumed = [
    ...(width ? ['46 physical address bits on Intel, 48 on AMD (--maxphyaddr)'] : []),
    ...(l1tf === undefined ? ['a CPU without L1TF (--l1tf)'] : []),
  ];
  return [
    ...(assumed.length > 0 ? [`assumed: ${assumed.join('; ')}`] : []),
    ...(values.length > 1 ? ['one kernel wrote them all? --which ranks kernels and modes'] : []),
  ];
}

function decodeWhich(session: Session, values: readonly Value[], options: DecodeOptions): boolean {
  const { io, out } = session;
  const candidates = isContextKnown(options)
    ? [{ name: 'the given context', mmu: contextOf(io, options).mmu }]
    : candidatesFor(session, options);
  const fits = rankContexts(values, candidates);
  const records = fits.map(({ name, clean, recognised, findings }) => ({
    context: name,
    values: values.length,
    clean,
    recognised,
    findings,
  }));
  if (options.ndjson === true) for (const record of records) void out.record(record);
  else if (options.json === true) out.document(records);
  else void out.line(renderFits(out.paint, fits, values.length));
  return fits[0]?.findings.length === 0;
}

function decodeChange({ out, io }: Session, values: readonly Value[], options: DecodeOptions): boolean {
  const [old, now, ...rest] = values;
  if (old === undefined || now === undefined || rest.length > 0) {
    throw new UsageError(`--diff takes two values, old and new, got ${values.length}`);
  }
  const context = contextOf(io, options);
  const level = now.level ?? old.level;
  const change = explainChange(context.mmu, old.value, now.value, level);
  const record = {
    old: spteJson(explainSpte(context.mmu, old.value, level), context.mmu, 'old'),
    new: spteJson(explainSpte(context.mmu, now.value, level), context.mmu, 'new'),
    change: changeJson(change),
  };
  if (options.ndjson === true) void out.record(record);
  else if (options.json === true) out.document(record);
  else {
    void out.line(out.paint('dim', contextText(context)));
    void out.line(paintLines(out.paint, changeLines(change)));
  }
  return change.allowed;
}
