// SPDX-License-Identifier: GPL-2.0-only
/**
 * The vendor plugin for Intel: EPT, or shadow paging without it.
 *
 * @module
 */
export { setEptMasks } from './ept-masks.ts';
export { vmxExits } from './exits.ts';
export { vmxSetupMeSpteMask } from './memory-encryption.ts';
export { vmxGetMtMask } from './memtype.ts';
export { type EptCpu, type EptMisconfig, eptMisconfig } from './misconfig.ts';
export { vmxVariants } from './variants.ts';
export { type EptViolation, explainEptViolation } from './violation.ts';
export { type VmxOptions, vmx } from './vmx.ts';
