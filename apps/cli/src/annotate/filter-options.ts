// SPDX-License-Identifier: GPL-2.0-only
import { hex, type SpteKind, U64_MAX } from '@spte/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { shown, UsageError } from '../io/errors.ts';
import { nearest } from '../io/nearest.ts';
import { readWord } from '../io/numbers.ts';
import { integer } from '../io/parse.ts';
import { codes } from '../verdict/options.ts';
import { nanoseconds } from './nanoseconds.ts';

/** Numbers from one up to another one, which belongs to them. */
export interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

/** A moment: as it was typed, and in nanoseconds. */
interface Moment {
  readonly text: string;
  readonly ns: bigint;
}

/** Which lines are wanted, as plain data. Of one option any value may fit; every option that is given has to. */
export interface FilterOptions {
  readonly event?: readonly string[];
  readonly gfn?: readonly Range[];
  readonly gpa?: readonly Range[];
  readonly vcpu?: readonly number[];
  readonly task?: readonly string[];
  readonly from?: Moment;
  readonly to?: Moment;
  readonly kind?: readonly string[];
  readonly finding?: readonly string[];
  /** Lines to print around each that is wanted. */
  readonly around?: number;
}

const GROUP = 'Filters:';

const KINDS: readonly (SpteKind | 'guest')[] = [
  'leaf',
  'tracked',
  'table',
  'mmio',
  'frozen',
  'empty',
  'unknown',
  'guest',
];

/** The largest page frame of a guest: addresses have 64 bits. */
const MAX_GFN = U64_MAX >> 12n;
/** KVM allows fewer vCPUs. */
const MAX_VCPU = 65_535;
/** Lines around a line, at most. */
const MAX_AROUND = 1000;

/** Adds the options that say which lines are wanted. */
export function addFilterOptions(command: Command): Command {
  const options = [
    new Option('--event <NAME,...>', 'lines of these events').argParser(list((name) => name)),
    new Option('--gfn <A[-B],...>', 'lines about these guest page frames, hex').argParser(
      list((text) => range(text, MAX_GFN)),
    ),
    new Option('--gpa <A[-B],...>', 'lines about these guest physical addresses, hex').argParser(
      list((text) => range(text, U64_MAX)),
    ),
    new Option('--vcpu <N,...>', 'lines that name these vCPUs').argParser(list(integer(0, MAX_VCPU))),
    new Option('--task <NAME|PID,...>', 'lines of these tasks').argParser(list((task) => task)),
    new Option('--from <SECONDS>', 'lines at this time or later, as printed: 56.28').argParser(moment),
    new Option('--to <SECONDS>', 'lines at this time or earlier').argParser(moment),
    new Option('--kind <KIND,...>', `lines with an entry that is ${KINDS.join(', ')}`).argParser(list(kind)),
    new Option('--finding <CODE,...>', 'lines with one of these findings, possible ones too').argParser(
      codes,
    ),
    new Option('-C, --around <N>', 'also print N lines around each that is wanted')
      .argParser(integer(0, MAX_AROUND))
      .conflicts(['json', 'ndjson', 'summary', 'parquet', 'format']),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command;
}

/** A parser of values apart by commas; the option may be given several times. */
function list<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, ...text.split(',').map((word) => parse(named(word, text)))];
}

function named(word: string, text: string): string {
  const name = word.trim();
  if (name === '') throw new InvalidArgumentError(`${shown(text)} has an empty name.`);
  return name;
}

function range(text: string, most: bigint): Range {
  const [from = null, to = from, ...more] = text.split('-').map(readWord);
  if (from === null || to === null || more.length > 0 || to > most) {
    throw new InvalidArgumentError(
      `${shown(text)} must be a hex number within 0x0..${hex(most)}, or two with - between.`,
    );
  }
  if (from > to) throw new InvalidArgumentError(`${shown(text)} ends before it begins.`);
  return { from, to };
}

function moment(text: string): Moment {
  const ns = nanoseconds(text);
  if (ns === null)
    throw new InvalidArgumentError(
      `${shown(text)} must be seconds as a trace prints them, with at most 12 digits before and 9 behind the point.`,
    );
  return { text, ns };
}

function kind(text: string): string {
  if (KINDS.some((kind) => kind === text) || text.includes('/')) return text;
  const near = nearest(text, KINDS);
  const hint = near.length === 0 ? `one of ${KINDS.join(', ')}` : `did you mean ${near.join(', ')}?`;
  throw new InvalidArgumentError(`there is no kind ${shown(text)}: ${hint}`);
}

/** Refuses filters that cannot both be meant. */
export function checkFilters({ from, to }: FilterOptions): void {
  if (from !== undefined && to !== undefined && from.ns > to.ns)
    throw new UsageError(`--from ${from.text} is later than --to ${to.text}`);
}

/** The filters that are given, by their names, as they are told. */
export function filterTexts(options: FilterOptions): Record<string, string> {
  const { event, gfn, gpa, vcpu, task, from, to, kind, finding } = options;
  const texts = {
    event: event?.join(),
    gfn: gfn?.map(rangeText).join(),
    gpa: gpa?.map(rangeText).join(),
    vcpu: vcpu?.join(),
    task: task?.join(),
    from: from?.text,
    to: to?.text,
    kind: kind?.join(),
    finding: finding?.join(),
  };
  return Object.fromEntries(
    Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const rangeText = ({ from, to }: Range): string => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`);

/** Whether any line may be left out. */
export function hasFilters(options: FilterOptions): boolean {
  return Object.keys(filterTexts(options)).length > 0;
}
