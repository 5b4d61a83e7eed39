// SPDX-License-Identifier: GPL-2.0-only
import { bitNumbers } from '../bits/bits.ts';
import type {
  ActiveExtension,
  BitTest,
  EntryRole,
  Mmu,
  OwnFinding,
  PluginFindingRule,
} from '../mmu/contract.ts';
import { entryRole, softwareBits } from '../mmu/extensions.ts';
import { because } from '../read/because.ts';
import type { Entry } from '../read/entry.ts';
import { attempt, type Failure, ownAnswer } from '../read/plugin-answers.ts';
import { isPresentKind } from '../read/spte-kind.ts';
import { FINDING_SEVERITIES, type Finding, type PluginFinding } from './finding.ts';

/** Whether a plugin may have something to say of an entry. */
export function asksPlugins({ mmu, answers }: Entry): boolean {
  return mmu.extensions.length > 0 || answers.failures.length > 0;
}

/** What plugins find wrong with an entry, in the order in which they are asked, and which of their hooks failed. */
export function pluginFindings(entry: Entry): Finding[] {
  const { mmu, level, answers } = entry;
  const role = entryRole(mmu, level);
  return [
    ...answers.failures.map((failure) => failedFinding(mmu, failure)),
    ...missingBits(entry),
    ...mmu.extensions.flatMap((extension) => [
      ...findingsByBits(entry, extension),
      ...findingsByHook(entry, extension, role),
    ]),
  ];
}

/** A hook that failed, as a finding. */
export function failedFinding(mmu: Mmu, { plugin, hook, message }: Failure): Finding {
  return {
    code: 'plugin-failed',
    severity: FINDING_SEVERITIES['plugin-failed'],
    bits: [],
    params: { plugin, hook, message },
    because: because(mmu, `${hook} of ${plugin}`, 0n),
  };
}

/** Bits that plugins keep in every entry of its kind, and that are clear. */
function missingBits({ mmu, spte, kind }: Entry): Finding[] {
  if (!isPresentKind(kind)) return [];
  const place = kind === 'table' ? 'table' : 'leaf';
  return mmu.extensions.flatMap((extension) => {
    const expected = softwareBits({ extensions: [extension] }, place, 'always');
    const missing = expected & ~spte;
    if (missing === 0n) return [];
    const finding: Finding = {
      code: 'software-bits-missing',
      severity: FINDING_SEVERITIES['software-bits-missing'],
      bits: bitNumbers(missing),
      params: { plugin: extension.name, expected, missing },
      because: because(mmu, `plugin ${extension.name}`, missing),
    };
    return [finding];
  });
}

/** Whether an entry is one of those that a question of bits picks out; what it says of kernels and mirrors holds. */
function picks({ mask, value, kinds, levels }: BitTest, { spte, kind, level }: Entry): boolean {
  if ((spte & mask) !== value) return false;
  if (kinds === undefined ? !isPresentKind(kind) : !kinds.includes(kind)) return false;
  return levels === undefined || (level !== null && levels.includes(level));
}

function findingsByBits(entry: Entry, extension: ActiveExtension): Finding[] {
  return extension.findings.flatMap((rule) => {
    const { code, where } = rule;
    if (where === undefined || !picks(where, entry)) return [];
    const answer = attempt(extension.name, 'findings', () =>
      ownFinding(entry, extension, { code, bits: where.mask }, rule),
    );
    return ['message' in answer ? failedFinding(entry.mmu, answer) : answer.value];
  });
}

function findingsByHook(entry: Entry, extension: ActiveExtension, role: EntryRole): Finding[] {
  const { name, hooks, findings } = extension;
  const { judge } = hooks;
  if (judge === undefined) return [];
  const { mmu, spte, kind } = entry;
  const answer = attempt(name, 'judge', () =>
    judge(mmu, { spte, kind }, role).map((own) => {
      const rule = findings.find(({ code }) => code === own.code);
      if (rule === undefined) throw new TypeError(`findings has no ${own.code}`);
      return ownFinding(entry, extension, own, rule);
    }),
  );
  return 'message' in answer ? [failedFinding(mmu, answer)] : answer.value;
}

function ownFinding(
  { mmu }: Entry,
  { name }: ActiveExtension,
  own: OwnFinding,
  { severity, text, next = '' }: PluginFindingRule,
): Finding {
  const found = ownAnswer(own, text);
  const finding: PluginFinding = {
    ...found,
    severity,
    bits: bitNumbers(own.bits),
    next: ownAnswer(own, next).text,
    because: because(mmu, `plugin ${name}`, own.bits),
  };
  return finding;
}
