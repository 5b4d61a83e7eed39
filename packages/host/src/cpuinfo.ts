// SPDX-License-Identifier: GPL-2.0-only
import type { Parameters } from './params.ts';
import { type Source, type Sourced, sourceLines, type TextFile } from './source.ts';

/** The fields of `/proc/cpuinfo` for its first CPU, by name: KVM goes by that one. */
export type Cpuinfo = ReadonlyMap<string, Sourced<string>>;

/** What a text says of the first CPU. */
export interface CpuText {
  readonly fields: Cpuinfo;
  /** What lscpu says of the bugs, as `vulnerabilities.l1tf`. */
  readonly vulnerabilities: Parameters;
  /** Whether lscpu wrote it: it leaves out bugs and what EPT can do. */
  readonly isLscpu: boolean;
}

/** What the fields are called that facts rest on, in `/proc/cpuinfo` and by lscpu. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['processor', 'processor'],
  ['vendor_id', 'vendor_id'],
  ['cpu family', 'cpu family'],
  ['model', 'model'],
  ['flags', 'flags'],
  ['vmx flags', 'vmx flags'],
  ['bugs', 'bugs'],
  ['address sizes', 'address sizes'],
  ['Vendor ID', 'vendor_id'],
  ['CPU family', 'cpu family'],
  ['Model', 'model'],
  ['Flags', 'flags'],
  ['Address sizes', 'address sizes'],
]);

/** Lines that lscpu prints and `/proc/cpuinfo` has not. */
const LSCPU = ['Architecture', 'CPU op-mode(s)', 'Vendor ID', 'Flags'];

/** What lscpu calls the bugs that facts rest on, each with or without a word before it. */
const VULNERABILITIES: ReadonlyMap<string, string> = new Map([
  ['L1tf', 'vulnerabilities.l1tf'],
  ['Itlb multihit', 'vulnerabilities.itlb_multihit'],
]);

/** Below a field that is of no interest, nothing is either. */
const NO_FIELD = { name: '', line: 0 };

/** Longest value, in characters: the flags of a CPU have three thousand. */
const MAX_VALUE = 1 << 16;

/**
 * Reads `/proc/cpuinfo`, or what lscpu prints; anything that is not `name : value` is skipped, or, right below a field,
 * its rest: mails wrap the flags.
 */
export function parseCpuinfo(file: TextFile): CpuText {
  const fields = new Map<string, Sourced<string>>();
  const vulnerabilities = new Map<string, Sourced<string>>();
  let isLscpu = false;
  /** The field that the next line may go on with, and the last line of it. */
  let open = NO_FIELD;
  for (const source of sourceLines(file)) {
    const { name, value } = fieldOf(source);
    if (name === null) {
      open = open.line === source.line - 1 ? { ...open, line: source.line } : NO_FIELD;
      const before = fields.get(open.name);
      if (before !== undefined) fields.set(open.name, longer(before, source.text));
      continue;
    }
    const field = FIELDS.get(name) ?? '';
    if (field === 'processor' && fields.has(field)) break;
    isLscpu ||= LSCPU.includes(name);
    open = field === '' || fields.has(field) ? NO_FIELD : { name: field, line: source.line };
    if (open.name !== '') fields.set(field, { value, source });
    const bug = VULNERABILITIES.get(name.replace(/^Vulnerability /, ''));
    if (bug !== undefined) vulnerabilities.set(bug, { value, source });
  }
  return { fields, vulnerabilities, isLscpu };
}

function fieldOf({ text }: Source): { name: string | null; value: string } {
  const colon = text.indexOf(':');
  if (colon < 0) return { name: null, value: '' };
  return { name: text.slice(0, colon).trimEnd(), value: text.slice(colon + 1).trim() };
}

function longer({ value, source }: Sourced<string>, rest: string): Sourced<string> {
  return { value: `${value} ${rest}`.slice(0, MAX_VALUE), source };
}

/** A line of words (`flags`, `vmx flags`, `bugs`), each once; null when the file lacks it. */
export function words(cpuinfo: Cpuinfo, name: string): Sourced<ReadonlySet<string>> | null {
  const line = cpuinfo.get(name);
  return line === undefined ? null : { value: new Set(line.value.split(/\s+/)), source: line.source };
}

/** A decimal field; null when the file lacks it or it is not a number. */
export function decimal(cpuinfo: Cpuinfo, name: string): Sourced<number> | null {
  const line = cpuinfo.get(name);
  if (line === undefined || !/^\d{1,6}$/.test(line.value)) return null;
  return { value: Number(line.value), source: line.source };
}
