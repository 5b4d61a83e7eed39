// SPDX-License-Identifier: GPL-2.0-only
import { type Source, type Sourced, sourceLine, sourceLines, type TextFile } from './source.ts';

/** Module parameters as `kvm_intel.ept`, CPU bugs as `vulnerabilities.l1tf`; of a command line anything as it is called. */
export type Parameters = ReadonlyMap<string, Sourced<string>>;

/** A parameter or a vulnerability by its path, from `/` or from a folder on the way. */
const PATH = /(?<!\w)(?:(\w{1,64})\/parameters|vulnerabilities)\/(\w{1,64})(?!\w)/g;

/** Parameters by their own name, as `grep . *` has it in their folder: of these it is known whose they are. */
const OWNERS: ReadonlyMap<string, string> = new Map([
  ['ept', 'kvm_intel'],
  ['eptad', 'kvm_intel'],
  ['pml', 'kvm_intel'],
  ['npt', 'kvm_amd'],
  ['nx_huge_pages', 'kvm'],
  ['mmio_caching', 'kvm'],
  ['tdp_mmu', 'kvm'],
  ['l1tf', 'vulnerabilities'],
  ['itlb_multihit', 'vulnerabilities'],
]);

/** `ept:Y`, `ept = "Y"`. */
const NAMED = /^(\w{1,64})[ \t]{0,64}[:=][ \t]{0,64}(\S.*)$/;

/** `Module = "kvm_intel"`, above the parameters that `systool -vm` prints. */
const MODULE = /^Module = "(\w{1,64})"$/;

/** Values that may stand behind a bare name. */
const VALUE = /^(?:[YyNn01]|on|off|force|never|auto|Not affected|Vulnerable\b.*|(?:KVM: )?Mitigation\b.*)$/;

/**
 * Reads parameters in the forms that people have them in: `path:value` of grep, `path = value`, `path value`, a path and
 * the value below it (head, tail, cat after a prompt), bare names, and what systool prints. Anything else is skipped.
 */
export function parseParams(file: TextFile): Parameters {
  const found = new Map<string, Sourced<string>>();
  let module: string | null = null;
  /** Parameters whose values are on lines of their own. */
  let waiting: string[] = [];
  for (const source of sourceLines(file)) {
    const { text } = source;
    const named = namesIn(text);
    const last = named.at(-1);
    if (last !== undefined) {
      const value = valueBehind(text.slice(last.end));
      waiting = value === '' ? named.map(({ name }) => name) : [];
      if (value !== '') set(found, last.name, value, source);
      continue;
    }
    module = MODULE.exec(text)?.[1] ?? module;
    const bare = bareName(text, module);
    const next = bare === null ? waiting.shift() : undefined;
    if (bare !== null) set(found, bare.name, bare.value, source);
    else if (next !== undefined) set(found, next, unquoted(text), source);
  }
  return found;
}

/** Parameters that are kept; the three modules have a hundred. */
const MAX_PARAMETERS = 1024;

function set(found: Map<string, Sourced<string>>, name: string, value: string, source: Source): void {
  if (found.size < MAX_PARAMETERS) found.set(name, { value, source });
}

/** The parameters that a line names by their paths, and where each name ends. */
function namesIn(text: string): { readonly name: string; readonly end: number }[] {
  if (!text.includes('/')) return [];
  return [...text.matchAll(PATH)].map(({ 0: path, 1: module = 'vulnerabilities', 2: name, index }) => ({
    name: `${module}.${String(name)}`,
    end: index + path.length,
  }));
}

/** What separates a path from a value, with the number of the line that `grep -n` prints; or the end of a heading. */
const BETWEEN = /^["']?(?: <==$|[ \t]*[:=]?(?:1:(?=.))?[ \t]*)/;

const valueBehind = (text: string): string => unquoted(text.replace(BETWEEN, ''));

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2').trim();

/** A parameter that a line gives by its own name. */
function bareName(text: string, module: string | null): { name: string; value: string } | null {
  const [, name = '', given = ''] = NAMED.exec(text) ?? [];
  const value = unquoted(given);
  if (name === '' || (module === null && !VALUE.test(value))) return null;
  const of = module ?? OWNERS.get(name);
  return of === undefined ? null : { name: `${of}.${name}`, value };
}

/** Reads a kernel command line (one line, the first that has a text) as `name` to value; a bare name is `1`. */
export function parseCmdline(file: TextFile): Parameters {
  const found = new Map<string, Sourced<string>>();
  const source = sourceLine(file);
  if (source === undefined) return found;
  for (const word of source.text.split(/\s/)) {
    const [name = '', ...value] = word.split('=');
    // The kernel treats `-` and `_` in names alike.
    if (name !== '')
      found.set(name.replaceAll('-', '_'), { value: value.length > 0 ? value.join('=') : '1', source });
  }
  return found;
}

/** A boolean as the kernel's parameters write it; null when it is not a boolean. */
function asBoolean(value: string): boolean | null {
  if (['Y', 'y', '1', 'on'].includes(value)) return true;
  return ['N', 'n', '0', 'off'].includes(value) ? false : null;
}

/** The first of the named switches that is given as a boolean. */
export function flag(given: Parameters, ...names: readonly string[]): Sourced<boolean> | null {
  for (const name of names) {
    const parameter = given.get(name);
    const value = parameter === undefined ? null : asBoolean(parameter.value);
    if (parameter !== undefined && value !== null) return { value, source: parameter.source };
  }
  return null;
}
