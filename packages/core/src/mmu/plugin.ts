// SPDX-License-Identifier: GPL-2.0-only
import type { Overlay, Policy, Vendor } from './contract.ts';
import { PluginError } from './plugin-error.ts';

/** Version of the contract between core and plugins; a plugin names the version that it was written for. */
export const CONTRACT_VERSION = 2;

/** The oldest contract whose plugins still work: what came with later ones is not asked of them. */
export const OLDEST_CONTRACT = 1;

/** A plugin with no member that the contract does not know: a name with a slip is an error of the compiler. */
export type Exactly<Given, Known> = Given & { readonly [Key in Exclude<keyof Given, keyof Known>]: never };

/** Makes a vendor plugin: gives back what it got, so that the compiler checks the shape and keeps the literal types. */
export function defineVendor<const V extends Vendor>(vendor: Exactly<V, Vendor>): V {
  return vendor;
}

/** Makes a policy plugin: gives back what it got, so that the compiler checks the shape and keeps the literal types. */
export function definePolicy<const P extends Policy>(policy: Exactly<P, Policy>): P {
  return policy;
}

/** Makes an overlay for `extendVendor()`: gives back what it got, so that the compiler checks the shape. */
export function defineOverlay<const O extends Overlay>(overlay: Exactly<O, Overlay>): O {
  return overlay;
}

/**
 * Refuses anything that is not a plugin.
 *
 * @throws PluginError (`SPTE_PLUGIN_SHAPE`) that says what to write
 */
export function checkIsPlugin(plugin: unknown, role: 'vendor' | 'policy'): void {
  const wrong = (name: string, text: string): PluginError =>
    new PluginError('SPTE_PLUGIN_SHAPE', name, null, `${role} must be a plugin, ${text}`);
  if (typeof plugin === 'function') {
    const name = plugin.name === '' ? 'it' : plugin.name;
    throw wrong(name, `got a function: call it, ${name}()`);
  }
  if (typeof plugin !== 'object' || plugin === null) {
    throw wrong(role, `such as vmx() of @spte/vendor-vmx, got ${String(plugin)}`);
  }
}

/**
 * Refuses anything that is not a plugin, and a plugin that was written for another contract.
 *
 * @param role what it is to be, for the text
 * @throws PluginError (`SPTE_PLUGIN_SHAPE`, `SPTE_PLUGIN_API`) naming the plugin, and the versions
 */
export function checkPlugin(
  plugin: { readonly name: string; readonly apiVersion: number },
  role: 'vendor' | 'policy' = 'policy',
): void {
  checkIsPlugin(plugin, role);
  const { name, apiVersion } = plugin;
  if (!(apiVersion >= OLDEST_CONTRACT && apiVersion <= CONTRACT_VERSION)) {
    throw new PluginError(
      'SPTE_PLUGIN_API',
      name,
      'apiVersion',
      `${name} was written for contract ${apiVersion}, this @spte/core has ${OLDEST_CONTRACT} to ${CONTRACT_VERSION}`,
    );
  }
}
