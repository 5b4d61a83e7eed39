// SPDX-License-Identifier: GPL-2.0-only
import type { Policy, Vendor } from './contract.ts';

/** Version of the contract between core and plugins; a plugin names the version that it was written for. */
export const CONTRACT_VERSION = 1;

/** Makes a vendor plugin: gives back what it got, so that the compiler checks the shape and keeps the literal types. */
export function defineVendor<const V extends Vendor>(vendor: V): V {
  return vendor;
}

/** Makes a policy plugin: gives back what it got, so that the compiler checks the shape and keeps the literal types. */
export function definePolicy<const P extends Policy>(policy: P): P {
  return policy;
}

/**
 * Refuses a plugin that was written for another contract.
 *
 * @throws RangeError (`SPTE_PLUGIN_API`) naming the plugin and both versions
 */
export function checkPlugin(plugin: { readonly name: string; readonly apiVersion: number }): void {
  if (plugin.apiVersion !== CONTRACT_VERSION) {
    throw new RangeError(
      `SPTE_PLUGIN_API: ${plugin.name} was written for contract ${plugin.apiVersion}, this @spte/core has ${CONTRACT_VERSION}`,
    );
  }
}
