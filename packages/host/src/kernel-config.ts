// SPDX-License-Identifier: GPL-2.0-only
import { type Sourced, sourceLines, type TextFile } from './source.ts';

/** What a kernel's configuration says of an option; an option that it does not name, or that is not set, is false. */
export type KernelConfig = (name: string) => Sourced<boolean> | null;

const SET = /^CONFIG_(\w{1,64})=y$/;
const NOT_SET = /^# CONFIG_(\w{1,64}) is not set$/;

/** Every configuration of a 64-bit x86 kernel has this line: with it, an option that is not named is off. */
const WHOLE = 'X86_64';

/** The lines of a configuration that say something about masks: it has thousands. */
export function relevantConfig(text: string): string {
  return text
    .split('\n')
    .filter((line) => /\bCONFIG_(?:X86_64|AMD_MEM_ENCRYPT\w{0,64})\b/.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

/** Reads a kernel's `.config`. Only what it names counts when it is not the whole configuration of an x86-64 kernel. */
export function parseKernelConfig(file: TextFile): KernelConfig {
  const named = new Map<string, Sourced<boolean>>();
  for (const source of sourceLines(file)) {
    const [, on] = SET.exec(source.text) ?? [];
    const [, off] = NOT_SET.exec(source.text) ?? [];
    const name = on ?? off;
    if (name !== undefined) named.set(name, { value: on !== undefined, source });
  }
  const whole = named.get(WHOLE);
  const unnamed = whole === undefined ? null : { value: false, source: whole.source };
  return (name) => named.get(name) ?? unnamed;
}
