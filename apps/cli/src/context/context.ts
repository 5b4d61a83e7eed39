// SPDX-License-Identifier: GPL-2.0-only

import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { BoundedMap, caveatsOf, createMmu, hex, type Mmu, type MmuConfig, toJson } from '@spte/core';
import {
  type ContextFact,
  type ContextMode,
  type ContextQuestion,
  configWith,
  findContext,
  HOST_PIECES,
  type HostConfig,
  type HostReport,
  type HostTexts,
  hostReport,
  MAX_BUNDLE,
  type MachineFacts,
  mmuConfigOf,
  modeOf,
  PRESETS,
  parseHostTexts,
  presetOf,
} from '@spte/host';
import { readHost } from '@spte/host/node';
import { refuseDevice } from '../io/devices.ts';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { foreignText } from '../io/foreign.ts';
import { type Io, pathOf } from '../io/io.ts';
import { sayOnce } from '../io/say-once.ts';
import { type ContextOptions, exclusive, factsOf, flagOf } from './context-options.ts';
import { type PluginJson, pluginsOf, withPlugins } from './plugins.ts';

/** A kernel on a machine, as far as it is known, as data that may go to another thread. */
export interface ContextData {
  readonly config: HostConfig;
  readonly facts: Readonly<Record<string, ContextFact>>;
  /** Contexts that the input may be of too: what is wrong must be so in all of them. */
  readonly others: readonly { readonly name: string; readonly config: HostConfig }[];
  /** Where what was given and what the input says do not agree. */
  readonly contradictions: readonly string[];
  /** What the masks are made with, beside the configuration. */
  readonly asked: Asked;
}

/** What flags ask for that is no fact of a machine. */
export type Asked = Pick<ContextOptions, 'plugin' | 'mirror'>;

const askedOf = ({ plugin, mirror }: ContextOptions): Asked => ({ plugin, mirror });

/** A context with the masks of its kernel. */
export interface Context extends ContextData {
  readonly mmu: Mmu;
}

/** What an input says of its context, and its entries. */
export type Evidence = Omit<ContextQuestion, 'given'>;

/** The texts of a machine: from a folder, or from a bundle. */
export function hostTexts(io: Io, path: string): HostTexts {
  const place = pathOf(io, path);
  let texts: HostTexts;
  try {
    texts = statSync(place).isDirectory() ? readHost(place) : parseHostTexts(bundleText(place));
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

/** The text of a bundle; a pipe is read, as the shell makes one for `<(…)`, and no more than a bundle may have. */
function bundleText(place: string): string {
  refuseDevice(place);
  const fd = openSync(place, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; length <= MAX_BUNDLE; ) {
      const piece = Buffer.allocUnsafe(1 << 16);
      const count = readSync(fd, piece);
      if (count === 0) break;
      const why = length === 0 ? foreignText(piece.subarray(0, count)) : null;
      if (why !== null) throw new UsageError(why);
      pieces.push(piece.subarray(0, count));
      length += count;
    }
    return Buffer.concat(pieces).toString('utf8');
  } finally {
    closeSync(fd);
  }
}

function presetConfig(name: string): HostConfig {
  const preset = presetOf(name);
  if (preset !== undefined) return preset.config;
  throw new UsageError(
    `--preset must be one of ${PRESETS.map((of) => of.name).join(', ')}, got ${shown(name)}`,
  );
}

/**
 * The context of an input: what the flags say, then what the input says, then what fits its entries best. What to know
 * of its kernel is said on the way.
 *
 * @param evidence nothing where there is no input
 */
export function contextOf(io: Io, options: ContextOptions, evidence: Evidence = {}): Context {
  const context = withMasks(contextData(io, options, evidence));
  sayCaveats(io, [context.mmu]);
  return context;
}

/** As {@link contextOf}, as data, and without a word. */
export function contextData(io: Io, options: ContextOptions, evidence: Evidence): ContextData {
  const given = factsOf(options);
  const { host, preset } = options;
  if (host !== undefined && preset !== undefined)
    throw new UsageError('--host and --preset exclude each other');
  if (host === undefined && preset === undefined) return found(options, evidence);
  const report = host === undefined ? null : hostReport(hostTexts(io, host));
  const machine = report === null ? presetConfig(preset as string) : report.config;
  if (given.vendor !== undefined && given.vendor !== machine.vendor.name) {
    const name = host === undefined ? `--preset ${String(preset)}` : '--host';
    throw exclusive([name, machine.vendor.name], [String(flagOf('vendor', options)), given.vendor]);
  }
  const config = configWith(machine, given);
  usable(config, askedOf(options));
  const { contradictions } = findContext({ ...evidence, given: machineOf(config) });
  return {
    config,
    facts: {
      ...(report === null ? presetFacts(config, preset as string) : reportFacts(report)),
      ...givenFacts(options, config),
    },
    others: [],
    contradictions,
    asked: askedOf(options),
  };
}

function found(options: ContextOptions, evidence: Evidence): ContextData {
  try {
    const { config, facts, possible, contradictions } = findContext({ ...evidence, given: factsOf(options) });
    const [, ...others] = possible;
    return {
      config,
      facts: { ...facts, ...givenFacts(options, config) },
      others: others.map(({ name, config }) => ({ name, config })),
      contradictions,
      asked: askedOf(options),
    };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** What of a machine's configuration an input may contradict. */
function machineOf({ kernel, vendor }: HostConfig): MachineFacts {
  const tdp = vendor.name === 'vmx' ? vendor.options.ept : vendor.options.npt;
  return { kernel, vendor: vendor.name, tdp: tdp !== false };
}

/** What each flag is called among the facts of a machine; the others are called the same. */
const FACT_NAMES: Readonly<Record<string, string>> = {
  ad: 'eptAd',
  execOnly: 'eptExecOnly',
  maxphyaddr: 'maxPhyAddr',
  tdp: 'mode',
};

/** The facts that flags give. */
function givenFacts(options: ContextOptions, config: HostConfig): Record<string, ContextFact> {
  const names = Object.keys({ ...factsOf(options), tdp: null }) as (keyof MachineFacts)[];
  const given = { ...factsOf(options), tdp: modeOf(config) };
  return Object.fromEntries(
    names.flatMap((name): [string, ContextFact][] => {
      const value = given[name];
      const from = flagOf(name, options);
      if (value === undefined || from === null) return [];
      return [[FACT_NAMES[name] ?? name, { value, origin: 'given', from }]];
    }),
  );
}

/** The facts of a machine that was read. */
export function reportFacts(report: HostReport): Record<string, ContextFact> {
  const facts = report.facts.map(({ name, value, source, assumed, why }): [string, ContextFact] => [
    name,
    {
      value: typeof value === 'bigint' ? hex(value) : value,
      origin: assumed ? 'assumed' : 'read',
      from: source === null ? why : `${basename(source.file)}:${source.line}: ${why}`,
    },
  ]);
  const tdp = facts.find(([name]) => name === 'ept' || name === 'npt')?.[1];
  return {
    ...Object.fromEntries(facts),
    ...(tdp !== undefined && { mode: { ...tdp, value: report.mode } }),
  };
}

function presetFacts(config: HostConfig, preset: string): Record<string, ContextFact> {
  const of = (value: ContextFact['value']): ContextFact => ({
    value,
    origin: 'given',
    from: `--preset ${preset}`,
  });
  const { host, vendor, kernel } = config;
  return {
    kernel: of(kernel),
    vendor: of(vendor.name),
    mode: of(modeOf(config)),
    maxPhyAddr: of(host.cpuid80000008Eax ?? host.physBits),
    physBits: of(host.physBits),
    l1tf: of(host.l1tf ?? false),
  };
}

/** The context that data describe. */
export function withMasks(data: ContextData): Context {
  return { ...data, mmu: usable(data.config, data.asked) };
}

/** The contexts beside the likeliest, with their masks. */
export function othersOf({ others, asked }: ContextData): { name: string; mmu: Mmu }[] {
  return others.map(({ name, config }) => ({ name, mmu: usable(config, asked) }));
}

/** Configurations whose masks are remembered. */
const MAX_OPENED = 64;

/** Says what to know of the kernels of a run: what a name was taken for, what was not read. */
export function sayCaveats(io: Io, mmus: readonly Mmu[]): void {
  for (const caveat of mmus.flatMap(caveatsOf)) sayOnce(io, caveat);
}

/**
 * Says what an input is read as, unless the user knows.
 *
 * @param name what to say before it, where there are several inputs
 */
export function sayContext(io: Io, name: string, data: ContextData, options: ContextOptions): void {
  const context = withMasks(data);
  sayCaveats(io, [context.mmu]);
  const isGiven = Object.values(data.facts).every(({ origin }) => origin === 'given');
  if (!isMachineGiven(options) && !isGiven) sayOnce(io, `${name}read as ${contextText(context)}`);
  for (const contradiction of data.contradictions) sayOnce(io, `${name}warning: ${contradiction}`);
}

/** Masks of configurations: a thread needs those of a few for each section of its input. */
const opened = new BoundedMap<string, Mmu>(MAX_OPENED);

/** @throws UsageError where the facts contradict each other, in the words of the package that noticed */
export function usable(config: HostConfig, asked: Asked = {}): Mmu {
  const key = JSON.stringify([toJson(config), asked]);
  const before = opened.get(key);
  if (before !== undefined) return before;
  try {
    const mmu = createMmu(withPlugins(mmuOf(config, asked), asked.plugin));
    opened.set(key, mmu);
    return mmu;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The configuration of core, for the tables that are meant. */
function mmuOf(config: HostConfig, { mirror }: Asked): MmuConfig {
  const whole = mmuConfigOf(config);
  return mirror === true ? { ...whole, root: { ...whole.root, isMirror: true } } : whole;
}

/** Whether the flags name a machine, so that nothing is left to be found out. */
export const isMachineGiven = ({ host, preset }: ContextOptions): boolean =>
  host !== undefined || preset !== undefined;

/** Whether the flags say enough to speak of one context. */
export function isContextKnown(options: ContextOptions): boolean {
  const { kernel, vendor } = factsOf(options);
  return isMachineGiven(options) || (kernel !== undefined && vendor !== undefined);
}

/** The context in a few words, with how each was found out where it was not given. */
export function contextText({ mmu, config, facts, asked }: Context): string {
  const { vendor, root, masks, host } = mmu;
  const how = (name: string): string => {
    const origin = facts[name]?.origin ?? 'assumed';
    return origin === 'given' ? '' : ` (${origin})`;
  };
  // Of a ranked kernel no more is known than that it is one of some releases.
  const rank = facts['kernel']?.origin === 'ranked' ? ` (ranked: ${facts['kernel'].from})` : how('kernel');
  const isEpt = vendor.format.permissions.noExecute === undefined;
  const mode = masks.tdpEnabled ? (isEpt ? 'EPT' : 'NPT') : 'shadow paging';
  const isVmx = config.vendor.name === 'vmx' && masks.tdpEnabled;
  const ad =
    isVmx && config.vendor.options.eptAd === false
      ? `${how('mode')} without A/D${how('eptAd')}`
      : how('mode');
  const kind = root.kind === 'ept12' ? ', nested EPT' : root.isMirror ? ', mirror' : '';
  const plugins = pluginsOf(asked.plugin).map(({ name, version }) =>
    [`, plugin ${name}`, version ?? []].flat().join(' '),
  );
  const l1tf = host.l1tf ? `, L1TF (cache ${host.cacheBits} bits)${how('l1tf')}` : '';
  return `kernel ${config.kernel}${rank}, ${vendor.name}${how('vendor')}, ${mode}${ad}${kind}, MAXPHYADDR ${masks.shadowPhysBits}${how('maxPhyAddr')}${l1tf}${plugins.join('')}`;
}

/** The context as every document has it. */
export interface ContextJson {
  readonly kernel: string;
  readonly vendor: 'vmx' | 'svm';
  readonly mode: ContextMode;
  readonly facts: Readonly<Record<string, ContextFact>>;
  /** The plugins that `--plugin` named; absent where there are none. */
  readonly plugins?: readonly PluginJson[];
}

export function contextJson({
  config,
  facts,
  asked,
}: Pick<ContextData, 'config' | 'facts'> & Partial<Pick<ContextData, 'asked'>>): ContextJson {
  const plugins = pluginsOf(asked?.plugin).map(({ name, version }) => ({ name, version }));
  return {
    kernel: config.kernel,
    vendor: config.vendor.name,
    mode: modeOf(config),
    facts,
    ...(plugins.length > 0 && { plugins }),
  };
}

/** The one context of several inputs; null where they differ, or where there are none. */
export function commonContextJson(contexts: readonly ContextData[]): ContextJson | null {
  const [first, ...others] = contexts.map(contextJson);
  const same = JSON.stringify(first);
  return others.every((context) => JSON.stringify(context) === same) ? (first ?? null) : null;
}

/**
 * The context of what is asked without an entry to read, or of several contexts: what flags say of it and what a machine
 * says of itself. Null where they say nothing.
 */
export function knownContextJson(io: Io, options: ContextOptions): Partial<ContextJson> | null {
  const context = contextJson(contextData(io, options, {}));
  const known = Object.entries(context.facts).filter(
    ([, { origin }]) => origin === 'given' || origin === 'read',
  );
  if (known.length === 0) return null;
  const facts = Object.fromEntries(known);
  return {
    ...('kernel' in facts && { kernel: context.kernel }),
    ...('vendor' in facts && { vendor: context.vendor }),
    ...('mode' in facts && { mode: context.mode }),
    facts,
  };
}

/** Whether a word on the command line is a file or folder. */
export function isPath(io: Io, word: string): boolean {
  return !word.includes('\0') && existsSync(pathOf(io, word));
}
