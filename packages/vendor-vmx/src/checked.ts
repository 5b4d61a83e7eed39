// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    eptMisconfig: { cpu: 'EptCpu', spte: 'u64', level: '1..5' },
    explainEptViolation: { value: 'u64' },
    setEptMasks: { setup: 'Setup', registry: 'Registry', hasAdBits: 'boolean', hasExecOnly: 'boolean' },
    vmx: { 'options?': 'VmxOptions' },
    vmxGetMtMask: { setup: 'Setup', host: 'Host', gfn: 'u64', isMmio: 'boolean' },
    vmxSetupMeSpteMask: { setup: 'Setup', registry: 'Registry' },
  },
  types: {
    EptCpu: { maxPhyAddr: 'number', execOnly: 'boolean', maxPageLevel: 'number' },
    Setup: {
      kernel: 'object',
      'observer?': 'object|undefined',
      layout: 'object',
      host: 'object',
      params: 'object',
      policies: 'list',
      'vendor?': 'object',
    },
    Registry: { core: 'object', masks: 'object', setBy: 'object' },
    VmxOptions: {
      'ept?': 'boolean',
      'eptAd?': 'boolean',
      'eptExecOnly?': 'boolean',
      'eptMaxPageLevel?': 'number',
      'pml?': 'boolean',
    },
    Host: {
      pfnValid: 'function',
      isZeroPfn: 'function',
      isReservedPfn: 'function',
      patEnabled: 'function',
      patImmuneUc: 'function',
      e820Ram: 'function',
      noncoherentDma: 'function',
      cr0Cd: 'function',
      quirkCdNw: 'function',
      quirkIgnoreGuestPat: 'function',
      guestMtrr: 'function',
      tryToUnsyncPages: 'function',
      dirtyLog: 'function',
      markPageDirty: 'function',
      setPfnAccessed: 'function',
      setPfnDirty: 'function',
      nxHugePagesDisabled: 'function',
      canAccessHostMmio: 'function',
      trackHostMmioMapping: 'function',
      memslotGeneration: 'function',
    },
  },
  closed: ['VmxOptions'],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const vendorVmx: typeof api = checked(api, SIGNATURES);
