// SPDX-License-Identifier: GPL-2.0-only
import {
  checkKernelHas,
  hostMaxPhyAddr,
  type Registry,
  rsvdBits,
  type Setup,
  setMeSpteMask,
} from '@spte/core';

/**
 * MKTME: the top physical address bits are a key id. KVM uses key 0 and keeps the bits clear.
 *
 * @throws RangeError before 5.19, which knows nothing of it
 *
 * Kernel: `vmx_setup_me_spte_mask()`.
 */
export function vmxSetupMeSpteMask(setup: Setup, registry: Registry): Registry {
  checkKernelHas(setup.kernel, 'vmx_setup_me_spte_mask');
  const { physBits } = setup.host;
  const rawPhysBits = hostMaxPhyAddr(setup, registry);
  const keyId = physBits === rawPhysBits ? 0n : rsvdBits(physBits, rawPhysBits - 1);
  return setMeSpteMask(setup, registry, 0n, keyId);
}
