// SPDX-License-Identifier: GPL-2.0-only
import { formatKernel, readKernelRelease } from '@spte/core';
import {
  affectedKernel,
  affectedText,
  type Erratum,
  errata,
  erratumLines,
  type KernelRange,
} from '@spte/errata';
import { type Command, Option } from 'commander';
import { knownContextJson } from '../context/context.ts';
import { VALUE_FLAGS } from '../context/context-options.ts';
import { addFormatOptions, end, outcomeOf, type Session } from '../context/session.ts';
import { shown, UsageError } from '../io/errors.ts';
import { nearest } from '../io/nearest.ts';
import type { FormatOptions } from '../io/output.ts';
import { documentHead } from '../io/output.ts';

interface ErrataOptions extends FormatOptions {
  readonly kernel?: string;
  readonly vendor?: 'vmx' | 'svm';
}

const EXAMPLES = `
Examples:
  spte errata                                   every known bug
  spte errata --kernel 5.15.200 --vendor svm    those of a release, first
  spte errata npt-nx-reserved                   all about one
  spte errata npt-nx-reserved --kernel 5.14.0-162.6.1.el9_1.x86_64`;

export function errataCommand(parent: Command, session: Session): void {
  const command = parent
    .command('errata')
    .summary("list known bugs of KVM's MMU, or say all about one")
    .description(
      "Lists known bugs of KVM's MMU, checks of KVM that were wrong while the entry was right, and what looks like a bug and is none. With --kernel it says which of them a release has. With --check, what a release has is a finding.",
    )
    .argument('[ID]', 'the name of one')
    .addHelpText('after', EXAMPLES);
  for (const name of ['kernel', 'vendor']) {
    const { arg, what, parse } = VALUE_FLAGS[name] as (typeof VALUE_FLAGS)[string];
    command.addOption(new Option(`--${name} <${arg}>`, what).argParser(parse));
  }
  addFormatOptions(command, 'a release has one').action(
    async (id: string | undefined, options: ErrataOptions) =>
      end(session, options, outcomeOf(listErrata(session, id, options))),
  );
}

/** An erratum, and whether the kernel that was asked about has it. */
interface Listed {
  readonly erratum: Erratum;
  /** Null where no kernel was asked about. */
  readonly range: KernelRange | null;
}

/** Those that a kernel has come first. */
const ORDER: readonly ReturnType<typeof affectedText>[] = ['yes', 'not fixed', 'not known', 'no'];
const orderOf = ({ range }: Listed): number =>
  range === null ? ORDER.length : ORDER.indexOf(affectedText(range));

/** Of what only looks like a bug a release has nothing to fix. */
const asksKernel = ({ kind, fixedIn }: Erratum): boolean => kind !== 'look-alike' || fixedIn !== null;

function listErrata({ io, out }: Session, id: string | undefined, options: ErrataOptions): boolean {
  const { kernel: release, vendor, json, ndjson } = options;
  const kernel = release === undefined ? null : readKernelRelease(release);
  const listed = errata
    .filter((erratum) => (id === undefined ? isOf(erratum, vendor) : erratum.id === id))
    .map(
      (erratum): Listed => ({
        erratum,
        range: kernel !== null && asksKernel(erratum) ? affectedKernel(erratum, kernel) : null,
      }),
    )
    .toSorted((a, b) => orderOf(a) - orderOf(b));
  if (id !== undefined && listed.length === 0) throw unknownErratum(id);
  const context = knownContextJson(io, { kernel: release, vendor });
  const affected = listed.filter(({ range }) => range?.state === 'inside').length;
  const summary = { errata: listed.length, affected: kernel === null ? null : affected };
  if (ndjson === true) {
    for (const one of listed) void out.record(erratumJson(one));
    void out.record({ summary: { ...summary, context } });
  } else if (json === true) {
    out.document({ ...documentHead('errata', context), errata: listed.map(erratumJson), summary });
  } else if (id !== undefined) {
    for (const { erratum, range } of listed)
      for (const line of erratumLines(erratum, range)) void out.line(line);
  } else {
    for (const one of listed) void out.line(listedText(out.paint, one));
    if (kernel !== null) {
      void out.line(
        `${formatKernel(kernel)} has or may have ${affected} of ${listed.length}; not fixed: it may be older than the bug,\nor its distribution took the fix over`,
      );
    }
  }
  return affected === 0;
}

const isOf = ({ vendors }: Erratum, vendor: ErrataOptions['vendor']): boolean =>
  vendor === undefined || vendors.includes(vendor);

function listedText(paint: Session['out']['paint'], { erratum, range }: Listed): string {
  const { id, short, fixedIn } = erratum;
  const fixed = fixedIn === null ? '' : `  fixed in ${fixedIn}`;
  const has = range === null ? '' : `  ${affectedText(range)}`;
  return `${paint('bold', id)}${fixed}${range?.state === 'inside' ? paint('yellow', has) : has}\n  ${short}`;
}

function erratumJson({ erratum, range }: Listed): object {
  return { ...erratum, affected: range === null ? null : affectedText(range), why: range?.why ?? null };
}

function unknownErratum(id: string): UsageError {
  const near = nearest(
    id,
    errata.map((erratum) => erratum.id),
  );
  const hint = near.length === 0 ? '`spte errata` lists them' : `did you mean ${near.join(', ')}?`;
  return new UsageError(`there is no erratum ${shown(id)}: ${hint}`);
}
