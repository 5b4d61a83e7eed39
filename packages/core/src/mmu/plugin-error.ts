// SPDX-License-Identifier: GPL-2.0-only
import { KvmBug } from '../observe/diagnostics.ts';

/**
 * What is wrong with a plugin.
 *
 * - `SPTE_PLUGIN_API`: written for a contract that this core does not have
 * - `SPTE_PLUGIN_SHAPE`: not a plugin, or a member that is not what it must be
 * - `SPTE_PLUGIN_HOOK`: a hook threw, or answered what it must not
 * - `SPTE_PLUGIN_OVERLAP`: two owners of one bit, or of one name
 * - `SPTE_PLUGIN_DATA`: data of which no plugin can be made
 */
export type PluginErrorCode =
  | 'SPTE_PLUGIN_API'
  | 'SPTE_PLUGIN_SHAPE'
  | 'SPTE_PLUGIN_HOOK'
  | 'SPTE_PLUGIN_OVERLAP'
  | 'SPTE_PLUGIN_DATA';

/** A plugin that is wrong, by its name. `cause` is what its hook threw, if it did. */
export class PluginError extends Error {
  readonly code: PluginErrorCode;
  /** The name of the plugin. */
  readonly plugin: string;
  /** The member that is wrong, or that threw; null where it is the plugin as a whole. */
  readonly hook: string | null;

  constructor(code: PluginErrorCode, plugin: string, hook: string | null, text: string, cause?: unknown) {
    super(`${code}: ${text}`, { cause });
    this.name = 'PluginError';
    this.code = code;
    this.plugin = plugin;
    this.hook = hook;
  }
}

/** What was thrown, as an error of the plugin whose hook threw it. A BUG of the kernel stays one. */
function hookError(plugin: string, hook: string, cause: unknown): Error {
  if (cause instanceof PluginError || cause instanceof KvmBug) return cause;
  return new PluginError(
    'SPTE_PLUGIN_HOOK',
    plugin,
    hook,
    `${hook} of ${plugin} threw ${String(cause)}`,
    cause,
  );
}

/**
 * Calls a hook.
 *
 * @throws PluginError that names the hook, where it throws
 */
export function callHook<T>(plugin: string, hook: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw hookError(plugin, hook, cause);
  }
}
