// SPDX-License-Identifier: GPL-2.0-only
import { commonRange, isInRange } from '../kernel/kernel-range.ts';
import { bitConflicts, conflictText } from './bit-conflicts.ts';
import type { Overlay, Vendor } from './contract.ts';
import { assignMasks } from './masks.ts';
import { checkPlugin } from './plugin.ts';
import { PluginError } from './plugin-error.ts';

/**
 * Lays software bits, masks, findings, kinds and more over a vendor, which stays as it is.
 *
 * The new vendor keeps the name and the format of the old one; what the overlay finds has the overlay's name. Its masks
 * are set after the vendor's own start-up.
 *
 * @param overlay may be laid over any vendor; `{}` changes nothing
 * @throws PluginError (`SPTE_PLUGIN_SHAPE`) for an overlay without a name, or one whose name is taken;
 *   (`SPTE_PLUGIN_OVERLAP`) where its bits meet those of another owner, which it names with the bits and the kernels
 *
 * @example
 * ```ts
 * import { createMmu, extendVendor, field, judgeSpte } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const shared = field('shared', 59, 59, 'kvm', 'another node has the page, too');
 * const vendor = extendVendor(vmx(), { name: 'dsm', software: [{ field: shared, in: ['leaf'], set: 'sometimes' }] });
 * const host = { physBits: 46 };
 * judgeSpte(createMmu({ host, vendor: vmx() }), 0xe00000455299b77n, 1).map(({ code }) => code); // [ 'bits-without-meaning' ]
 * judgeSpte(createMmu({ host, vendor }), 0xe00000455299b77n, 1).length; // 0
 * ```
 *
 * @example
 * ```ts
 * import { extendVendor, field, PluginError } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const taken = field('shared', 57, 57, 'kvm', 'another node has the page, too');
 * // Bit 57 is host-writable in EPT since 5.13.
 * const overlap = (): string => {
 *   try {
 *     extendVendor(vmx(), { name: 'dsm', software: [{ field: taken, in: ['leaf'], set: 'sometimes' }] });
 *     return 'none';
 *   } catch (error) {
 *     return error instanceof PluginError ? error.code : String(error);
 *   }
 * };
 * overlap(); // SPTE_PLUGIN_OVERLAP
 * ```
 */
export function extendVendor(base: Vendor, overlay: Partial<Overlay>): Vendor {
  checkPlugin(base, 'vendor');
  const { name } = overlay;
  if (name === undefined) {
    const [member] = Object.keys(overlay);
    if (member === undefined) return { ...base };
    throw shapeError('overlay', `an overlay with ${member} must have a name`);
  }
  const { masks, kernels } = overlay;
  const software = overlay.software?.map((own) => ({ ...own, kernels: commonRange(own.kernels, kernels) }));
  const named: Overlay = { ...overlay, name, software };
  const owners = [base, ...(base.overlays ?? [])];
  if (owners.some((owner) => owner.name === name)) {
    throw shapeError(
      name,
      `${name} is the name of what it is laid over: overlays must have names of their own`,
    );
  }
  const [conflict] = bitConflicts(base.format, [...owners, named]).filter(({ second }) =>
    second.startsWith(`${name}: `),
  );
  if (conflict !== undefined) {
    throw new PluginError('SPTE_PLUGIN_OVERLAP', name, 'software', conflictText(conflict));
  }
  return {
    ...base,
    overlays: [...(base.overlays ?? []), named],
    ...(masks !== undefined && {
      setup(setup, before) {
        const registry = base.setup(setup, before);
        return isInRange(setup.kernel, kernels) ? assignMasks(registry, `${name} overlay`, masks) : registry;
      },
    }),
  };
}

const shapeError = (plugin: string, text: string): PluginError =>
  new PluginError('SPTE_PLUGIN_SHAPE', plugin, null, text);
