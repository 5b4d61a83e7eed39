// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync, statSync } from 'node:fs';
import { caveatsOf, formatKernel, type Mmu } from '@spte/core';
import {
  HOST_PIECES,
  type HostConfig,
  type HostTexts,
  hostReport,
  PRESETS,
  parseHostTexts,
  plainConfig,
  presetOf,
} from '@spte/host';
import { readHost } from '@spte/host/node';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { type Io, pathOf } from '../io/io.ts';
import { type ContextOptions, factsOf } from './context-options.ts';
import { type Facts, mmuFrom, withFacts } from './machine.ts';

/** A kernel on a machine. */
export interface Context {
  readonly config: HostConfig;
  readonly mmu: Mmu;
  /** What was assumed: the flags that would say it. */
  readonly assumed: readonly string[];
}

/** The texts of a machine: from a folder, or from a bundle. */
export function hostTexts(io: Io, path: string): HostTexts {
  const place = pathOf(io, path);
  let texts: HostTexts;
  try {
    texts = statSync(place).isDirectory() ? readHost(place) : parseHostTexts(readFileSync(place, 'utf8'));
  } catch (error) {
    throw unreadable(path, error);
  }
  if (HOST_PIECES.every((piece) => texts[piece] === undefined)) {
    throw new UsageError(
      `${shown(path)} says nothing about a machine: expected cpuinfo.txt, params.txt, uname.txt, or a bundle of \`spte host --capture\``,
    );
  }
  return texts;
}

function presetConfig(name: string): HostConfig {
  const preset = presetOf(name);
  if (preset !== undefined) return preset.config;
  throw new UsageError(
    `--preset must be one of ${PRESETS.map((of) => of.name).join(', ')}, got ${shown(name)}`,
  );
}

/** What the flags start from: a host, a preset, or a plain machine of the vendor. */
function baseConfig(io: Io, { host, preset }: ContextOptions, vendor: Facts['vendor']): HostConfig {
  if (host !== undefined && preset !== undefined)
    throw new UsageError('--host and --preset exclude each other');
  if (host !== undefined) return hostReport(hostTexts(io, host)).config;
  return preset === undefined ? plainConfig(vendor ?? 'vmx') : presetConfig(preset);
}

/**
 * The one context that the flags describe; what they leave open is assumed. What to know of its kernel is said on the
 * way.
 */
export function contextOf(io: Io, options: ContextOptions): Context {
  const facts = factsOf(options);
  const config = withFacts(baseConfig(io, options, facts.vendor), facts);
  const mmu = usable(config);
  sayCaveats(io, [mmu]);
  return { config, mmu, assumed: assumedIn(options, facts) };
}

/** What each run has said. */
const said = new WeakMap<Io, Set<string>>();

/** Says what to know of the kernels of a run, once, beside the answer: what a name was taken for, what was not read. */
export function sayCaveats(io: Io, mmus: readonly Mmu[]): void {
  const before = said.get(io) ?? new Set();
  said.set(io, before);
  for (const caveat of mmus.flatMap(caveatsOf)) {
    if (!before.has(caveat)) io.complain(`spte: ${caveat}\n`);
    before.add(caveat);
  }
}

/** @throws UsageError where the facts contradict each other, in the words of the package that noticed */
export function usable(config: HostConfig): Mmu {
  try {
    return mmuFrom(config);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function assumedIn(
  { host, preset }: ContextOptions,
  { kernel, vendor, maxphyaddr, physBits }: Facts,
): string[] {
  if (host !== undefined) return [];
  const missing = kernel === undefined ? ['--kernel'] : [];
  if (preset !== undefined) return missing;
  if (vendor === undefined) missing.push('--vendor');
  if (maxphyaddr === undefined && physBits === undefined) missing.push('--maxphyaddr');
  return missing;
}

/** Whether the flags say enough to speak of one context. */
export function isContextKnown(options: ContextOptions): boolean {
  const { kernel, vendor } = factsOf(options);
  return (
    options.host !== undefined ||
    options.preset !== undefined ||
    (kernel !== undefined && vendor !== undefined)
  );
}

/** The context in a few words. */
export function contextText({ mmu, config, assumed }: Context): string {
  const { kernel, vendor, root, masks, host } = mmu;
  const mode = masks.tdpEnabled ? (vendor.name === 'vmx' ? 'EPT' : 'NPT') : 'shadow paging';
  const ad =
    config.vendor.name === 'vmx' && masks.tdpEnabled && config.vendor.options.eptAd === false
      ? ' without A/D'
      : '';
  const kind = root.kind === 'ept12' ? ', nested EPT' : '';
  const l1tf = host.l1tf ? `, L1TF (cache ${host.cacheBits} bits)` : '';
  const text = `kernel ${formatKernel(kernel)}, ${vendor.name}, ${mode}${ad}${kind}, MAXPHYADDR ${masks.shadowPhysBits}${l1tf}`;
  return assumed.length === 0 ? text : `${text}; assumed, because no ${anyOf(assumed)} was given`;
}

/** `a, b or c`. */
function anyOf(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** Whether a word on the command line is a file or folder. */
export function isPath(io: Io, word: string): boolean {
  return !word.includes('\0') && existsSync(pathOf(io, word));
}
