// SPDX-License-Identifier: GPL-2.0-only
import { type Sourced, sourceLines, type TextFile } from './source.ts';

/** Module parameters as `kvm_intel.ept`, CPU bugs as `vulnerabilities.l1tf`, anything else under its path. */
export type Parameters = ReadonlyMap<string, Sourced<string>>;

const MODULE = /^\/sys\/module\/(\w{1,64})\/parameters\/(\w{1,64})$/;
const VULNERABILITY = /^\/sys\/devices\/system\/cpu\/vulnerabilities\/(\w{1,64})$/;

/** Reads `path = value` lines; anything else is skipped. */
export function parseParams(file: TextFile): Parameters {
  const found = new Map<string, Sourced<string>>();
  for (const source of sourceLines(file)) {
    const equals = source.text.indexOf('=');
    if (equals < 0) continue;
    const path = source.text.slice(0, equals).trimEnd();
    found.set(parameterName(path), { value: source.text.slice(equals + 1).trim(), source });
  }
  return found;
}

function parameterName(path: string): string {
  const [, module, parameter] = MODULE.exec(path) ?? [];
  if (module !== undefined && parameter !== undefined) return `${module}.${parameter}`;
  const [, bug] = VULNERABILITY.exec(path) ?? [];
  return bug === undefined ? path : `vulnerabilities.${bug}`;
}

/** Reads a kernel command line (one line, the first that has a text) as `name` to value; a bare name is `1`. */
export function parseCmdline(file: TextFile): Parameters {
  const found = new Map<string, Sourced<string>>();
  const [source] = sourceLines(file);
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
