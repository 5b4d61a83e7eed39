// SPDX-License-Identifier: GPL-2.0-only
import { type Sourced, sourceLines, type TextFile } from './source.ts';

/** The fields of `/proc/cpuinfo` for its first CPU, by name: KVM goes by that one. */
export type Cpuinfo = ReadonlyMap<string, Sourced<string>>;

/** Reads `/proc/cpuinfo`; anything that is not `name : value` is skipped. */
export function parseCpuinfo(file: TextFile): Cpuinfo {
  const fields = new Map<string, Sourced<string>>();
  for (const source of sourceLines(file)) {
    const colon = source.text.indexOf(':');
    if (colon < 0) continue;
    const name = source.text.slice(0, colon).trimEnd();
    if (name === 'processor' && fields.has('processor')) break;
    if (!fields.has(name)) fields.set(name, { value: source.text.slice(colon + 1).trim(), source });
  }
  return fields;
}

/** A line of words (`flags`, `vmx flags`, `bugs`), each once; null when the file lacks it. */
export function words(cpuinfo: Cpuinfo, name: string): Sourced<ReadonlySet<string>> | null {
  const line = cpuinfo.get(name);
  return line === undefined ? null : { value: new Set(line.value.split(' ')), source: line.source };
}

/** A decimal field; null when the file lacks it or it is not a number. */
export function decimal(cpuinfo: Cpuinfo, name: string): Sourced<number> | null {
  const line = cpuinfo.get(name);
  if (line === undefined || !/^\d{1,6}$/.test(line.value)) return null;
  return { value: Number(line.value), source: line.source };
}
