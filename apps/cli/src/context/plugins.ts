// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  checkComposition,
  extendVendor,
  type MmuConfig,
  type Overlay,
  type PluginRole,
  type Policy,
  pluginRole,
  type Severity,
  type Vendor,
  vendorFromData,
} from '@spte/core';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { type Io, pathOf } from '../io/io.ts';

/** A plugin that `--plugin` names, as every document has it. */
export interface PluginJson {
  readonly name: string;
  /** Null where it has none. */
  readonly version: string | null;
}

/** A plugin that was loaded. */
interface Loaded extends PluginJson {
  /** Puts it into a configuration. */
  readonly into: (config: MmuConfig) => MmuConfig;
}

/** Bytes of a plugin of data, at most: those of one who uses all that there is are some ten thousand. */
const MAX_DATA = 1 << 20;

/** The plugins of each word that was typed: a thread loads them once. */
const loaded = new Map<string, readonly Loaded[]>();

/** How bad the findings of the loaded plugins are. */
const severities = new Map<string, Severity>();

/**
 * Loads plugins, so that configurations can be made with them.
 *
 * @param words files of JavaScript or JSON, or names of packages
 * @throws UsageError naming the word, where there is no plugin
 */
export async function loadPlugins(io: Io, words: readonly string[] = []): Promise<void> {
  for (const word of words) {
    if (!loaded.has(word))
      loaded.set(word, word.endsWith('.json') ? [ofData(io, word)] : await ofModule(io, word));
  }
}

/** The plugins of some words, which were loaded. */
export function pluginsOf(words: readonly string[] = []): readonly Loaded[] {
  return words.flatMap((word) => loaded.get(word) ?? []);
}

/** A configuration with plugins, which were tried beside each other. */
export function withPlugins(config: MmuConfig, words: readonly string[] | undefined): MmuConfig {
  const plugins = pluginsOf(words);
  if (plugins.length === 0) return config;
  const whole = plugins.reduce((before, { into }) => into(before), config);
  checkComposition(whole);
  return whole;
}

/** How bad a finding of a plugin's is; undefined for one that no plugin has. */
export const pluginSeverity = (code: string): Severity | undefined => severities.get(code);

function ofData(io: Io, file: string): Loaded {
  const place = pathOf(io, file);
  let data: unknown;
  try {
    const { size } = statSync(place);
    if (size > MAX_DATA)
      throw new UsageError(`--plugin ${shown(file)} has ${size} bytes, more than ${MAX_DATA}`);
    data = JSON.parse(readFileSync(place, 'utf8'));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof SyntaxError)
      throw new UsageError(`--plugin ${shown(file)} is no JSON: ${error.message}`);
    throw unreadable(file, error);
  }
  const { name = '', version = null, findings } = (data ?? {}) as Partial<Overlay>;
  remember(name, findings);
  return {
    name,
    version,
    into: (config) => ({ ...config, vendor: vendorFromData(data, config.vendor) }),
  };
}

async function ofModule(io: Io, word: string): Promise<readonly Loaded[]> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(pathToFileURL(resolved(io, word)).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(`--plugin ${shown(word)} cannot be loaded: ${firstLine((error as Error).message)}`);
  }
  const { default: chosen } = exported;
  const candidates = chosen === undefined ? Object.values(exported) : [chosen];
  const plugins = candidates.flatMap((value) => pluginOf(value) ?? []);
  if (plugins.length > 0) return plugins;
  const names = Object.keys(exported);
  throw new UsageError(
    `--plugin ${shown(word)} exports no vendor, policy or overlay, nor a function without arguments that makes one; it exports ${names.length === 0 ? 'nothing' : names.join(', ')}`,
  );
}

const firstLine = (text: string): string => text.split('\n', 1)[0] as string;

/** The file of a module: one that there is, or the main one of a package that is installed here. */
function resolved(io: Io, word: string): string {
  const place = pathOf(io, word);
  return existsSync(place) ? place : createRequire(join(io.cwd, 'package.json')).resolve(word);
}

/** What a module exports as a plugin; null for anything that is not one. */
function pluginOf(exported: unknown): Loaded | null {
  const made: unknown =
    typeof exported === 'function' && exported.length === 0 ? (exported as () => unknown)() : exported;
  const role = pluginRole(made);
  if (role === null) return null;
  const plugin = made as Overlay & Pick<Vendor, 'overlays'>;
  const parts = [plugin, ...(plugin.overlays ?? [])];
  for (const { name, findings } of parts) remember(name, findings);
  // A vendor that something is laid over keeps its name: the plugin is what is laid over it.
  const { name, version = null } = parts.at(-1) as Overlay;
  return { name, version, into: INTO[role](plugin) };
}

/** Where a plugin goes: a vendor in the place of the vendor, an overlay over it, a policy after those that are there. */
const INTO: Readonly<Record<PluginRole, (plugin: object) => Loaded['into']>> = {
  vendor: (plugin) => (config) => ({ ...config, vendor: plugin as Vendor }),
  policy: (plugin) => (config) => ({ ...config, policies: [...(config.policies ?? []), plugin as Policy] }),
  overlay: (plugin) => (config) => ({ ...config, vendor: extendVendor(config.vendor, plugin) }),
};

function remember(name: string, findings: Overlay['findings'] = {}): void {
  for (const [code, rule] of Object.entries(findings)) severities.set(`${name}/${code}`, rule.severity);
}
