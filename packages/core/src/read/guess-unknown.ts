// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, bits, U64_MAX } from '../bits/bits.ts';
import type { Coded, NoParams } from '../bits/coded.ts';
import { EPT, PT } from '../cpu/entry-format.ts';
import { explainEptp } from '../cpu/ept-pointer.ts';
import { layouts } from '../kernel/layout.ts';
import type { ActiveExtension } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { entryRole } from '../mmu/extensions.ts';
import { type Because, because } from './because.ts';
import type { Entry } from './entry.ts';
import { type Answer, answerOf, attempt, type Failure, type SaidByPlugin } from './plugin-answers.ts';

/** What each guess rests on; `guessText()` says it in words. */
export interface GuessParams {
  /** What kernels since a release write into entries of that kind. */
  readonly 'other-kernel': { readonly since: string; readonly kind: 'frozen' | 'empty' };
  /** What an EPT pointer of these bits says. */
  readonly 'ept-pointer': { readonly levels: number; readonly ad: boolean; readonly root: bigint };
  readonly 'never-walked': NoParams;
  readonly 'guest-entry': NoParams;
  /** Software bits that KVM does not use so. */
  readonly 'other-hypervisor': { readonly software: bigint };
  readonly 'pae-root': NoParams;
  /** What the value is, without a finding, at other levels than the one that was given; lowest first. */
  readonly 'other-level': { readonly kind: SpteKind; readonly levels: readonly number[] };
}

/** Stable names of core's guesses; those of plugins are `plugin/name`. */
export type GuessCode = keyof GuessParams;

/** What a value may be that is no entry of this kernel's, as core or a plugin says. */
export type Guess = (Coded<GuessParams> | SaidByPlugin) & { readonly because: Because };

/** Bits 62:52, which the CPU ignores and software may use, in either format. */
const SOFTWARE_HIGH = bits(62, 52);

/** Permissions in either format. */
const PERMISSIONS = bits(2, 0);

/** The bits below the address, but for 9:8, which a PAE root may keep for software. */
const BELOW_PAE_ADDRESS = bits(11, 0) & ~bits(9, 8);

/** The low bits of the EPT pointers that KVM makes: write-back, of 4 or 5 levels, with A/D bits or without. */
const POINTERS: readonly bigint[] = [0x1en, 0x5en, 0x26n, 0x66n];

/** What stands in all of them where entries have their permissions. */
const POINTER_PERMISSIONS = 6n;

const OUTSIDE_ADDRESS = U64_MAX ^ ADDRESS;

/**
 * An EPT pointer, which a log shows as a word like an entry: bits 2:0 of it are those of an MMIO entry, or no leaf's. Its
 * root is a table, not at 0, and nothing else is set.
 */
export function guessPointer({ mmu, spte }: Entry): Guess[] {
  if ((spte & PERMISSIONS) !== POINTER_PERMISSIONS) return [];
  const low = spte & OUTSIDE_ADDRESS;
  if (!POINTERS.includes(low) || low === spte) return [];
  const { levels, ad, root } = explainEptp(spte);
  return [
    { code: 'ept-pointer', params: { levels, ad, root }, because: because(mmu, 'construct_eptp', U64_MAX) },
  ];
}

/** What kernels write into frozen and empty entries. Layouts that follow one another may share a value: the first counts. */
const CONSTANTS: ReadonlyMap<bigint | null, GuessParams['other-kernel']> = new Map(
  layouts.toReversed().flatMap(({ since, frozen, empty }): [bigint | null, GuessParams['other-kernel']][] => [
    [empty, { since, kind: 'empty' }],
    [frozen, { since, kind: 'frozen' }],
  ]),
);

/** What a value may be, and who could not say. */
export interface Guesses {
  /** The likeliest first. */
  readonly guesses: readonly Guess[];
  readonly failures: readonly Failure[];
}

/** What may have written a value that is not present, empty, frozen or MMIO here: what plugins say, then core. */
export function guessUnknown(entry: Entry): Guesses {
  const { mmu, spte } = entry;
  const guesses: Guess[] = [];
  const failures: Failure[] = [];
  for (const extension of mmu.extensions) {
    const answer = guessOfPlugin(entry, extension);
    if ('message' in answer) failures.push(answer);
    else guesses.push(...answer.value);
  }
  guesses.push(...guessPointer(entry));

  const from = (looksAt: bigint): Because => because(mmu, 'guess', looksAt);
  const constant = CONSTANTS.get(spte);
  if (constant !== undefined) {
    guesses.push({ code: 'other-kernel', params: constant, because: from(U64_MAX) });
  }
  const walked = (mmu.masks.present | mmu.masks.accTrack) & PERMISSIONS;
  if ((spte & walked) === 0n) {
    guesses.push({ code: 'never-walked', params: {}, because: from(walked) });
    return { guesses, failures };
  }
  const software = spte & SOFTWARE_HIGH;
  const used = PT.present.mask | PT.accessed.mask;
  if ((spte & used) === used && software === 0n) {
    guesses.push({ code: 'guest-entry', params: {}, because: from(used) });
  }
  if (software !== 0n && (spte & EPT.readable.mask) !== 0n) {
    guesses.push({ code: 'other-hypervisor', params: { software }, because: from(software) });
  }
  if ((spte & BELOW_PAE_ADDRESS) === PT.present.mask) {
    guesses.push({ code: 'pae-root', params: {}, because: from(bits(11, 0)) });
  }
  return { guesses, failures };
}

/** What a plugin says that it may be. */
function guessOfPlugin(
  { mmu, spte, kind, level }: Entry,
  { name, hooks: { guess, guesses } }: ActiveExtension,
): Answer<Guess[]> {
  if (guess === undefined) return { value: [] };
  return attempt(name, 'guess', () =>
    guess(mmu, { spte, kind }, entryRole(mmu, level)).map(
      (own): Guess => ({
        ...answerOf(name, 'guesses', guesses, own),
        because: because(mmu, `plugin ${name}`, U64_MAX),
      }),
    ),
  );
}
