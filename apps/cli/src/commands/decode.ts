// SPDX-License-Identifier: GPL-2.0-only
import {
  type Candidate,
  changeLines,
  coversHit,
  type ExplainedChange,
  type Explanation,
  explainAcross,
  explainChange,
  explainSpte,
  explanationLines,
  findingText,
  hex,
  hitsPrintedMask,
  type JudgedAcross,
  judgeAcross,
  objectionText,
  type PossibleFinding,
  rankContexts,
} from '@spte/core';
import { EntryPatterns, type MachineFacts, machineReader } from '@spte/host';
import type { Command } from 'commander';
import { candidatesOf } from '../context/candidates.ts';
import {
  type Context,
  type ContextJson,
  contextJson,
  contextOf,
  contextText,
  type Evidence,
  isContextKnown,
  isMachineGiven,
  knownContextJson,
  othersOf,
  sayCaveats,
} from '../context/context.ts';
import { factsOf } from '../context/context-options.ts';
import {
  addCommonOptions,
  type CommonOptions,
  end,
  type Outcome,
  outcomeOf,
  type Session,
} from '../context/session.ts';
import { asksCodes, type CodeOptions, explainCodes, renderCodes } from '../entry/codes.ts';

import {
  countedFindings,
  errataJson,
  machineOf,
  matchChange,
  matchEntry,
  withErrata,
} from '../entry/errata.ts';

import { linesWith, possibleJson, possibleText, verdictWith } from '../entry/possible.ts';

import { acrossJson, renderAcross, renderFits } from '../entry/render-across.ts';
import { changeJson, spteJson } from '../entry/spte-json.ts';
import { readText } from '../files/read-input.ts';
import { shown, UsageError } from '../io/errors.ts';
import { documentHead } from '../io/output.ts';
import { paintLines } from '../io/paint.ts';
import { integer, parseWord } from '../io/parse.ts';
import { conclude, type Judged } from '../verdict/conclude.ts';
import { byCode } from '../verdict/found.ts';
import { addVerdictOptions, policyOf, refuseVerdict, type VerdictOptions } from '../verdict/options.ts';
import { aboutEntry, type Issue, reporterOf } from '../verdict/report.ts';
import { sayVerdict, verdictJson } from '../verdict/say.ts';
import { outcomeBy, type Policy } from '../verdict/verdict.ts';

interface DecodeOptions extends CommonOptions, CodeOptions, VerdictOptions {
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
  addCommonOptions(addVerdictOptions(command)).action(async (words: string[], options: DecodeOptions) =>
    end(session, options, await decode(session, words, options)),
  );
}

function parseValue(text: string, level: number | undefined): Value {
  const [word = '', at] = text.replace(/[\s,;]+$/, '').split('@', 2);
  try {
    return { value: parseWord(word), level: at === undefined ? (level ?? null) : integer(1, 5)(at) };
  } catch (error) {
    throw new UsageError(`argument VALUE: ${(error as Error).message}`);
  }
}

/** Gathers the words of an option that may be given several times. */
const codeWords = (text: string, before: readonly bigint[] = []): bigint[] => [...before, parseWord(text)];

/** Values that are taken from the standard input, at most: each is explained in full. */
const MAX_VALUES = 10_000;

/** The words of the standard input in the place of `-`. */
async function withInput({ io }: Session, words: readonly string[]): Promise<readonly string[]> {
  if (!words.includes('-')) return words;
  const read = (await readText(io, '-')).split(/\s+/).filter((word) => word !== '');
  if (read.length > MAX_VALUES) throw new UsageError(`the standard input has more than ${MAX_VALUES} values`);
  return words.flatMap((word) => (word === '-' ? read : [word]));
}

async function decode(session: Session, typed: readonly string[], options: DecodeOptions): Promise<Outcome> {
  if (asksCodes(options)) return decodeCodes(session, typed, options);
  const words = await withInput(session, typed);
  if (words.length === 0) throw new UsageError('argument VALUE: an entry in hex is missing');
  const values = words.map((word) => parseValue(word, options.level));
  refuseMask(options);
  if (options.which === true) return decodeWhich(session, values, options);
  const policy = await policyOf(session.io, options, 'decode');
  if (options.diff === true) return decodeChange(session, values, policy, options);
  const context = contextOf(session.io, options, {
    ...evidenceOf(values, options),
    // A kernel and a vendor are one context: that of tables of the CPU's own, unless a flag says otherwise.
    assumed: isContextKnown(options) ? { tdp: true } : {},
  });
  const candidates = isContextKnown(options) ? [] : candidatesFor(session, options);
  if (candidates.length > 1) return decodeAcross(session, values, { context, candidates }, policy, options);
  return decodeInContext(session, values, context, policy, options);
}

/** What values and the mask of reserved bits that was printed beside them say of their context. */
function evidenceOf(values: readonly Value[], { rsvdBits }: DecodeOptions): Evidence {
  if (rsvdBits === undefined) return { entries: patternsOf(values) };
  const reader = machineReader();
  reader.line(`rsvd bits = ${hex(rsvdBits)}`, 1);
  const { maxphyaddr } = reader.facts();
  return {
    // What the kernel refused makes no sense where it was refused.
    entries: patternsOf(values.filter(({ value }) => (value & rsvdBits) === 0n)),
    read: maxphyaddr === undefined ? {} : { maxphyaddr: { ...maxphyaddr, from: '--rsvd-bits' } },
  };
}

/** The values as evidence of their context. */
function patternsOf(values: readonly Value[]): EntryPatterns {
  const patterns = new EntryPatterns();
  for (const value of values) patterns.add(value);
  return patterns;
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

function decodeCodes({ io, out }: Session, values: readonly string[], options: DecodeOptions): Outcome {
  refuseVerdict(options, '--qualification, --error-code or --eptp');
  const [entry] = values;
  if (entry !== undefined) {
    throw new UsageError(
      `${shown(entry)}: entries cannot be asked about together with --qualification, --error-code or --eptp`,
    );
  }
  const context = knownContextJson(io, options);
  const machine = isMachineGiven(options) ? machineIn(context) : {};
  const codes = explainCodes(options, { ...machine, ...factsOf(options) });
  const all = Object.values(codes).flat();
  if (options.ndjson === true) {
    for (const code of all) void out.record(code);
    void out.record({ summary: { codes: all.length, context } });
  } else if (options.json === true) out.document({ ...documentHead('codes', context), ...codes });
  else void out.line(renderCodes(out.paint, codes));
  return { ...outcomeOf(true), looked: all.length };
}

/** What a context says of whose codes its faults have. */
function machineIn(context: Partial<ContextJson> | null): Pick<MachineFacts, 'vendor' | 'tdp'> {
  const { vendor, mode } = context ?? {};
  return {
    ...(vendor !== undefined && { vendor }),
    ...(mode !== undefined && { tdp: mode !== 'shadow' }),
  };
}

/** What a printed mask says holds in every context. */
const PRINTED = 'printed-reserved-bits';

/** What is wrong with the values in every context that is possible, and in some. */
function judged(values: readonly Value[], context: Context): readonly JudgedAcross[] {
  const others = othersOf(context);
  return values.map(({ value, level }) => judgeAcross(context.mmu, value, level, others));
}

/** An entry as it is judged and told of. */
function judgedEntry(
  { value, level }: Value,
  findings: readonly Described[],
  possible: readonly PossibleFinding[],
): Judged {
  const issue = (finding: Described, text: string, isPossible: boolean): Issue => ({
    code: finding.code,
    isPossible,
    line: null,
    text: aboutEntry(value, level, text),
  });
  return {
    name: `${hex(value)}${level === null ? '' : `@${level}`}`,
    findings,
    possible,
    issues: [
      ...findings.map((finding) => issue(finding, findingText(finding), false)),
      ...possible.map((one) => issue(one.finding, possibleText(one), true)),
    ],
  };
}

type Described = Parameters<typeof findingText>[0];

/** Entries as they are printed in each form. */
interface Answer {
  readonly entries: readonly object[];
  readonly judged: readonly Judged[];
  /** Prints them as text. */
  readonly text: () => void;
}

function decodeInContext(
  session: Session,
  values: readonly Value[],
  context: Context,
  policy: Policy,
  options: DecodeOptions,
): Outcome {
  const { out } = session;
  const { mmu } = context;
  const machine = machineOf(context);
  const all = judged(values, context);
  const explained = values.map(({ value, level }, i) => {
    const own = explainSpte(mmu, value, level, { printedRsvdBits: options.rsvdBits });
    const printed = own.findings.filter(({ code }) => code === PRINTED);
    const explanation: Explanation = { ...own, findings: [...(all[i]?.findings ?? []), ...printed] };
    return { explanation, possible: all[i]?.possible ?? [], errata: matchEntry(machine, explanation) };
  });
  const entries = explained.map(({ explanation, possible, errata }) => ({
    ...spteJson(explanation, mmu),
    verdict: verdictWith(explanation, possible),
    possible: possibleJson(possible),
    errata: errataJson(errata),
  }));
  const text = (): void => {
    void out.line(out.paint('dim', contextText(context)));
    for (const { explanation, possible, errata } of explained) {
      const lines = withErrata(explanationLines(explanation), errata, machine);
      void out.line(paintLines(out.paint, linesWith(lines, explanation, possible)));
    }
  };
  const told = explained.map(({ explanation, possible, errata }) =>
    judgedEntry(explanation, countedFindings(errata, explanation), possible),
  );
  return answer(session, context, policy, options, { entries, judged: told, text });
}

/** Judges entries, and prints them as a document, line by line, as text, or for a machine that counts. */
function answer(
  { io, out }: Session,
  context: Context,
  policy: Policy,
  options: DecodeOptions,
  { entries, judged, text }: Answer,
): Outcome {
  const reporter = reporterOf(out, policy, options);
  const { found, verdict } = conclude(policy, reporter, judged);
  const { findings, possible } = verdict;
  const counts = { entries: entries.length, findings, possible };
  const summary = { ...counts, ...byCode(found), ...verdictJson(policy, verdict) };
  if (options.ndjson === true) {
    for (const entry of entries) void out.record(entry);
    void out.record({ summary: { ...summary, context: contextJson(context) } });
  } else if (options.json === true) {
    out.document({ ...documentHead('decode', contextJson(context)), entries, summary });
  } else {
    if (reporter === null) text();
    sayVerdict(io, options, policy, verdict);
  }
  return outcomeBy(verdict, entries.length);
}

function decodeAcross(
  session: Session,
  values: readonly Value[],
  { context, candidates }: { readonly context: Context; readonly candidates: readonly Candidate[] },
  policy: Policy,
  options: DecodeOptions,
): Outcome {
  const { out } = session;
  const { rsvdBits } = options;
  const answers = values.map(({ value, level }) =>
    explainAcross(value, level, candidates, { printedRsvdBits: rsvdBits }),
  );
  const all = judged(values, context);
  const entries = answers.map((across, i) => ({
    ...acrossJson(across, candidates),
    possible: possibleJson(all[i]?.possible ?? []),
  }));
  const told = values.map((of, i) => {
    const hit = rsvdBits === undefined ? null : hitsPrintedMask(of.value, rsvdBits, of.level);
    const own = all[i]?.findings ?? [];
    const findings = hit === null || coversHit(own, hit.bits) ? own : [...own, hit];
    return judgedEntry(of, findings, all[i]?.possible ?? []);
  });
  const text = (): void => {
    void out.line(answers.map((across) => renderAcross(out.paint, across)).join('\n\n'));
    for (const hint of hints(values, options)) void out.line(out.paint('dim', hint));
  };
  return answer(session, context, policy, options, { entries, judged: told, text });
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

function decodeWhich(session: Session, values: readonly Value[], options: DecodeOptions): Outcome {
  refuseVerdict(options, '--which');
  const { io, out } = session;
  const given = isContextKnown(options) ? contextOf(io, options) : null;
  const candidates =
    given === null ? candidatesFor(session, options) : [{ name: 'the given context', mmu: given.mmu }];
  const context = given === null ? knownContextJson(io, options) : contextJson(given);
  const fits = rankContexts(values, candidates);
  const records = fits.map(({ name, rank, clean, recognised, unusual, findings }) => ({
    context: name,
    rank,
    values: values.length,
    clean,
    recognised,
    unusual,
    findings,
  }));
  if (options.ndjson === true) {
    for (const record of records) void out.record(record);
    void out.record({ summary: { values: values.length, contexts: records.length, context } });
  } else if (options.json === true) out.document({ ...documentHead('which', context), contexts: records });
  else void out.line(renderFits(out.paint, fits, values.length));
  return outcomeOf(fits[0]?.findings.length === 0);
}

function decodeChange(
  { out, io }: Session,
  values: readonly Value[],
  policy: Policy,
  options: DecodeOptions,
): Outcome {
  const [old, now, ...rest] = values;
  if (old === undefined || now === undefined || rest.length > 0) {
    throw new UsageError(`--diff takes two values, old and new, got ${values.length}`);
  }
  const level = now.level ?? old.level;
  const sides = [old, now].map(({ value }) => ({ value, level }));
  const context = contextOf(io, options, { entries: patternsOf(sides) });
  const { mmu } = context;
  const change = explainChange(mmu, old.value, now.value, level);
  const machine = machineOf(context);
  const errata = matchChange(machine, change);
  const record = {
    old: spteJson(explainSpte(mmu, old.value, level), mmu, 'old'),
    new: spteJson(explainSpte(mmu, now.value, level), mmu, 'new'),
    change: changeJson(change),
    errata: errataJson(errata),
  };
  const reporter = reporterOf(out, policy, options);
  const { verdict } = conclude(policy, reporter, [judgedChange(change)]);
  if (options.ndjson === true) {
    void out.record(record);
    void out.record({
      summary: { allowed: change.allowed, ...verdictJson(policy, verdict), context: contextJson(context) },
    });
  } else if (options.json === true) {
    out.document({
      ...documentHead('change', contextJson(context)),
      ...record,
      ...verdictJson(policy, verdict),
    });
  } else {
    sayVerdict(io, options, policy, verdict);
    if (reporter !== null) return outcomeBy(verdict, 1);
    void out.line(out.paint('dim', contextText(context)));
    void out.line(paintLines(out.paint, withErrata(changeLines(change), errata, machine)));
  }
  return outcomeBy(verdict, 1);
}

function judgedChange({ from, to, allowed, objections }: ExplainedChange): Judged {
  const name = `${hex(from.value)} -> ${hex(to.value)}`;
  if (allowed) return { name, findings: [], possible: [], issues: [] };
  const code = 'forbidden-change';
  const text = `${name}: ${objections.map(objectionText).join('; ')}`;
  return {
    name,
    findings: [{ code }],
    possible: [],
    issues: [{ code, isPossible: false, line: null, text }],
  };
}
